"""Browser → gateway: the tracks that a tunnelled participant publishes, from the session into the room."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from wsmedia.clock import Clock
from wsmedia.interworking.rate import TargetBitrate
from wsmedia.limits import CallLater
from wsmedia.media import EncodedFrame, Track
from wsmedia.ports import FrameSink, RoomConnection
from wsmedia.wire import KeyframeRequest, KnownControl, PublishRejected
from wsmedia.wire import TargetBitrate as TargetBitrateMessage


@dataclass(slots=True)
class _Published:
    track: Track
    target: TargetBitrate
    sink: FrameSink | None = None


class Uplink:
    """Publishes tracks into a room, once there is one, and passes on what the room asks of their encoder.

    Frames that come before the room is entered are dropped; the room asks for a keyframe when it is ready.

    Args:
        send: queues a CONTROL message to the client.
        clock, call_later: time for what is told calmly.
    """

    def __init__(self, send: Callable[[KnownControl], None], clock: Clock, call_later: CallLater) -> None:
        self._send = send
        self._clock = clock
        self._call_later = call_later
        self._connection: RoomConnection | None = None
        self._published: dict[int, _Published] = {}

    def open(self, connection: RoomConnection) -> None:
        """The room is entered: publish what was announced meanwhile."""
        self._connection = connection
        for track_id in list(self._published):
            self._open_track(track_id)

    def publish(self, track: Track) -> None:
        """The client will send ``track``; one of the same id is replaced (PROTOCOL.md §3.3)."""
        track_id = track.track_id
        self.unpublish(track_id)
        self._published[track_id] = _Published(
            track,
            TargetBitrate(lambda bps: self._send(TargetBitrateMessage(track_id, bps)), self._clock, self._call_later),
        )
        if self._connection is not None:
            self._open_track(track_id)

    def unpublish(self, track_id: int) -> None:
        """The track has ended; unknown ids are ignored."""
        if self._forget(track_id) and self._connection is not None:
            self._connection.unpublish(track_id)

    def set_muted(self, track_id: int, muted: bool) -> None:
        """The user muted or unmuted; unknown ids are ignored."""
        published = self._published.get(track_id)
        if published is None:
            return
        published.track = dataclasses.replace(published.track, muted=muted)
        if self._connection is not None:
            self._connection.set_muted(track_id, muted)

    def send_frame(self, track_id: int, frame: EncodedFrame) -> None:
        """Pass one frame on to the room."""
        published = self._published.get(track_id)
        if published is None or published.sink is None:
            return
        published.sink.send_frame(frame)

    def reject(self, track_id: int, reason: str) -> None:
        """The room does not take a track: tell the client and drop its frames."""
        self._forget(track_id)
        self._send(PublishRejected(track_id, reason))

    def request_keyframe(self, track_id: int) -> None:
        """Somebody needs a keyframe of a track of the client; the session coalesces such requests."""
        if track_id in self._published:
            self._send(KeyframeRequest(track_id))

    def set_target_bitrate(self, track_id: int, bitrate_bps: int) -> None:
        """A track of the client should not exceed this."""
        published = self._published.get(track_id)
        if published is not None:
            published.target.change(bitrate_bps)

    def close(self) -> None:
        """Forget all tracks and timers."""
        for track_id in list(self._published):
            self._forget(track_id)
        self._connection = None

    def _open_track(self, track_id: int) -> None:
        published = self._published[track_id]
        if self._connection is not None:
            sink = self._connection.publish(published.track)
            # The room may have refused the track while it was being published.
            if track_id in self._published:
                published.sink = sink

    def _forget(self, track_id: int) -> bool:
        published = self._published.pop(track_id, None)
        if published is None:
            return False
        published.target.cancel()
        return True
