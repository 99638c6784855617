"""Tracks as the client's user sees them: ours to send frames into, other people's to take frames from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wsmedia.clock import Clock
from wsmedia.limits.keyframe_requests import KeyframeRequests
from wsmedia.media import EncodedFrame, MediaKind, Track
from wsmedia.ports import FrameSink
from wsmedia.wire import KeyframeRequest, KnownControl, Mute, Pause, TargetBitrate, Unpublish

SendControl = Callable[[KnownControl], None]


class LocalTrack:
    """A track that we publish; a ``FrameSink``.

    Attributes:
        on_keyframe_request: called when the encoder should make a keyframe soon.
        on_target_bitrate: called with bits per second that the encoder should not exceed from now on.
        rejected: why the room does not take the track; empty as long as it does.
    """

    def __init__(
        self, track: Track, send_frame: Callable[[int, EncodedFrame], None], send_control: SendControl
    ) -> None:
        self.track = track
        self.rejected = ""
        self.on_keyframe_request: Callable[[], None] | None = None
        self.on_target_bitrate: Callable[[int], None] | None = None
        self._send_frame = send_frame
        self._send_control = send_control
        self._target_bitrate_bps: int | None = None
        self._remote_target_bps: int | None = None

    @property
    def target_bitrate_bps(self) -> int | None:
        """What the encoder should not exceed, None as long as nobody said."""
        return self._target_bitrate_bps

    def send_frame(self, frame: EncodedFrame) -> None:
        """Send one frame, in decode order; while there is no connection it is dropped."""
        self._send_frame(self.track.track_id, frame)

    def set_muted(self, muted: bool) -> None:
        """Tell the room that the track is muted or not. Frames are still carried; do not send any."""
        self.track = Track(self.track.track_id, self.track.codec, self.track.source, muted)
        self._send_control(Mute(self.track.track_id, muted))

    def unpublish(self) -> None:
        """End the track."""
        self._send_control(Unpublish(self.track.track_id))

    def keyframe_requested(self) -> None:
        """Somebody needs a keyframe; called by the client."""
        if self.on_keyframe_request is not None:
            self.on_keyframe_request()

    def remote_target_changed(self, bitrate_bps: int) -> None:
        """The room asked for no more than this; called by the client before ``path_share_changed``."""
        self._remote_target_bps = bitrate_bps

    def path_share_changed(self, bitrate_bps: int | None) -> None:
        """The way to the gateway can carry this much of the track, None if unknown; called by the client."""
        bounds = [bound for bound in (self._remote_target_bps, bitrate_bps) if bound is not None]
        target = min(bounds, default=None)
        if target is not None and target != self._target_bitrate_bps:
            self._target_bitrate_bps = target
            if self.on_target_bitrate is not None:
                self.on_target_bitrate(target)


class RemoteTrack:
    """Somebody else's track; a ``ports.RemoteTrack`` and its own ``FrameSource``."""

    def __init__(self, participant_id: str, track: Track, send_control: SendControl, clock: Clock) -> None:
        self._participant_id = participant_id
        self._track = track
        self._send_control = send_control
        self._sinks: list[FrameSink] = []
        self._capacities: dict[int, int] = {}
        self._keyframe_requests = KeyframeRequests(
            lambda: send_control(KeyframeRequest(track.track_id)), clock, asyncio.get_running_loop().call_later
        )

    @property
    def participant_id(self) -> str:
        """Whose it is."""
        return self._participant_id

    @property
    def track(self) -> Track:
        """Codec, source and mute state."""
        return self._track

    @property
    def source(self) -> RemoteTrack:
        """Where its frames come from: here."""
        return self

    def add_sink(self, sink: FrameSink) -> None:
        """Deliver every following frame to ``sink`` too; adding twice is adding once."""
        if not any(known is sink for known in self._sinks):
            self._sinks = [*self._sinks, sink]

    def remove_sink(self, sink: FrameSink) -> None:
        """Stop delivering to ``sink``; unknown sinks are ignored."""
        self._sinks = [known for known in self._sinks if known is not sink]
        self._capacities.pop(id(sink), None)

    def request_keyframe(self) -> None:
        """Ask the sender for a keyframe; requests are coalesced."""
        if self._track.kind is MediaKind.VIDEO:
            self._keyframe_requests.request()

    def set_capacity(self, sink: FrameSink, bitrate_bps: int) -> None:
        """Ask the gateway for no more than this of the track, the least of all sinks counting."""
        self._capacities[id(sink)] = bitrate_bps
        self._send_control(TargetBitrate(self._track.track_id, min(self._capacities.values())))

    def pause(self) -> None:
        """Want no frames for now; the gateway sends none until ``resume``. A client that has to join anew, and so gets
        new tracks, is sent everything again."""
        self._send_control(Pause(self._track.track_id, True))

    def resume(self) -> None:
        """Want frames again: audio goes on at once, video with a keyframe."""
        self._send_control(Pause(self._track.track_id, False))

    def deliver(self, frame: EncodedFrame) -> None:
        """Give a frame to the sinks; called by the client."""
        if frame.keyframe:
            self._keyframe_requests.keyframe_passed()
        for sink in self._sinks:
            sink.send_frame(frame)

    def mute_changed(self, muted: bool) -> None:
        """Its owner muted or unmuted it; called by the client."""
        self._track = Track(self._track.track_id, self._track.codec, self._track.source, muted)

    def ended(self) -> None:
        """No frame will come any more; called by the client."""
        self._keyframe_requests.cancel()
        self._sinks = []
