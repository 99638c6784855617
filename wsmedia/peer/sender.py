"""Sends one track: encoded frames in, RTP out, retransmissions on request (FrameSink of the ports)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wsmedia.errors import PacketError, PayloadError
from wsmedia.media import Codec, EncodedFrame, MediaKind, Track
from wsmedia.peer.keyframe_requests import KeyframeRequests
from wsmedia.peer.outlet import OutgoingSource, Outlet, SendParameters
from wsmedia.rtp import payload, rtx
from wsmedia.rtp.header_extensions import abs_send_time_from_seconds
from wsmedia.rtp.header_writer import HeaderWriter
from wsmedia.rtp.history import SendHistory
from wsmedia.rtp.rtcp import ReportBlock, SenderReport
from wsmedia.rtp.timeline import CaptureClock, ntp_from_unix_us

KEYFRAME_INTERVAL = 0.25
KEYFRAME_GUARD = 0.1
MAX_RETRANSMISSIONS_PER_SECOND = 2000


class RtpSender:
    """One outgoing track of a ``PeerConnection``, made by ``add_sender``.

    Attributes:
        track: what it carries; ``carry`` may change its codec.
        stream_id: the msid stream that it belongs to; senders of one stream share one clock.
        on_keyframe_request: called when the peer needs a keyframe, and when the way has just opened; coalesced.
        on_target_bitrate: called with the bits per second that this track should not exceed.
        on_rejected: called when the peer refuses the track's section.
        frames_dropped: frames taken while there was no way out, delta frames before the first keyframe, and frames
            that cannot be packetized.
    """

    def __init__(
        self,
        track: Track,
        stream_id: str,
        *,
        outlet: Outlet,
        clock: CaptureClock,
        max_packet: int,
        history_packets: int,
    ) -> None:
        self.track = track
        self.stream_id = stream_id
        self.on_keyframe_request: Callable[[], None] = lambda: None
        self.on_target_bitrate: Callable[[int], None] = lambda _bitrate_bps: None
        self.on_rejected: Callable[[], None] = lambda: None
        self.frames_dropped = 0
        self.source = OutgoingSource()
        self._outlet = outlet
        self._max_packet = max_packet
        self._packetizer = payload.packetizer(track.codec)
        self._timeline = clock.timeline(track.codec.clock_rate)
        self._history = SendHistory(history_packets)
        self._requests = KeyframeRequests(KEYFRAME_INTERVAL, repeat=False, guard=KEYFRAME_GUARD)
        self._parameters: SendParameters | None = None
        self._writer: HeaderWriter | None = None
        self._is_video = track.kind is MediaKind.VIDEO
        self._awaiting_keyframe = self._is_video
        self._has_sent = False
        self._resent = 0
        self._resent_since = 0.0

    @property
    def ssrc(self) -> int:
        """The SSRC of its packets."""
        return self.source.ssrc

    @property
    def parameters(self) -> SendParameters | None:
        """What was negotiated; None while the section does not send."""
        return self._parameters

    def configure(self, parameters: SendParameters | None) -> None:
        """Apply the outcome of a negotiation; None stops sending."""
        if parameters == self._parameters:
            return
        self._parameters = parameters
        self._history.clear()
        self._awaiting_keyframe = self.track.kind is MediaKind.VIDEO
        self._writer = None
        if parameters is not None:
            self._writer = HeaderWriter(
                self.source.ssrc,
                parameters.encoding.payload_type,
                parameters.extensions,
                mid=parameters.mid or None,
                with_audio_level=self.track.kind is MediaKind.AUDIO,
            )
            self.opened()

    def can_carry(self, codec: Codec) -> bool:
        """Whether the peer takes this codec from us where we send now."""
        parameters = self._parameters
        return parameters is not None and any(
            encoding.codec is codec for encoding in (parameters.encoding, *parameters.others)
        )

    def carry(self, codec: Codec) -> None:
        """Send frames of this codec from now on, which ``can_carry`` says; there is nothing to negotiate."""
        parameters = self._parameters
        if parameters is None or codec is self.track.codec:
            return
        known = (parameters.encoding, *parameters.others)
        encoding = next((encoding for encoding in known if encoding.codec is codec), None)
        if encoding is not None:
            self.track = replace(self.track, codec=codec)
            self._packetizer = payload.packetizer(codec)
            others = tuple(other for other in known if other is not encoding)
            self.configure(replace(parameters, encoding=encoding, others=others))

    def opened(self) -> None:
        """The way may be open now: ask for a keyframe, for what came before is lost."""
        if self._awaiting_keyframe and self._writer is not None and self._outlet.is_open:
            self.keyframe_requested(self._outlet.clock.monotonic())

    def send_frame(self, frame: EncodedFrame) -> None:
        """Packetize one frame and send it at once."""
        writer, outlet = self._writer, self._outlet
        if writer is None or not outlet.is_open:
            self.frames_dropped += 1
            return
        now = outlet.clock.monotonic()
        if self._awaiting_keyframe:
            if not frame.keyframe:
                self.frames_dropped += 1
                self.keyframe_requested(now)
                return
            self._awaiting_keyframe = False
        try:
            payloads = self._packetizer.packetize(frame.data, self._max_packet - writer.overhead)
        except PayloadError:
            self.frames_dropped += 1
            return
        source = self.source
        rtp_timestamp = frame.rtp_timestamp + source.timestamp_offset & 0xFFFFFFFF
        # Before the packets: the first frame's capture time must be known when a report goes out behind it.
        self._timeline.sent(rtp_timestamp, frame.capture_time_us, outlet.clock.wall_us())
        if frame.keyframe:
            self._requests.keyframe(now)
        self._send_payloads(writer, payloads, rtp_timestamp, frame.audio_level, now)
        if not self._has_sent:
            self._has_sent = True
            outlet.started()

    def _send_payloads(
        self, writer: HeaderWriter, payloads: list[bytes], rtp_timestamp: int, audio_level: int | None, now: float
    ) -> None:
        """The hot path: headers, history, SRTP, socket. Video's last packet has the marker (RFC 6184 §5.1)."""
        outlet, source = self._outlet, self.source
        sequence_number, transport_number = source.sequence_number, outlet.transport_sequence_number
        packets = writer.write_frame(
            sequence_number,
            rtp_timestamp,
            payloads,
            mark_last=self._is_video,
            transport_sequence_number=transport_number,
            abs_send_time=abs_send_time_from_seconds(now),
            audio_level=audio_level,
        )
        count = len(packets)
        source.sequence_number = sequence_number + count & 0xFFFF
        outlet.transport_sequence_number = transport_number + count & 0xFFFF
        self._history.store_frame(sequence_number, packets, now)
        outlet.bandwidth.sent_frame(transport_number, packets, now)
        if self._is_video:
            outlet.pace(packets)
        else:
            outlet.send_all(packets)
        source.statistics.packets_sent += count
        source.statistics.octets_sent += sum(map(len, payloads))

    def nack_received(self, sequence_numbers: tuple[int, ...], now: float) -> None:
        """Send again what the history still has; at most 2000 packets a second, whatever the peer asks."""
        if now - self._resent_since >= 1.0:
            self._resent_since = now
            self._resent = 0
        for sequence_number in sequence_numbers:
            if self._resent >= MAX_RETRANSMISSIONS_PER_SECOND:
                return
            packet = self._history.find(sequence_number, now)
            if packet is not None:
                self._resent += 1
                self._resend(packet, now)

    def _resend(self, packet: bytes, now: float) -> None:
        parameters, writer, outlet, source = self._parameters, self._writer, self._outlet, self.source
        if parameters is None or writer is None:
            return
        if parameters.encoding.rtx_payload_type is None:
            # Unaltered, transport-wide number included: see HeaderWriter.restamp about AES-GCM.
            outlet.send(packet)
            return
        number = outlet.transport_sequence_number
        stamped = writer.restamp(packet, number, abs_send_time_from_seconds(now))
        outlet.transport_sequence_number = number + 1 & 0xFFFF
        try:
            packet = rtx.wrap(
                stamped, source.rtx_ssrc, parameters.encoding.rtx_payload_type, source.rtx_sequence_number
            )
        except PacketError:
            return
        source.rtx_sequence_number = source.rtx_sequence_number + 1 & 0xFFFF
        outlet.bandwidth.sent(number, len(packet), now)
        outlet.send(packet)

    def keyframe_requested(self, now: float) -> None:
        """The peer sent PLI or FIR."""
        if self._requests.want(now):
            self.on_keyframe_request()

    def handle_timeout(self, now: float) -> None:
        """Pass on a keyframe request that had to wait; called every 50 ms or so."""
        if self._requests.due(now):
            self.on_keyframe_request()

    def report_received(self, block: ReportBlock) -> None:
        """The peer told how our packets arrive."""
        statistics = self.source.statistics
        statistics.report_received(block, ntp_from_unix_us(self._outlet.clock.wall_us()))
        if statistics.round_trip_time is not None:
            self._history.min_resend_interval = min(0.2, max(0.01, statistics.round_trip_time))

    def report(self) -> SenderReport | None:
        """Our sender report for now; None before the first frame or while not sending."""
        times = self._timeline.report_times(self._outlet.clock.wall_us())
        if times is None or self._writer is None:
            return None
        statistics = self.source.statistics
        return SenderReport(self.source.ssrc, *times, statistics.packets_sent, statistics.octets_sent)
