"""Frames like those of a 720p call at 1 Mb/s: right sizes and structure, a number at the end, no picture inside."""

from __future__ import annotations

import random
from functools import cache

from wsmedia.media import Codec, EncodedFrame, Track, TrackSource

VIDEO = Track(1, Codec.H264, TrackSource.CAMERA)
AUDIO = Track(2, Codec.OPUS, TrackSource.MICROPHONE)
VIDEO_INTERVAL = 1 / 30
AUDIO_INTERVAL = 1 / 50
VIDEO_TICKS = 3000
AUDIO_TICKS = 960

KEYFRAME_EVERY = 90
_KEYFRAME_BYTES = 30_000
_DELTA_BYTES = 3_900
_AUDIO_BYTES = 80
_PARAMETERS = bytes.fromhex("0000000167 42e01f8c8d40501e80 0000000168ce3c80".replace(" ", ""))


@cache
def _bodies() -> tuple[bytes, ...]:
    """One group of pictures, without the eight octets of the number; no zeros, so no start codes inside."""
    source = random.Random(1)
    bodies = []
    for index in range(KEYFRAME_EVERY):
        mean = _DELTA_BYTES if index else _KEYFRAME_BYTES
        size = max(200, int(source.gauss(mean, mean / 5)))
        noise = source.randbytes(size).replace(b"\0", b"\x55")
        head = b"\x00\x00\x00\x01\x41\x9a" if index else _PARAMETERS + b"\x00\x00\x00\x01\x65\x88"
        bodies.append(head + noise)
    return tuple(bodies)


def video_frame(number: int, capture_time_us: int) -> EncodedFrame:
    """The ``number``-th picture of an endless sequence, a keyframe every three seconds."""
    position = number % KEYFRAME_EVERY
    data = _bodies()[position] + b"%08x" % number
    return EncodedFrame(data, number * VIDEO_TICKS & 0xFFFFFFFF, capture_time_us, keyframe=position == 0)


def audio_frame(number: int, capture_time_us: int) -> EncodedFrame:
    """The ``number``-th packet of sound, 20 ms."""
    data = b"\x78" + b"\xa5" * (_AUDIO_BYTES - 9) + b"%08x" % number
    return EncodedFrame(data, number * AUDIO_TICKS & 0xFFFFFFFF, capture_time_us, audio_level=0x80 | 30)


@cache
def repeating_data(kind: str, position: int) -> tuple[bytes, bool]:
    """The octets of frame number 0 … 89 and whether it is a keyframe; made once, for who only repeats them."""
    frame = video_frame(position, 0) if kind == "video" else audio_frame(position, 0)
    return bytes(frame.data), frame.keyframe


def number_of(data: bytes | memoryview) -> int:
    """The number that a frame of ours, or a message that carries it, ends with."""
    return int(bytes(data[-8:]), 16)
