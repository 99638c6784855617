"""What an encoder would make: 50 packets of sound and 30 frames of video a second, with sizes of a real one.

A frame's data begin with a header that says which it is and when it was made, so any carrier's far end can tell. Used
by the ends; the same seed gives the same sizes as long as nobody asks for another bitrate or a keyframe.
"""

from __future__ import annotations

import asyncio
import random
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

FRAMES_PER_SECOND = 30
PACKETS_PER_SECOND = 50
KEYFRAME_SECONDS = 4.0
KEYFRAME_SIZE = 10.0
"""A keyframe in delta frames."""

LEAST_BPS = 80_000

_VIDEO, _AUDIO = 0, 1
# A start code and a NAL unit header, so that it passes for H.264; then kind, keyframe, number, capture time in µs.
_HEADER = struct.Struct("!5sBBIQ")
_START = {True: b"\0\0\0\1\x65", False: b"\0\0\0\1\x41"}


def now_us() -> int:
    """The machine's one monotonic clock, which all namespaces share."""
    return time.monotonic_ns() // 1000


@dataclass(frozen=True, slots=True)
class Made:
    """A frame of video or a packet of sound."""

    is_video: bool
    keyframe: bool
    number: int
    capture_us: int
    data: bytes

    @classmethod
    def parse(cls, data: bytes) -> Made:
        """Read the header again."""
        _, kind, keyframe, number, capture_us = _HEADER.unpack_from(data)
        return cls(kind == _VIDEO, bool(keyframe), number, capture_us, data)


class Encoder:
    """Makes frames in real time and gives them to ``send``.

    Args:
        seed: of the sizes.
        bitrate_bps: of video, at most; ``target_bps`` is what it is for now.
        send: called for every frame and packet.
        sound: whether there is any.
    """

    def __init__(self, seed: int, bitrate_bps: int, send: Callable[[Made], None], sound: bool = True) -> None:
        self.made: list[tuple[int, int, int, int]] = []
        self._random = random.Random(seed)
        self._most_bps = self.target_bps = bitrate_bps
        self._send = send
        self._sound = sound
        self._wants_keyframe = True
        self._keyframe_at = 0.0

    def set_target(self, bitrate_bps: int) -> None:
        """Make no more than this from now on."""
        self.target_bps = max(LEAST_BPS, min(self._most_bps, bitrate_bps))

    def request_keyframe(self) -> None:
        """Make the next frame a keyframe."""
        self._wants_keyframe = True

    async def run(self, seconds: float) -> None:
        """Make frames for so long."""
        packets = self._pace(PACKETS_PER_SECOND, seconds if self._sound else 0, self._packet)
        await asyncio.gather(self._pace(FRAMES_PER_SECOND, seconds, self._frame), packets)

    async def _pace(self, per_second: int, seconds: float, make: Callable[[int], None]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(round(seconds * per_second)):
            await asyncio.sleep(began + number / per_second - loop.time())
            make(number)

    def _frame(self, number: int) -> None:
        now = time.monotonic()
        keyframe = self._wants_keyframe or now >= self._keyframe_at
        if keyframe:
            self._wants_keyframe, self._keyframe_at = False, now + KEYFRAME_SECONDS
        # A period of n frames with one keyframe in it is as long as n - 1 + KEYFRAME_SIZE delta frames.
        period = KEYFRAME_SECONDS * FRAMES_PER_SECOND
        delta = self.target_bps / 8 / FRAMES_PER_SECOND * period / (period - 1 + KEYFRAME_SIZE)
        size = delta * (KEYFRAME_SIZE if keyframe else 1) * self._random.uniform(0.75, 1.25)
        self._give(_VIDEO, keyframe, number, round(size))

    def _packet(self, number: int) -> None:
        self._give(_AUDIO, False, number, self._random.randint(80, 160))

    def _give(self, kind: int, keyframe: bool, number: int, size: int) -> None:
        capture_us = now_us()
        header = _HEADER.pack(_START[keyframe], kind, keyframe, number, capture_us)
        data = header + self._random.randbytes(max(0, size - len(header)))
        self.made.append((kind, number, capture_us, len(data)))
        self._send(Made(kind == _VIDEO, keyframe, number, capture_us, data))


class Arrivals:
    """Notes at the far end what came when, and from when on it could be decoded."""

    def __init__(self) -> None:
        self.video: dict[int, tuple[int, bool]] = {}
        self.audio: dict[int, int] = {}
        self.sizes: dict[int, int] = {}
        self.begun = asyncio.Event()

    def add(self, data: bytes) -> None:
        """A whole frame or packet came; again is no matter."""
        self.begun.set()
        frame = Made.parse(data)
        if frame.is_video:
            self.video.setdefault(frame.number, (now_us(), frame.keyframe))
            self.sizes.setdefault(frame.number, len(data))
        else:
            self.audio.setdefault(frame.number, now_us())

    def decodable(self) -> dict[int, int]:
        """When each frame was there with everything that it refers to: all since the keyframe before it, µs."""
        found: dict[int, int] = {}
        for number in sorted(self.video):
            at, keyframe = self.video[number]
            if keyframe:
                found[number] = at
            elif number - 1 in found:
                found[number] = max(at, found[number - 1])
        return found
