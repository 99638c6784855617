"""A deterministic clip: a moving picture that encodes like a real one, a time code in it, and a tone.

The same ``Clip`` always draws the same samples, so a test can compare what arrives with ``clip.picture(index)`` instead
of a file. ``clip_files`` writes it to disk; ``clip_time_code`` and ``clip_readers`` read what came out at the far end.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.support import clip_time_code

# In a clip with flashes this part of the picture (in fractions of it) is black, and white during a flash.
FLASH_GEOMETRY: dict[str, float] = {"left": 0.25, "top": 0.4, "width": 0.5, "height": 0.5}
FLASH_SECONDS = 0.1
BEEP_HZ = 1000.0


@dataclass(frozen=True)
class Clip:
    """What to draw and play.

    Attributes:
        width, height: even numbers of pixels.
        fps: frames per second, whole.
        seconds: length of picture and sound.
        tone_hz: frequency of the tone; with ``flashes`` a beep of 1 kHz instead.
        flashes: at 0.5 s, 1.5 s, … a flash and a beep begin together and last 0.1 s; before them darkness and silence.
        start_ms: the time code of the first picture; two clips with distant starts can be told apart.
        seed: of the moving picture's texture.
    """

    width: int = 640
    height: int = 360
    fps: int = 30
    seconds: float = 4.0
    tone_hz: float = 440.0
    flashes: bool = False
    start_ms: int = 0
    sample_rate: int = 48_000
    seed: int = 1

    @property
    def frame_count(self) -> int:
        """Number of pictures."""
        return round(self.seconds * self.fps)

    def time_ms(self, index: int) -> int:
        """The time code of picture ``index``."""
        return self.start_ms + round(index * 1000 / self.fps)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Picture ``index`` as planar YUV 4:2:0, video range, shape (height * 3 // 2, width), as PyAV's ``yuv420p``."""
        width, height = self.width, self.height
        seconds = index / self.fps
        luma_texture, blue_texture, red_texture = _textures(width, height, self.seed)
        # The view pans over the texture in a slow loop and a round "head" sways before it: motion in two directions.
        x = round((0.25 + 0.25 * np.sin(seconds * 0.9)) * width) & ~1
        y = round((0.25 + 0.25 * np.sin(seconds * 0.7 + 1)) * height) & ~1
        picture = np.empty((height * 3 // 2, width), np.uint8)
        luma = picture[:height]
        luma[:] = luma_texture[y : y + height, x : x + width]
        blue = blue_texture[y // 2 : y // 2 + height // 2, x // 2 : x // 2 + width // 2].copy()
        red = red_texture[y // 2 : y // 2 + height // 2, x // 2 : x // 2 + width // 2].copy()
        head = _disc(width, height, 0.5 + 0.15 * np.sin(seconds * 2.1), 0.68 + 0.04 * np.sin(seconds * 4.3))
        luma[head] = luma[head] // 4 + 130
        blue[head[::2, ::2]] = 110
        red[head[::2, ::2]] = 150
        if self.flashes:
            box = FLASH_GEOMETRY
            rows = slice(round(box["top"] * height), round((box["top"] + box["height"]) * height))
            columns = slice(round(box["left"] * width), round((box["left"] + box["width"]) * width))
            luma[rows, columns] = 235 if self.is_flash(seconds) else 16
            half = slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2)
            blue[half] = red[half] = 128
        zone = clip_time_code.quiet_zone(height // 2, width // 2)
        blue[zone] = red[zone] = 128
        clip_time_code.draw(luma, self.time_ms(index))
        flat, size = picture.reshape(-1), width * height
        flat[size : size * 5 // 4] = blue.reshape(-1)
        flat[size * 5 // 4 :] = red.reshape(-1)
        return picture

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        """All pictures in order."""
        return (self.picture(index) for index in range(self.frame_count))

    def is_flash(self, seconds: float) -> bool:
        """Whether the flash is on at this moment."""
        return (seconds - 0.5) % 1.0 < FLASH_SECONDS - 1e-9 and seconds >= 0.5

    @property
    def flash_times(self) -> list[float]:
        """When flashes and beeps begin, in seconds."""
        return [0.5 + second for second in range(int(self.seconds + 0.5))]

    def sound(self) -> NDArray[np.int16]:
        """The whole sound track, mono, shape (samples,)."""
        seconds = np.arange(round(self.seconds * self.sample_rate)) / self.sample_rate
        if not self.flashes:
            return np.rint(0.4 * 32767 * np.sin(2 * np.pi * self.tone_hz * seconds)).astype(np.int16)
        since = (seconds - 0.5) % 1.0
        on = (since < FLASH_SECONDS) & (seconds >= 0.5)
        return np.rint(np.where(on, 0.6 * 32767 * np.sin(2 * np.pi * BEEP_HZ * since), 0)).astype(np.int16)


@functools.lru_cache(maxsize=4)
def _textures(width: int, height: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Luma and half-size chroma textures, half as large again as the picture: noise of several scales, like foliage."""
    random = np.random.default_rng(seed)
    full = (height * 3 // 2 + 2, width * 3 // 2 + 2)
    luma = sum(
        amplitude * _smooth_noise(random, full, cells)
        for cells, amplitude in ((4, 70.0), (12, 35.0), (48, 14.0), (150, 9.0))
    )
    half = (full[0] // 2, full[1] // 2)
    chroma = [128 + 30 * _smooth_noise(random, half, 5) for _ in range(2)]
    return (
        np.clip(100 + luma, 16, 235).astype(np.uint8),
        np.clip(chroma[0], 16, 240).astype(np.uint8),
        np.clip(chroma[1], 16, 240).astype(np.uint8),
    )


def _smooth_noise(random: np.random.Generator, shape: tuple[int, int], cells: int) -> NDArray[np.float64]:
    """Bilinearly interpolated noise, -1 … 1, ``cells`` knots across the height."""
    across = cells * shape[1] // shape[0] + 2
    knots = random.uniform(-1, 1, (cells + 2, across))
    rows = np.linspace(0, cells, shape[0])
    columns = np.linspace(0, across - 2, shape[1])
    top, left = rows.astype(int), columns.astype(int)
    down, right = (rows - top)[:, None], (columns - left)[None, :]
    upper = knots[top][:, left] * (1 - right) + knots[top][:, left + 1] * right
    lower = knots[top + 1][:, left] * (1 - right) + knots[top + 1][:, left + 1] * right
    return np.asarray(upper * (1 - down) + lower * down)


def _disc(width: int, height: int, x: float, y: float) -> NDArray[np.bool_]:
    """Mask of a disc with its centre at fractions ``x``, ``y`` and a radius of a fifth of the height."""
    rows, columns = np.ogrid[:height, :width]
    return np.asarray((columns - x * width) ** 2 + (rows - y * height) ** 2 < (0.2 * height) ** 2)
