"""Which incoming frames are worth delivering: announced, new, and for video decodable (PROTOCOL.md §3.4, §4).

A frame names the one it refers to; a bit per frame of the last 256 tells which of them were decodable. Whoever misses a
frame asks for a keyframe: once per track and half a second, again while undecodable frames go on arriving.
"""

from __future__ import annotations

from wsmedia.media import MediaKind
from wsmedia.wire import AudioMessage, VideoMessage

KEYFRAME_REQUEST_INTERVAL = 0.5
"""Seconds between two requests for one track (PROTOCOL.md §3.3)."""

_MODULUS = 1 << 32
_HALF = 1 << 31
_HISTORY = 256
_HISTORY_MASK = (1 << _HISTORY) - 1


class IncomingAudio:
    """Takes each packet once, in order of its number; a late one is dropped."""

    __slots__ = ("_newest",)

    def __init__(self) -> None:
        self._newest: int | None = None

    def accept(self, message: AudioMessage) -> bool:
        """Whether to deliver the packet."""
        if self._newest is not None and not 0 < (message.frame_number - self._newest) % _MODULUS < _HALF:
            return False
        self._newest = message.frame_number
        return True


class IncomingVideo:
    """Takes each decodable frame once, and knows when a keyframe is needed."""

    __slots__ = ("_asked_at", "_decodable", "_newest", "wants_keyframe")

    def __init__(self) -> None:
        self._newest: int | None = None
        # Bit n: the frame n numbers before the newest was delivered.
        self._decodable = 0
        self._asked_at: float | None = None
        self.wants_keyframe = False
        """Set by a gap, or by an application that needs a keyframe for its own reasons."""

    def accept(self, message: VideoMessage) -> bool:
        """Whether to deliver the frame; if not because of a gap, a keyframe is wanted from now on."""
        number = message.frame_number
        distance = message.reference_distance
        if self._newest is not None:
            step = (number - self._newest) % _MODULUS
            if not 0 < step < _HALF:
                return False
            # The history is shifted at most by its own length: a frame number from outside must not cost memory.
            self._decodable = self._decodable << step & _HISTORY_MASK if step < _HISTORY else 0
        self._newest = number
        if distance == 0:
            self._decodable = 1
            self.wants_keyframe = False
            return True
        if self._decodable >> distance & 1:
            self._decodable |= 1
            return True
        self.wants_keyframe = True
        return False

    @property
    def request_due_at(self) -> float:
        """When the next request may leave."""
        return 0.0 if self._asked_at is None else self._asked_at + KEYFRAME_REQUEST_INTERVAL

    def take_request(self, now: float) -> bool:
        """Whether to send a request now; it counts as sent."""
        if not self.wants_keyframe or now < self.request_due_at:
            return False
        self._asked_at = now
        # Wanted again by the next undecodable frame: a track that has gone silent is not asked for ever.
        self.wants_keyframe = False
        return True


class IncomingTracks:
    """All tracks that the far end has announced."""

    def __init__(self) -> None:
        self._audio: dict[int, IncomingAudio] = {}
        self._video: dict[int, IncomingVideo] = {}
        # The few tracks that want a keyframe, so that timers need not look at all of them.
        self._wanting: dict[int, IncomingVideo] = {}

    def __len__(self) -> int:
        return len(self._audio) + len(self._video)

    def __contains__(self, track_id: int) -> bool:
        return track_id in self._audio or track_id in self._video

    def add(self, track_id: int, kind: MediaKind) -> None:
        """A track is announced; one of the same id is replaced."""
        self.remove(track_id)
        if kind is MediaKind.AUDIO:
            self._audio[track_id] = IncomingAudio()
        else:
            self._video[track_id] = IncomingVideo()

    def remove(self, track_id: int) -> None:
        """A track has ended; unknown ones are ignored."""
        self._audio.pop(track_id, None)
        self._video.pop(track_id, None)
        self._wanting.pop(track_id, None)

    def accept_audio(self, message: AudioMessage) -> bool:
        """Whether to deliver the packet."""
        track = self._audio.get(message.track_id)
        return track is not None and track.accept(message)

    def accept_video(self, message: VideoMessage) -> bool:
        """Whether to deliver the frame."""
        track = self._video.get(message.track_id)
        if track is None:
            return False
        accepted = track.accept(message)
        if track.wants_keyframe:
            self._wanting[message.track_id] = track
        elif self._wanting:
            self._wanting.pop(message.track_id, None)
        return accepted

    def want_keyframe(self, track_id: int) -> None:
        """The application needs a keyframe of that track; unknown ones are ignored."""
        track = self._video.get(track_id)
        if track is not None:
            track.wants_keyframe = True
            self._wanting[track_id] = track

    def requests_due(self, now: float) -> list[int]:
        """The tracks to send a ``keyframe_request`` for now; they count as sent."""
        due = [track_id for track_id, track in self._wanting.items() if track.take_request(now)]
        for track_id in due:
            del self._wanting[track_id]
        return due

    def next_request_at(self) -> float | None:
        """When ``requests_due`` will have something, None if nothing is wanted."""
        return min(track.request_due_at for track in self._wanting.values()) if self._wanting else None
