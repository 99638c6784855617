"""Receives one track: RTP in, whole encoded frames out (FrameSource of the ports).

In order → depacketize → deliver. Audio is never buffered; a video frame leaves when its marker packet is there. Behind
a gap, packets wait for a repair within bounds; a gap that stays makes video wait for a keyframe and ask for one.
"""

from __future__ import annotations

from collections.abc import Callable

from wsmedia.media import Codec, EncodedFrame, MediaKind
from wsmedia.peer.inlet import Inlet, ReceiveParameters
from wsmedia.peer.keyframe_requests import KeyframeRequests
from wsmedia.ports import FrameSink
from wsmedia.rtp import payload, rtx
from wsmedia.rtp.header_extensions import decode_audio_level
from wsmedia.rtp.nack import NackGenerator
from wsmedia.rtp.packet import RtpPacket
from wsmedia.rtp.payload_format import DepacketizedFrame
from wsmedia.rtp.reorder import ReorderBuffer
from wsmedia.rtp.rtcp import ReportBlock, SenderReport
from wsmedia.rtp.statistics import ReceiveStatistics

KEYFRAME_INTERVAL = 0.3
REORDER_TOLERANCE = 0.005
MAX_RETIRED_SSRCS = 16
RETIREMENT = 2.0
_MAX_ASKED = 512


