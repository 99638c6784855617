"""A picture and a tone to send, and a look at what came: whether it is that picture."""

from __future__ import annotations

from typing import Any

import av
import numpy as np

WIDTH, HEIGHT = 320, 180
FPS = 15
TONE_HZ = 440.0
SAMPLE_RATE = 48_000
PACKET_SAMPLES = 960

_DARK, _BRIGHT = 40, 210
_TOLERANCE = 30


def picture(number: int) -> Any:
    """A ``VideoFrame`` (yuv420p): its left half dark, its right half bright, and a grey bar that moves."""
    luma = np.full((HEIGHT, WIDTH), _DARK, np.uint8)
    luma[:, WIDTH // 2 :] = _BRIGHT
    left = number * 8 % (WIDTH - 16)
    luma[HEIGHT // 2 :, left : left + 16] = 128
    chroma = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
    return av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), format="yuv420p")


def is_our_picture(shown: Any) -> bool:
    """Whether a decoded picture is one of ours; it may have another size."""
    luma = shown.to_ndarray(format="gray")
    top = luma[: luma.shape[0] // 3]
    middle = luma.shape[1] // 2
    margin = luma.shape[1] // 8
    dark, bright = float(top[:, : middle - margin].mean()), float(top[:, middle + margin :].mean())
    return abs(dark - _DARK) < _TOLERANCE and abs(bright - _BRIGHT) < _TOLERANCE


def tone(number: int) -> Any:
    """The ``AudioFrame`` of 20 ms number ``number`` of a quiet tone, mono, float."""
    position = np.arange(number * PACKET_SAMPLES, (number + 1) * PACKET_SAMPLES)
    samples = (0.1 * np.sin(2 * np.pi * TONE_HZ * position / SAMPLE_RATE)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    return frame
