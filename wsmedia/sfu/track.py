"""One published track in a room: takes its publisher's frames and hands each to every subscriber.

A subscriber of video starts at a keyframe, which is asked for at once; until it comes the subscriber gets nothing,
because nothing would be decodable.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable

from wsmedia.clock import Clock
from wsmedia.limits import CallLater, KeyframeRequests
from wsmedia.media import EncodedFrame, MediaKind, Track
from wsmedia.ports import FrameSink

MIN_VIDEO_TARGET_BPS = 300_000
"""A subscriber on a worse path than this drops frames; the others need not look worse than this for its sake."""

logger = logging.getLogger(__name__)


class RoomTrack:
    """A track in a room: a ``FrameSink`` for its publisher, a ``FrameSource`` and ``RemoteTrack`` for everybody else.

    Args:
        participant_id: whose track it is.
        track: as the room announces it; its ``track_id`` is unique in the room.
        request_keyframe: asks the publisher, already coalesced.
        target_bitrate: tells the publisher what the slowest subscriber can take, in bits per second.
        clock, call_later: time for coalescing.
    """

    def __init__(
        self,
        participant_id: str,
        track: Track,
        *,
        request_keyframe: Callable[[], None],
        target_bitrate: Callable[[int], None],
        clock: Clock,
        call_later: CallLater,
    ) -> None:
        self._participant_id = participant_id
        self._track = track
        self._is_video = track.kind is MediaKind.VIDEO
        self._keyframes = KeyframeRequests(request_keyframe, clock, call_later)
        self._target_bitrate = target_bitrate
        self._told_bps: int | None = None
        # Tuples are replaced, never changed, so that a sink may come or go while a frame is being handed out.
        self._live: tuple[FrameSink, ...] = ()
        self._waiting: tuple[FrameSink, ...] = ()
        self._capacities: dict[int, int] = {}

    @property
    def participant_id(self) -> str:
        """Whose track it is."""
        return self._participant_id

    @property
    def track(self) -> Track:
        """Codec, source and mute state."""
        return self._track

    @property
    def source(self) -> RoomTrack:
        """The track itself: it is its own frame source."""
        return self

    def set_muted(self, muted: bool) -> None:
        """Note the owner's mute state."""
        self._track = dataclasses.replace(self._track, muted=muted)

    def send_frame(self, frame: EncodedFrame) -> None:
        """Hand one frame of the publisher to every subscriber that can decode it."""
        if self._waiting and frame.keyframe:
            self._live += self._waiting
            self._waiting = ()
        if frame.keyframe:
            self._keyframes.keyframe_passed()
        for sink in self._live:
            try:
                sink.send_frame(frame)
            except Exception:
                # One subscriber's fault must end neither the publisher's session nor the other subscribers' picture.
                logger.exception("A subscriber failed to take a frame and was removed")
                self.remove_sink(sink)

    def add_sink(self, sink: FrameSink) -> None:
        """Subscribe ``sink``: audio flows from the next packet, video from the next keyframe, which is asked for."""
        if any(known is sink for known in (*self._live, *self._waiting)):
            return
        if self._is_video:
            self._waiting += (sink,)
            self._keyframes.request()
        else:
            self._live += (sink,)

    def remove_sink(self, sink: FrameSink) -> None:
        """Unsubscribe ``sink``; what it could carry no longer holds the publisher back."""
        self._live = tuple(known for known in self._live if known is not sink)
        self._waiting = tuple(known for known in self._waiting if known is not sink)
        if self._capacities.pop(id(sink), None) is not None:
            self._tell_target()

    def request_keyframe(self) -> None:
        """Ask the publisher for a keyframe; asks for audio are ignored."""
        if self._is_video:
            self._keyframes.request()

    def set_capacity(self, sink: FrameSink, bitrate_bps: int) -> None:
        """Note what the path behind ``sink`` carries of this track; the publisher hears of the lowest."""
        if any(known is sink for known in (*self._live, *self._waiting)):
            self._capacities[id(sink)] = bitrate_bps
            self._tell_target()

    def end(self) -> None:
        """Forget subscribers and timers; the track is over."""
        self._keyframes.cancel()
        self._live = self._waiting = ()
        self._capacities.clear()

    def _tell_target(self) -> None:
        if not self._is_video or not self._capacities:
            return
        lowest = max(MIN_VIDEO_TARGET_BPS, min(self._capacities.values()))
        if lowest != self._told_bps:
            self._told_bps = lowest
            self._target_bitrate(lowest)
