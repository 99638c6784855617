"""The queues in front of the lanes: what waits, what is dropped, how frames are numbered (PROTOCOL.md §3.4, §5).

Nothing waits anywhere else: a frame is taken out, numbered and encoded in the moment in which a lane can carry it, so
that what is stale is dropped before it costs a byte.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from wsmedia.media import EncodedFrame
from wsmedia.wire import encode_audio, encode_video

MAX_AUDIO_AGE = 0.2
"""Seconds after which a waiting audio packet is dropped (PROTOCOL.md §5)."""
MAX_AUDIO_PACKETS = 512
"""Packets of all tracks that may wait; the oldest is dropped."""
MAX_DISCARDABLE_AGE = 0.1
"""Seconds after which a waiting frame with D set is dropped, alone."""
MAX_SUPERSEDED_AGE = 0.1
"""Seconds after which waiting frames give way when a newer keyframe comes."""
MAX_VIDEO_AGE = 0.5
"""Seconds after which any other waiting frame is dropped with everything up to the next keyframe."""
MAX_KEYFRAME_AGE = 2.0
"""Seconds after which even the newest keyframe is dropped: it shows what nobody wants to see any more."""
MAX_VIDEO_FRAMES = 64
MAX_VIDEO_BYTES = 2_000_000
"""What may wait of one track; beyond it D frames go first, then what is before the newest keyframe, then what is
behind it."""
KEYFRAME_INTERVAL = 0.5
"""Seconds between two times that an encoder is asked for a keyframe."""

_NUMBERS = 1 << 32
_MAX_REFERENCE_DISTANCE = 255
_LAYERS = 8


class _Waiting(NamedTuple):
    frame: EncodedFrame
    since: float


class _WaitingAudio(NamedTuple):
    track_id: int
    frame: EncodedFrame
    since: float


class AudioQueue:
    """Packets of all outgoing audio tracks, oldest first."""

    def __init__(self) -> None:
        self._next_number: dict[int, int] = {}
        self._paused: set[int] = set()
        self._waiting: deque[_WaitingAudio] = deque()
        self.dropped = 0

    def __contains__(self, track_id: int) -> bool:
        return track_id in self._next_number

    def __len__(self) -> int:
        return len(self._waiting)

    def add_track(self, track_id: int) -> None:
        """Take packets of this track; adding twice is adding once."""
        self._next_number.setdefault(track_id, 0)

    def remove_track(self, track_id: int) -> None:
        """Take no more; what waits is dropped when its turn comes."""
        self._next_number.pop(track_id, None)
        self._paused.discard(track_id)

    def pause(self, track_id: int, paused: bool) -> None:
        """Drop what waits of a track and take no more, or take packets again; unknown ones are ignored."""
        if not paused or track_id not in self._next_number:
            self._paused.discard(track_id)
            return
        self._paused.add(track_id)
        self._waiting = deque(waiting for waiting in self._waiting if waiting.track_id != track_id)

    def push(self, track_id: int, frame: EncodedFrame, now: float) -> None:
        """Queue one packet; of a paused track it is not wanted, so it does not count as dropped."""
        if track_id in self._paused:
            return
        if len(self._waiting) >= MAX_AUDIO_PACKETS:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(_WaitingAudio(track_id, frame, now))

    def pop(self, now: float) -> bytes | None:
        """The next packet as a message, or None."""
        while self._waiting:
            track_id, frame, since = self._waiting.popleft()
            number = self._next_number.get(track_id)
            if number is None or now - since > MAX_AUDIO_AGE:
                self.dropped += 1
                continue
            self._next_number[track_id] = (number + 1) % _NUMBERS
            return encode_audio(track_id, number, frame)
        return None

    def clear(self) -> None:
        """Drop what waits."""
        self.dropped += len(self._waiting)
        self._waiting.clear()


class VideoQueue:
    """The frames of one outgoing video track.

    After a loss, ours or the network's, everything up to the next keyframe is dropped and ``take_keyframe_need`` says
    when to ask the encoder.
    """

    def __init__(self, track_id: int) -> None:
        self.track_id = track_id
        self.dropped = 0
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._next_number = 0
        # Frame number of the newest frame of each temporal layer that others may refer to.
        self._references: list[int | None] = [None] * _LAYERS
        self._needs_keyframe = True
        self._requested = False
        self._asked_at: float | None = None
        self._keyframe_left_at = 0.0
        self._paused = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def since(self) -> float:
        """When the oldest waiting frame was queued; only if there is one."""
        return self._waiting[0].since

    def push(self, frame: EncodedFrame, now: float) -> None:
        """Queue one frame, in decode order, and make room for it; of a paused track it is not wanted."""
        if self._paused:
            return
        if frame.keyframe:
            self._needs_keyframe = False
            self._requested = False
            self._asked_at = None
            if self._waiting and now - self._waiting[0].since > MAX_SUPERSEDED_AGE:
                self._drop_first(len(self._waiting))
        elif self._needs_keyframe:
            self.dropped += 1
            return
        self._waiting.append(_Waiting(frame, now))
        self._bytes += len(frame.data)
        if self._is_too_long:
            self._drop_discardable()
            if self._is_too_long and not self._drop_to_newest_keyframe():
                self._drop_behind_first()

    def drop_stale(self, now: float) -> None:
        """Drop from the front what has waited too long."""
        while self._waiting:
            frame, since = self._waiting[0]
            age = now - since
            if age <= MAX_DISCARDABLE_AGE:
                return
            if frame.discardable and not frame.keyframe:
                self._drop_first(1)
                continue
            if frame.keyframe and age > MAX_KEYFRAME_AGE:
                self._drop_first(1)
                self.lost()
                continue
            # What waited only behind its keyframe is not stale yet: dropping it would cost another keyframe.
            if age <= MAX_VIDEO_AGE or now - self._keyframe_left_at <= MAX_VIDEO_AGE:
                return
            if not self._drop_to_newest_keyframe():
                return

    def pop(self, now: float) -> bytes | None:
        """The next frame as a message, or None; call ``drop_stale`` first."""
        while self._waiting:
            frame, _ = self._waiting.popleft()
            self._bytes -= len(frame.data)
            number = self._next_number
            distance = self._reference_distance(frame, number)
            if distance is None:
                self.dropped += 1
                self.lost()
                continue
            self._next_number = (number + 1) % _NUMBERS
            if frame.keyframe:
                self._keyframe_left_at = now
                self._references = [number] + [None] * (_LAYERS - 1)
            elif not frame.discardable:
                self._references[frame.temporal_layer] = number
            return encode_video(self.track_id, number, distance, frame)
        return None

    def _reference_distance(self, frame: EncodedFrame, number: int) -> int | None:
        """How far back the frame's reference is: the newest of the layers below its own, or of the base layer.

        None if there is no such frame, or none near enough to be named.
        """
        if frame.keyframe:
            return 0
        layers = self._references[: max(frame.temporal_layer, 1)]
        distance = min(((number - at) % _NUMBERS for at in layers if at is not None), default=0)
        return distance if 1 <= distance <= _MAX_REFERENCE_DISTANCE else None

    def lost(self) -> None:
        """A frame that others refer to will not arrive: only a keyframe helps, a waiting one or the next."""
        first = next((i for i, waiting in enumerate(self._waiting) if waiting.frame.keyframe), len(self._waiting))
        self._drop_first(first)
        self._needs_keyframe = not self._waiting

    def pause(self, paused: bool) -> None:
        """Drop what waits and take nothing, or go on with the next keyframe."""
        if paused == self._paused:
            return
        self._paused = paused
        self._waiting.clear()
        self._bytes = 0
        self._needs_keyframe = True
        self._asked_at = None

    def request_keyframe(self) -> None:
        """The far end needs a keyframe; one that waits already is as good."""
        if not any(waiting.frame.keyframe for waiting in self._waiting):
            self._requested = True

    def take_keyframe_need(self, now: float) -> bool:
        """Whether to ask the encoder for a keyframe now; it counts as asked."""
        if self._paused or not (self._needs_keyframe or self._requested):
            return False
        if self._asked_at is not None and now - self._asked_at < KEYFRAME_INTERVAL:
            return False
        self._asked_at = now
        self._requested = False
        return True

    def clear(self) -> None:
        """Drop what waits, and wait for a keyframe."""
        self._drop_first(len(self._waiting))
        self._needs_keyframe = True

    def _drop_first(self, count: int) -> None:
        for _ in range(count):
            self._bytes -= len(self._waiting.popleft().frame.data)
        self.dropped += count

    @property
    def _is_too_long(self) -> bool:
        return len(self._waiting) > MAX_VIDEO_FRAMES or self._bytes > MAX_VIDEO_BYTES

    def _drop_behind_first(self) -> None:
        """Keep the keyframe in front, and wait for the next one."""
        first = self._waiting[0]
        self._needs_keyframe = len(self._waiting) > 1
        self.dropped += len(self._waiting) - 1
        self._waiting = deque((first,))
        self._bytes = len(first.frame.data)

    def _drop_discardable(self) -> None:
        kept = deque(waiting for waiting in self._waiting if waiting.frame.keyframe or not waiting.frame.discardable)
        self.dropped += len(self._waiting) - len(kept)
        self._waiting = kept
        self._bytes = sum(len(waiting.frame.data) for waiting in kept)

    def _drop_to_newest_keyframe(self) -> bool:
        """Let the newest waiting keyframe be the first, or drop all if none waits; False if it is the first already."""
        newest = max((i for i, waiting in enumerate(self._waiting) if waiting.frame.keyframe), default=-1)
        if newest == 0:
            return False
        if newest < 0:
            self.clear()
        else:
            self._drop_first(newest)
        return True
