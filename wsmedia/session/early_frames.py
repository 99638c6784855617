"""Frames that overtook the announcement of their track: kept for a moment, so that a first keyframe is not lost.

``publish`` and ``track_added`` travel on one lane and the frames behind them on others; a stalled lane lets a keyframe
come first. ``incoming`` gives what it keeps to the track when it is announced (PROTOCOL.md §3.3, §7.1).
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from wsmedia.wire import AudioMessage, VideoMessage

MAX_EARLY_TIME = 1.0
"""Seconds for which a frame waits for its track: CONTROL that a stalled lane held up is there by then."""
MAX_EARLY_FRAMES = 256
MAX_EARLY_BYTES = 1_000_000
"""What may wait, all tracks together; what comes on top is dropped: behind a keyframe that is gone none is of use."""


class _Waiting(NamedTuple):
    message: AudioMessage | VideoMessage
    since: float


class EarlyFrames:
    """Frames of tracks that were never announced so far, in the order in which they came; ``now`` is monotonic seconds.

    What comes of a track that has ended is late rather than early, and is not kept.
    """

    __slots__ = ("_announced", "_bytes", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        # Track ids are 16 bits on the wire, so this is bounded.
        self._announced: set[int] = set()

    def keep(self, message: AudioMessage | VideoMessage, now: float) -> None:
        """Keep a frame of a track that is unknown; without room, or if it is late, it is dropped."""
        self.forget(now)
        size = len(message.frame.data)
        if message.track_id in self._announced or len(self._waiting) >= MAX_EARLY_FRAMES:
            return
        if self._bytes + size <= MAX_EARLY_BYTES:
            self._waiting.append(_Waiting(message, now))
            self._bytes += size

    def take(self, track_id: int, now: float) -> list[AudioMessage | VideoMessage]:
        """The track is announced: what was kept of it, which is not kept any longer."""
        self.forget(now)
        self._announced.add(track_id)
        taken = [waiting.message for waiting in self._waiting if waiting.message.track_id == track_id]
        if taken:
            self._waiting = deque(waiting for waiting in self._waiting if waiting.message.track_id != track_id)
            self._bytes -= sum(len(message.frame.data) for message in taken)
        return taken

    def forget(self, now: float) -> None:
        """Drop what nobody has announced in time."""
        while self._waiting and now - self._waiting[0].since > MAX_EARLY_TIME:
            self._bytes -= len(self._waiting.popleft().message.frame.data)
