"""What happens to packets between the transport and the senders and receivers: routing, RTCP, timers, rate.

``PeerConnection`` negotiates and configures; from then on this is all that runs per packet.
"""

from __future__ import annotations

import asyncio
import secrets

from wsmedia.clock import Clock
from wsmedia.errors import PacketError
from wsmedia.peer.bandwidth import BandwidthEstimator
from wsmedia.peer.config import PeerConfig
from wsmedia.peer.inlet import Inlet
from wsmedia.peer.outlet import Outlet
from wsmedia.peer.pacer import Pacer
from wsmedia.peer.receiver import RtpReceiver
from wsmedia.peer.reports import Reporter
from wsmedia.peer.router import Router
from wsmedia.peer.sender import RtpSender
from wsmedia.peer.transport import MediaTransport
from wsmedia.peer.virtual_link import VirtualLink
from wsmedia.rtp import packet as rtp_packet
from wsmedia.rtp import rtcp
from wsmedia.rtp.arrivals import ArrivalRecorder
from wsmedia.rtp.feedback import Fir, Nack, Pli, Remb
from wsmedia.rtp.header_extensions import decode_transport_sequence_number
from wsmedia.rtp.twcc import TransportFeedback

TICK = 0.05
FEEDBACK_INTERVAL = 0.1
REPORT_INTERVAL = 1.0
MIN_DELAY = 0.005
MAX_RTCP_PER_SECOND = 400
"""Datagrams that are looked at; some 30 tracks with reports, repairs and feedback make about 200. More are ignored."""


