"""Reads what came out at the far end: pictures with their times, tone frequency, PSNR, flashes and beeps."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from tests.support import clip_time_code
from tests.support.clip import FLASH_GEOMETRY


@dataclass
class Decoded:
    """A decoded file.

    Attributes:
        pictures: (time in seconds, gray picture (height, width)) in presentation order.
        sound: mono samples, -1 … 1, shape (n,), at ``sample_rate``; gaps in the file are filled with silence.
        sound_start: time of the first sample in seconds.
    """

    pictures: list[tuple[float, NDArray[np.uint8]]] = field(default_factory=list)
    sound: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    sound_start: float = 0.0
    sample_rate: int = 48_000

    def time_codes(self) -> list[tuple[float, int | None]]:
        """(time in seconds, time code in milliseconds or None) of every picture."""
        return [(time, clip_time_code.read(picture)) for time, picture in self.pictures]


def decode_file(path: Path) -> Decoded:
    """Decode a file's first video and first audio track completely into memory."""
    decoded = Decoded()
    blocks: list[tuple[float, NDArray[np.float32]]] = []
    with av.open(str(path)) as container:
        streams = [*container.streams.video[:1], *container.streams.audio[:1]]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=decoded.sample_rate)
        for frame in container.decode(*streams):
            if isinstance(frame, av.VideoFrame):
                decoded.pictures.append((float(frame.time), luma_plane(frame)))
            else:
                start = float(frame.time)
                for block in resampler.resample(frame):
                    blocks.append((start, block.to_ndarray()[0]))
                    start += block.samples / decoded.sample_rate
    if blocks:
        decoded.sound_start = blocks[0][0]
        end = blocks[-1][0] + len(blocks[-1][1]) / decoded.sample_rate
        decoded.sound = np.zeros(round((end - decoded.sound_start) * decoded.sample_rate) + 1, np.float32)
        for start, samples in blocks:
            first = max(0, round((start - decoded.sound_start) * decoded.sample_rate))
            room = decoded.sound[first : first + len(samples)]
            room[:] = samples[: len(room)]
    return decoded


def luma_plane(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """A decoded picture's luma, shape (height, width), without padding."""
    plane = frame.planes[0]
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width].copy()


def tone_hz(sound: NDArray[np.floating], sample_rate: int = 48_000) -> float:
    """Frequency of the strongest tone, to a fraction of a hertz for a second or more of sound; 0 for silence."""
    if len(sound) == 0 or float(np.abs(sound).max()) < 1e-3:
        return 0.0
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    peak = int(spectrum[1:-1].argmax()) + 1
    # The parabola through the peak and its neighbours (in dB) finds the frequency between two bins.
    left, middle, right = np.log(spectrum[peak - 1 : peak + 2] + 1e-12)
    offset = 0.5 * (left - right) / (left - 2 * middle + right) if left != right else 0.0
    return float((peak + offset) * sample_rate / len(sound))


def psnr_db(reference: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio of two pictures of one shape, in dB; infinity if they are equal."""
    error = float(np.mean((reference.astype(np.float64) - other.astype(np.float64)) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def is_flash(picture: NDArray[np.uint8]) -> bool:
    """Whether the flash is on in a gray (height, width) or RGB(A) picture."""
    luma = clip_time_code.to_luma(picture)
    height, width = luma.shape
    box = FLASH_GEOMETRY
    rows = slice(round((box["top"] + 0.1) * height), round((box["top"] + box["height"] - 0.1) * height))
    columns = slice(round((box["left"] + 0.1) * width), round((box["left"] + box["width"] - 0.1) * width))
    return bool(luma[rows, columns].mean() > 128)


def flash_times(pictures: list[tuple[float, NDArray[np.uint8]]]) -> list[float]:
    """Times of the pictures in which a flash begins."""
    lit = [(time, is_flash(picture)) for time, picture in pictures]
    return [time for (_, before), (time, now) in itertools.pairwise(lit) if now and not before]


def beep_times(sound: NDArray[np.floating], sample_rate: int = 48_000, start: float = 0.0) -> list[float]:
    """Times at which a beep begins after at least 0.2 s of silence, to about a millisecond."""
    if len(sound) == 0:
        return []
    window = sample_rate // 1000
    blocks = np.abs(sound[: len(sound) // window * window].reshape(-1, window)).max(axis=1)
    loud = blocks > 0.25 * float(blocks.max())
    times = []
    quiet_for = 1000  # what comes before the recording counts as silence
    for index, is_loud in enumerate(loud):
        if is_loud and quiet_for >= 200:
            times.append(start + index * window / sample_rate)
        quiet_for = 0 if is_loud else quiet_for + 1
    return times


def skews(decoded: Decoded) -> list[float]:
    """Beep minus flash in seconds for every flash that has a beep within 0.4 s; positive when sound comes late."""
    beeps = beep_times(decoded.sound, decoded.sample_rate, decoded.sound_start)
    pairs = [
        (flash, min(beeps, key=lambda beep: abs(beep - flash))) for flash in flash_times(decoded.pictures) if beeps
    ]
    return [beep - flash for flash, beep in pairs if abs(beep - flash) < 0.4]
