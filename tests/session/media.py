"""What the clients of these tests send: tracks, frames, and an encoder that does as it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.session.link import Link
from wsmedia.media import Codec, EncodedFrame, MediaKind, TrackSource
from wsmedia.session import Event, FrameReceived, KeyframeNeeded
from wsmedia.wire import Publish, TrackDescription

MICROPHONE = TrackDescription(0, MediaKind.AUDIO, Codec.OPUS, TrackSource.MICROPHONE)
CAMERA = TrackDescription(1, MediaKind.VIDEO, Codec.H264, TrackSource.CAMERA)


def keyframe(size: int = 5000, at_us: int = 0) -> EncodedFrame:
    """A keyframe of that many octets."""
    return EncodedFrame(b"K" * size, 0, at_us, keyframe=True)


def delta(size: int = 1000, at_us: int = 0, *, layer: int = 0, discardable: bool = False) -> EncodedFrame:
    """A frame that refers to another."""
    return EncodedFrame(b"d" * size, 0, at_us, temporal_layer=layer, discardable=discardable)


def audio(at_us: int = 0) -> EncodedFrame:
    """An audio packet."""
    return EncodedFrame(b"a" * 100, 0, at_us)


@dataclass
class Call:
    """A client that publishes microphone and camera over a link, 30 frames and 50 packets a second.

    The encoder follows the path's estimate, makes a keyframe six times a delta when asked and every four seconds, and
    skips a frame when the queue is older than 70 ms, as a real one would. Latencies are those of delivered frames.
    """

    link: Link
    max_bitrate: int = 2_500_000
    video_latencies: list[float] = field(default_factory=list)
    audio_latencies: list[float] = field(default_factory=list)
    keyframes_made: int = 0
    _keyframe_wanted: bool = True
    _keyframe_at: float = 0.0

    def start(self) -> None:
        """Open lane 0, publish, and send from now on."""
        link = self.link
        self._chain_events()
        link.open_lane(0)
        link.client.send_control(Publish(MICROPHONE), link.now)
        link.client.send_control(Publish(CAMERA), link.now)
        link.every(1 / 30, self._send_video)
        link.every(0.02, self._send_audio)

    def latencies(self, which: list[float], share: float) -> float:
        """A quantile of what was delivered since the list was cleared."""
        ordered = sorted(which)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    def _chain_events(self) -> None:
        link = self.link
        on_client, on_gateway = link.on_client_event, link.on_gateway_event
        link.on_client_event = self._before(on_client, self._client_event)
        link.on_gateway_event = self._before(on_gateway, self._gateway_event)

    @staticmethod
    def _before(then: Callable[[Event], None], first: Callable[[Event], None]) -> Callable[[Event], None]:
        def both(event: Event) -> None:
            first(event)
            then(event)

        return both

    def _client_event(self, event: Event) -> None:
        if isinstance(event, KeyframeNeeded):
            self._keyframe_wanted = True

    def _gateway_event(self, event: Event) -> None:
        if isinstance(event, FrameReceived):
            which = self.video_latencies if event.track_id == CAMERA.track_id else self.audio_latencies
            which.append(self.link.now - event.frame.capture_time_us / 1e6)

    def _send_video(self) -> None:
        link = self.link
        if link.client.path(link.now).backlog > 0.07:
            return
        share = min(max(link.client.target_bitrate_bps - 40_000, 60_000), self.max_bitrate) / 30 / 8
        at_us = int(link.now * 1e6)
        if self._keyframe_wanted or link.now - self._keyframe_at > 4:
            self._keyframe_wanted = False
            self._keyframe_at = link.now
            self.keyframes_made += 1
            link.client.send_frame(CAMERA.track_id, keyframe(int(share * 6), at_us), link.now)
        else:
            link.client.send_frame(CAMERA.track_id, delta(int(share * 0.85), at_us), link.now)

    def _send_audio(self) -> None:
        self.link.client.send_frame(MICROPHONE.track_id, audio(int(self.link.now * 1e6)), self.link.now)