class MediaPath:
    """The media of one transport.

    Attributes:
        outlet, inlet: for the senders and receivers that the connection makes.
        reporter: knows what the periodic reports say.
    """

    def __init__(self, transport: MediaTransport, config: PeerConfig, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._bandwidth = BandwidthEstimator(config.initial_bitrate_bps)
        self.outlet = Outlet(transport.send_rtp, transport.send_rtp_all, clock, self._bandwidth)
        self._pacer = Pacer(transport.send_rtp_all)
        self.outlet.pace = self._pacer.send
        self.outlet.started = self._send_reports
        self.inlet = Inlet(clock, self._send_nack, self._send_keyframe_request)
        local_ssrc = 1 + secrets.randbelow(2**32 - 2)
        self.reporter = Reporter(local_ssrc, config.cname)
        self._local_ssrc = local_ssrc
        self._router = Router()
        self._senders: dict[int, RtpSender] = {}
        self._receivers: list[RtpReceiver] = []
        self._arrivals = ArrivalRecorder(local_ssrc)
        self._virtual_link = VirtualLink()
        self._transport_cc_id: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._feedback_at = 0.0
        self._report_at = 0.0
        self._told_bps = 0
        self._fir_number = 0
        self._rtcp_count = 0
        self._rtcp_since = 0.0
        transport.on_rtp = self.rtp_received
        transport.on_rtcp = self.rtcp_received

    def configure(self, senders: list[RtpSender], receivers: list[RtpReceiver], *, reduced_size: bool) -> None:
        """Take over the outcome of a negotiation: the senders and receivers that are active."""
        if set(senders) != set(self._senders.values()):
            self._told_bps = 0  # another division: told with the next estimate
        self._senders = {sender.source.ssrc: sender for sender in senders}
        self._receivers = receivers
        self._router.configure(receivers)
        self._transport_cc_id = next(
            (r.parameters.extensions.transport_cc for r in receivers if r.parameters.extensions.transport_cc), None
        )
        if receivers and receivers[0].ssrc is not None:
            self._arrivals.media_ssrc = receivers[0].ssrc
        self.reporter.reduced_size = reduced_size
        for receiver in receivers:
            receiver.on_capacity = self._capacity_changed

    def open(self) -> None:
        """The transport is connected: senders may send, timers run."""
        self.outlet.is_open = True
        self._schedule(TICK)
        for sender in list(self._senders.values()):
            sender.opened()

    def close(self) -> None:
        """Stop sending and the timers."""
        self.outlet.is_open = False
        self._pacer.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def set_receive_capacity(self, bitrate_bps: int | None) -> None:
        """What our side can take in all, told by REMB and, where only transport-cc is there, by delayed arrivals."""
        self.reporter.capacity_bps = bitrate_bps
        self._virtual_link.capacity_bps = bitrate_bps
        self._capacity_changed()

    def _capacity_changed(self) -> None:
        if self.outlet.is_open and (remb := self.reporter.capacity_change(self._receivers)):
            self._transport.send_rtcp(self.reporter.compound([remb]))

    # Incoming

    def rtp_received(self, data: bytes) -> None:
        """Take one decrypted RTP packet; whatever it holds, nothing is raised."""
        now = self._clock.monotonic()
        try:
            packet = rtp_packet.parse(data)
        except PacketError:
            return
        if self._transport_cc_id is not None:
            number = decode_transport_sequence_number(packet.extensions.get(self._transport_cc_id))
            if number is not None:
                self._arrivals.record(number, self._virtual_link.arrival(len(data), now))
        receiver = self._router.route(packet)
        if receiver is not None:
            timeout = receiver.receive(packet, now)
            if timeout is not None and timeout < self._timer_at:
                self._schedule(max(timeout - now, MIN_DELAY))

    def rtcp_received(self, data: bytes) -> None:
        """Take one decrypted RTCP compound; whatever it holds, nothing is raised."""
        now = self._clock.monotonic()
        if now - self._rtcp_since >= 1.0:
            self._rtcp_since = now
            self._rtcp_count = 0
        self._rtcp_count += 1
        if self._rtcp_count > MAX_RTCP_PER_SECOND:
            return
        try:
            packets = rtcp.parse(data)
        except PacketError:
            return
        for packet in packets:
            self._dispatch(packet, now)

    def _dispatch(self, packet: rtcp.RtcpPacket, now: float) -> None:
        match packet:
            case rtcp.SenderReport():
                receiver = self._router.by_ssrc(packet.ssrc)
                if receiver is not None and receiver.ssrc == packet.ssrc:
                    receiver.sender_report_received(packet, now)
                self._blocks_received(packet.reports)
            case rtcp.ReceiverReport():
                self._blocks_received(packet.reports)
            case Nack():
                if (sender := self._senders.get(packet.media_ssrc)) is not None:
                    sender.nack_received(packet.sequence_numbers, now)
            case Pli():
                self._keyframe_wanted(packet.media_ssrc, now)
            case Fir():
                for ssrc, _ in packet.entries:
                    self._keyframe_wanted(ssrc, now)
            case Remb():
                self._tell_target(self._bandwidth.remb_received(packet.bitrate_bps, now))
            case TransportFeedback():
                self._tell_target(self._bandwidth.feedback_received(packet, now))
            case _:
                pass

    def _blocks_received(self, blocks: tuple[rtcp.ReportBlock, ...]) -> None:
        for block in blocks:
            if (sender := self._senders.get(block.ssrc)) is not None:
                sender.report_received(block)

    def _keyframe_wanted(self, ssrc: int, now: float) -> None:
        if (sender := self._senders.get(ssrc)) is not None:
            sender.keyframe_requested(now)

    def _tell_target(self, target_bps: int) -> None:
        """Divide a target among the video senders, after audio has had its share; small changes are not told."""
        if abs(target_bps - self._told_bps) * 20 < self._told_bps:
            return
        self._told_bps = target_bps
        senders = list(self._senders.values())
        videos = [sender for sender in senders if sender.track.kind == "video"]
        audio_share = min(target_bps // 4, 40_000 * (len(senders) - len(videos)))
        for sender in senders:
            if sender.track.kind == "video":
                sender.on_target_bitrate((target_bps - audio_share) // len(videos))
            elif not videos:
                sender.on_target_bitrate(target_bps // len(senders))

    # Outgoing

    def _send_nack(self, media_ssrc: int, sequence_numbers: list[int]) -> None:
        nack = Nack(self._local_ssrc, media_ssrc, tuple(sequence_numbers))
        self._transport.send_rtcp(self.reporter.compound([nack]))

    def _send_keyframe_request(self, media_ssrc: int, use_fir: bool) -> None:
        request: rtcp.RtcpPacket = Pli(self._local_ssrc, media_ssrc)
        if use_fir:
            request = Fir(self._local_ssrc, ((media_ssrc, self._fir_number),))
            self._fir_number = self._fir_number + 1 & 0xFF
        self._transport.send_rtcp(self.reporter.compound([request]))

    def _send_reports(self) -> None:
        now = self._clock.monotonic()
        self._report_at = now + REPORT_INTERVAL
        for compound in self.reporter.periodic(list(self._senders.values()), self._receivers, now):
            self._transport.send_rtcp(compound)

    # Timers

    def _schedule(self, delay: float) -> None:
        if not self.outlet.is_open:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._clock.monotonic() + delay
        self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        """Every 50 ms, sooner when a receiver asks: repairs, feedback, reports."""
        self._timer = None
        now = self._clock.monotonic()
        delay = TICK
        for receiver in self._receivers:
            timeout = receiver.handle_timeout(now)
            if timeout is not None:
                delay = min(delay, max(timeout - now, MIN_DELAY))
        for sender in list(self._senders.values()):
            sender.handle_timeout(now)
        if now >= self._feedback_at:
            self._feedback_at = now + FEEDBACK_INTERVAL
            for feedback in self._arrivals.build():
                self._transport.send_rtcp(self.reporter.compound([feedback]))
        if now >= self._report_at:
            self._send_reports()
        self._schedule(delay)
