"""Which incoming frames are worth delivering, and when: announced, new, in order, and for video decodable.

Lanes overtake each other. A frame that comes before the one in front of it waits a little for that one; then the
missing one is given up, and is dropped should it still come (PROTOCOL.md §3.4, §4). A frame names the one it refers
to; a bit per frame of the last 256 tells which of them were decodable. Whoever misses a frame asks for a keyframe:
once per track and half a second, again while undecodable frames go on arriving.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from wsmedia.media import MediaKind
from wsmedia.wire import AudioMessage, VideoMessage

KEYFRAME_REQUEST_INTERVAL = 0.5
"""Seconds between two requests for one track (PROTOCOL.md §3.3)."""
AUDIO_PATIENCE = 0.04
"""Seconds that packets wait for one in front of them: later it would be of no use to whoever listens."""
DECODABLE_PATIENCE = 0.03
"""Seconds that frames wait for one in front of them that they can do without."""
UNDECODABLE_PATIENCE = 0.35
"""Seconds that frames wait for one that they refer to: a lost segment is repaired in a round trip or two."""
MAX_WAITING = 64
"""Frames of a track that may wait for one in front of them; when there are more, that one is given up."""

_MODULUS = 1 << 32
_HALF = 1 << 31
_HISTORY = 256
_HISTORY_MASK = (1 << _HISTORY) - 1

AnyMessage = TypeVar("AnyMessage", AudioMessage, VideoMessage)


class _Order(Generic[AnyMessage]):
    """Puts messages of one track back into the order of their frame numbers."""

    __slots__ = ("_newest", "_waiting", "waiting_since")

    def __init__(self) -> None:
        self._newest: int | None = None
        self._waiting: dict[int, AnyMessage] = {}
        self.waiting_since = 0.0
        """Since when what waits has waited for the frame that is next."""

    @property
    def is_waiting(self) -> bool:
        """Whether frames wait for one in front of them."""
        return bool(self._waiting)

    def add(self, message: AnyMessage, now: float) -> bool:
        """Take a message; False if it is old or a repetition."""
        number = message.frame_number
        if self._newest is None:
            # A track begins with 0, which another lane may still bring; one that replaces another may go on (§3.3).
            self._newest = (-1 if number < MAX_WAITING else number - 1) % _MODULUS
        step = (number - self._newest) % _MODULUS
        if not 0 < step < _HALF or number in self._waiting:
            return False
        if not self._waiting:
            self.waiting_since = now
        self._waiting[number] = message
        return True

    def pop_next(self) -> AnyMessage | None:
        """The message behind the newest, if it is there."""
        if self._newest is None:
            return None
        number = (self._newest + 1) % _MODULUS
        message = self._waiting.pop(number, None)
        if message is not None:
            self._newest = number
        return message

    def first(self) -> AnyMessage:
        """The oldest that waits; call it only if one does."""
        newest = self._newest or 0
        return self._waiting[min(self._waiting, key=lambda number: (number - newest) % _MODULUS)]

    def skip_to_first(self, now: float) -> None:
        """Give up what is missing in front of the oldest that waits."""
        self._newest = (self.first().frame_number - 1) % _MODULUS
        self.waiting_since = now

    @property
    def is_full(self) -> bool:
        """Whether too much waits."""
        return len(self._waiting) > MAX_WAITING


class IncomingAudio:
    """Delivers each packet once, in the order of the numbers; one that is missed is waited for ``AUDIO_PATIENCE``."""

    __slots__ = ("_order",)

    def __init__(self) -> None:
        self._order: _Order[AudioMessage] = _Order()

    def accept(self, message: AudioMessage, now: float, *, patient: bool) -> list[AudioMessage]:
        """Take a packet; gives what may be delivered now."""
        return self.due(now, patient=patient) if self._order.add(message, now) else []

    def due(self, now: float, *, patient: bool) -> list[AudioMessage]:
        """What may be delivered now; ``patient``: something may still come on another lane."""
        order = self._order
        ready: list[AudioMessage] = []
        while True:
            while (message := order.pop_next()) is not None:
                ready.append(message)
                order.waiting_since = now
            if not order.is_waiting:
                return ready
            if patient and now < order.waiting_since + AUDIO_PATIENCE and not order.is_full:
                return ready
            order.skip_to_first(now)

    @property
    def due_at(self) -> float | None:
        """When ``due`` will have something; None if nothing waits."""
        return self._order.waiting_since + AUDIO_PATIENCE if self._order.is_waiting else None


class IncomingVideo:
    """Delivers each decodable frame once, in order, and knows when a keyframe is needed."""

    __slots__ = ("_asked_at", "_decodable", "_delivered", "_order", "wants_keyframe")

    def __init__(self) -> None:
        self._order: _Order[VideoMessage] = _Order()
        self._delivered: int | None = None
        # Bit n: the frame n numbers before the newest that was looked at was delivered.
        self._decodable = 0
        self._asked_at: float | None = None
        self.wants_keyframe = False
        """Set by a gap, or by an application that needs a keyframe for its own reasons."""

    def accept(self, message: VideoMessage, now: float, *, patient: bool) -> list[VideoMessage]:
        """Take a frame; gives what may be delivered now. After a gap that stays a keyframe is wanted."""
        return self.due(now, patient=patient) if self._order.add(message, now) else []

    def due(self, now: float, *, patient: bool) -> list[VideoMessage]:
        """What may be delivered now; ``patient``: something may still come on another lane."""
        order = self._order
        ready: list[VideoMessage] = []
        while True:
            while (message := order.pop_next()) is not None:
                order.waiting_since = now
                if self._take(message):
                    ready.append(message)
            if not order.is_waiting:
                return ready
            if patient and now < order.waiting_since + self._patience and not order.is_full:
                return ready
            order.skip_to_first(now)

    @property
    def due_at(self) -> float | None:
        """When ``due`` will have something; None if nothing waits."""
        return self._order.waiting_since + self._patience if self._order.is_waiting else None

    @property
    def _patience(self) -> float:
        """How long what waits should wait for what is missing in front of it."""
        return DECODABLE_PATIENCE if self._is_decodable(self._order.first()) else UNDECODABLE_PATIENCE

    def _is_decodable(self, message: VideoMessage) -> bool:
        distance = message.reference_distance
        if distance == 0:
            return True
        if self._delivered is None:
            return False
        step = (message.frame_number - self._delivered) % _MODULUS
        return step <= distance and bool(self._decodable >> (distance - step) & 1)

    def _take(self, message: VideoMessage) -> bool:
        """Note a frame that is next in order; whether to deliver it."""
        decodable = self._is_decodable(message)
        if self._delivered is not None:
            step = (message.frame_number - self._delivered) % _MODULUS
            # The history is shifted at most by its own length: a frame number from outside must not cost memory.
            self._decodable = self._decodable << step & _HISTORY_MASK if step < _HISTORY else 0
        self._delivered = message.frame_number
        if message.reference_distance == 0:
            self._decodable = 1
            self.wants_keyframe = False
        elif decodable:
            self._decodable |= 1
        else:
            self.wants_keyframe = True
        return decodable

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
        # The few tracks that want a keyframe, or have frames that wait, so that timers need not look at all of them.
        self._wanting: dict[int, IncomingVideo] = {}
        self._waiting: dict[int, IncomingAudio | IncomingVideo] = {}

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
        self._waiting.pop(track_id, None)

    def accept(
        self, message: AudioMessage | VideoMessage, now: float, *, patient: bool
    ) -> Sequence[AudioMessage | VideoMessage]:
        """Take a frame; gives what may be delivered now, of its track, in order.

        Args:
            message: of whatever track; one that was never announced is dropped.
            now: monotonic seconds.
            patient: whether something may still come on another lane, so that gaps are waited for.
        """
        track_id = message.track_id
        if isinstance(message, AudioMessage):
            audio = self._audio.get(track_id)
            if audio is None:
                return ()
            ready: Sequence[AudioMessage | VideoMessage] = audio.accept(message, now, patient=patient)
            self._note(track_id, audio)
            return ready
        video = self._video.get(track_id)
        if video is None:
            return ()
        ready = video.accept(message, now, patient=patient)
        self._note(track_id, video)
        return ready

    def due(self, now: float, *, patient: bool) -> list[AudioMessage | VideoMessage]:
        """What has waited long enough for frames in front of it."""
        ready: list[AudioMessage | VideoMessage] = []
        for track_id, track in list(self._waiting.items()):
            ready += track.due(now, patient=patient)
            self._note(track_id, track)
        return ready

    def _note(self, track_id: int, track: IncomingAudio | IncomingVideo) -> None:
        """Keep the lists of the few tracks that wait for something."""
        if track.due_at is not None:
            self._waiting[track_id] = track
        elif self._waiting:
            self._waiting.pop(track_id, None)
        if isinstance(track, IncomingVideo):
            if track.wants_keyframe:
                self._wanting[track_id] = track
            elif self._wanting:
                self._wanting.pop(track_id, None)

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

    def next_due_at(self) -> float | None:
        """When ``due`` will have something, None if no frame waits."""
        return min((at for track in self._waiting.values() if (at := track.due_at) is not None), default=None)