class RtpReceiver:
    """One incoming track of a ``PeerConnection``, handed to ``on_receiver``.

    Attributes:
        mid: its section's.
        kind, codec: what it carries.
        stream_id: the msid stream as the peer calls it, an SFU's label of a participant; empty when it says none.
        track_id: the msid track.
        frames_received, frames_dropped: delivered, and held back because something before them was missing.
    """

    def __init__(self, parameters: ReceiveParameters, inlet: Inlet) -> None:
        self.mid = parameters.mid
        self.codec: Codec = parameters.encodings[0].codec
        self.kind: MediaKind = self.codec.kind
        self.stream_id = parameters.stream_id
        self.track_id = parameters.track_id
        self.frames_received = 0
        self.frames_dropped = 0
        self.on_capacity: Callable[[], None] = lambda: None
        self._inlet = inlet
        self._sinks: list[FrameSink] = []
        self._capacities: dict[int, int] = {}
        self._requests = KeyframeRequests(KEYFRAME_INTERVAL, repeat=True)
        self._round_trip_time = 0.05
        self._retired: dict[int, float] = {}
        self._ssrc: int | None = None
        self._packets_since_request = False
        self.configure(parameters)

    # FrameSource

    def add_sink(self, sink: FrameSink) -> None:
        """Deliver every following frame to ``sink`` too; adding twice is adding once."""
        if sink not in self._sinks:
            self._sinks = [*self._sinks, sink]

    def remove_sink(self, sink: FrameSink) -> None:
        """Stop delivering to ``sink``; unknown sinks are ignored."""
        self._sinks = [other for other in self._sinks if other is not sink]
        if self._capacities.pop(id(sink), None) is not None:
            self.on_capacity()

    def request_keyframe(self) -> None:
        """Ask the peer for a keyframe; repeated until one comes, but not more often than every 0.3 s."""
        if self.kind is MediaKind.VIDEO and self._requests.want(self._inlet.clock.monotonic()):
            self._send_keyframe_request()

    def set_capacity(self, sink: FrameSink, bitrate_bps: int) -> None:
        """Tell what the path behind ``sink`` can carry; the greatest of all sinks' counts, for slower ones can drop."""
        self._capacities[id(sink)] = bitrate_bps
        self.on_capacity()

    @property
    def capacity_bps(self) -> int | None:
        """What the sinks can carry of this track; None if none of them has told."""
        return max(self._capacities.values(), default=None)

    # Negotiation

    @property
    def ssrc(self) -> int | None:
        """The source that is being received; None until one is declared or seen."""
        return self._ssrc

    @property
    def parameters(self) -> ReceiveParameters:
        """What was negotiated."""
        return self._parameters

    def configure(self, parameters: ReceiveParameters) -> None:
        """Apply the outcome of a negotiation; a source declared anew starts everything over."""
        self._parameters = parameters
        self._encodings = {encoding.payload_type: encoding for encoding in parameters.encodings}
        self._originals = {
            encoding.rtx_payload_type: encoding.payload_type
            for encoding in parameters.encodings
            if encoding.rtx_payload_type is not None
        }
        feedback = parameters.encodings[0].feedback
        self._nack_enabled = "nack" in feedback
        self._use_fir = "nack pli" not in feedback and "ccm fir" in feedback
        self._audio_level_id = parameters.extensions.audio_level if self.kind is MediaKind.AUDIO else None
        declared = parameters.ssrcs[0] if parameters.ssrcs else None
        if declared is not None and declared != self._ssrc and self._ssrc not in parameters.ssrcs:
            self._retired.pop(declared, None)
            self._begin(declared)
        elif self._ssrc is None:
            self._begin(None)

    def _begin(self, ssrc: int | None) -> None:
        """Forget the old source's packets and begin with a new one."""
        if self._ssrc is not None:
            self._retired[self._ssrc] = self._inlet.clock.monotonic()
            while len(self._retired) > MAX_RETIRED_SSRCS:
                del self._retired[next(iter(self._retired))]
        self._ssrc = ssrc
        self._depacketizer = payload.depacketizer(self.codec)
        self._frames_damaged = 0
        self._reorder = ReorderBuffer(self._max_wait())
        self._nack = NackGenerator(reorder_tolerance=REORDER_TOLERANCE, round_trip_time=self._round_trip_time)
        self._asked: dict[int, float] = {}
        self._statistics = ReceiveStatistics(ssrc or 0, self.codec.clock_rate)
        self._timeline = self._parameters.clock.timeline(self.codec.clock_rate)
        self._frame_began: tuple[int, float] = (-1, 0.0)
        self._needs_keyframe = self.kind is MediaKind.VIDEO

    def _max_wait(self) -> float:
        """How long packets wait behind a gap: two repairs for video, one for audio, a moment where nothing repairs."""
        if not self._nack_enabled:
            return 0.03 if self.kind is MediaKind.VIDEO else 0.01
        if self.kind is MediaKind.VIDEO:
            return min(0.5, max(0.1, 3 * self._round_trip_time + 0.03))
        return min(0.1, self._round_trip_time + 0.02)

    # Packets

    def receive(self, packet: RtpPacket, now: float) -> float | None:
        """Take one packet that was routed here.

        Returns:
            When ``handle_timeout`` wants to be called: monotonic seconds, or None while nothing waits.
        """
        if packet.payload_type not in self._encodings:
            original = self._repaired(packet)
            if original is None:
                return None
            packet = original
        elif packet.ssrc != self._ssrc:
            if now - self._retired.get(packet.ssrc, -1e9) < RETIREMENT:
                # Stragglers of the source before, or another layer of a simulcast.
                self._retired[packet.ssrc] = now
                return None
            self._begin(packet.ssrc)
            self._statistics.ssrc = packet.ssrc
            self._statistics.received(packet.sequence_number, packet.rtp_timestamp, len(packet.payload), now)
        else:
            self._statistics.received(packet.sequence_number, packet.rtp_timestamp, len(packet.payload), now)
        self._packets_since_request = True
        if packet.rtp_timestamp != self._frame_began[0]:
            self._frame_began = (packet.rtp_timestamp, now)
        if self._nack_enabled and self._nack.received(packet.sequence_number, now):
            self._measure_repair(packet.sequence_number, now)
        for ready in self._reorder.push(packet, now):
            self._depacketize(ready, now)
        if self._nack.next_timeout() is None and self._reorder.next_timeout() is None:
            return self._requests.next_timeout()
        return self.handle_timeout(now)

    def _repaired(self, packet: RtpPacket) -> RtpPacket | None:
        """The packet inside a retransmission; None for what is not ours: another codec, padding probes, stragglers of
        the source that the section had before."""
        payload_type = self._originals.get(packet.payload_type)
        if payload_type is None or self._ssrc is None:
            return None
        declared = self._parameters.retransmission_ssrcs
        if declared and packet.ssrc not in declared:
            return None
        return rtx.unwrap(packet, self._ssrc, payload_type)

    def _measure_repair(self, sequence_number: int, now: float) -> None:
        asked_at = self._asked.pop(sequence_number, None)
        if asked_at is not None:
            self._round_trip_time += (min(1.0, now - asked_at) - self._round_trip_time) / 8
            self._nack.round_trip_time = self._round_trip_time
            self._reorder.max_wait = self._max_wait()

    def handle_timeout(self, now: float) -> float | None:
        """Give up gaps that are too old, ask for what is missing, repeat keyframe requests.

        Returns:
            When to call again; None while nothing waits.
        """
        for ready in self._reorder.poll(now):
            self._depacketize(ready, now)
        if skipped := self._reorder.take_skipped():
            self._nack.forget(skipped)
        if self._nack_enabled and self._ssrc is not None and (missing := self._nack.requests(now)):
            if len(self._asked) > _MAX_ASKED:
                self._asked.clear()
            for sequence_number in missing:
                self._asked.setdefault(sequence_number, now)
            self._inlet.send_nack(self._ssrc, missing)
        # A source that is silent (muted, not begun) is not pestered: it would only fill the peer's log.
        if self._packets_since_request and self._requests.due(now):
            self._send_keyframe_request()
        # Nor is a request for it something to wake up for: its next packet does that.
        repetition = self._requests.next_timeout() if self._packets_since_request else None
        times = (self._nack.next_timeout(), self._reorder.next_timeout(), repetition)
        return min((time for time in times if time is not None), default=None)

    def _depacketize(self, packet: RtpPacket, now: float) -> None:
        depacketizer = self._depacketizer
        frames = depacketizer.push(packet)
        if depacketizer.frames_dropped != self._frames_damaged:
            # Under heavy loss it may take long until a frame is whole and shows that others are missing before it.
            self._frames_damaged = depacketizer.frames_dropped
            self.request_keyframe()
        for frame in frames:
            self._deliver(frame, now)

    def _deliver(self, frame: DepacketizedFrame, now: float) -> None:
        if self.kind is MediaKind.VIDEO and not self._decodable(frame, now):
            self.frames_dropped += 1
            return
        began = self._frame_began
        arrival = began[1] if began[0] == frame.rtp_timestamp else now
        arrival_us = self._inlet.clock.wall_us() - int((now - arrival) * 1e6)
        level = None
        if self._audio_level_id is not None:
            level = decode_audio_level(frame.first_packet.extensions.get(self._audio_level_id))
        encoded = EncodedFrame(
            data=frame.data,
            rtp_timestamp=frame.rtp_timestamp,
            capture_time_us=self._timeline.capture_time_us(frame.rtp_timestamp, arrival_us),
            keyframe=frame.keyframe,
            discardable=frame.discardable,
            # What no other frame refers to stands above all the rest. What of the rest refers to what, RTP does not say
            # (upper layers may refer to themselves, as VP8's do), so all of it is one layer: each needs the one before.
            temporal_layer=max(frame.temporal_layer, 1) if frame.discardable else 0,
            audio_level=level,
        )
        self.frames_received += 1
        for sink in self._sinks:
            sink.send_frame(encoded)

    def _decodable(self, frame: DepacketizedFrame, now: float) -> bool:
        """Whether everything that a video frame may refer to was delivered; asks for a keyframe if not."""
        if frame.keyframe:
            self._needs_keyframe = False
            self._requests.keyframe(now)
        elif frame.after_loss:
            self._needs_keyframe = True
        if self._needs_keyframe and self._requests.want(now):
            self._send_keyframe_request()
        return not self._needs_keyframe

    def _send_keyframe_request(self) -> None:
        self._packets_since_request = False
        if self._ssrc is not None:
            self._inlet.send_keyframe_request(self._ssrc, self._use_fir)

    # Reports

    def sender_report_received(self, report: SenderReport, now: float) -> None:
        """The peer told how its RTP timestamps relate to its clock."""
        self._statistics.sender_report_received(report, now)
        self._timeline.sender_report(report.ntp_timestamp, report.rtp_timestamp)

    def report_block(self, now: float) -> ReportBlock | None:
        """What our next report says of this source; None before its first packet."""
        return self._statistics.report_block(now)
