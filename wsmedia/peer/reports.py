"""Composes RTCP: periodic reports with descriptions and REMB, and the wrapping that feedback needs (RFC 3550 §6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wsmedia.media import MediaKind
from wsmedia.peer.receiver import RtpReceiver
from wsmedia.peer.sender import RtpSender
from wsmedia.rtp import rtcp
from wsmedia.rtp.feedback import Remb

MAX_BLOCKS = 31
UNLIMITED_BPS = 10_000_000
AUDIO_SHARE_BPS = 64_000


class Reporter:
    """Knows what our reports say.

    Args:
        local_ssrc: stands for us where we send nothing.
        cname: our canonical name.

    Attributes:
        reduced_size: whether the peer takes feedback without a report in front (RFC 5506).
        capacity_bps: what our side can take; None if unknown.
    """

    def __init__(self, local_ssrc: int, cname: str) -> None:
        self._local_ssrc = local_ssrc
        self._cname = cname
        self._told_bps: int | None = None
        self.reduced_size = False
        self.capacity_bps: int | None = None

    def compound(self, feedback: Sequence[rtcp.RtcpPacket]) -> bytes:
        """Feedback as a datagram, with an empty report in front where the peer needs one."""
        if self.reduced_size:
            return rtcp.serialize(feedback)
        report = rtcp.ReceiverReport(self._local_ssrc)
        return rtcp.serialize([report, rtcp.Sdes.of_cname(self._local_ssrc, self._cname), *feedback])

    def periodic(self, senders: Sequence[RtpSender], receivers: Sequence[RtpReceiver], now: float) -> list[bytes]:
        """The datagrams of one interval: one per sender that has sent, the first with our report blocks and REMB.

        Someone who sends nothing reports as a receiver; with nothing to report there is no datagram.
        """
        blocks = [block for receiver in receivers if (block := receiver.report_block(now)) is not None]
        remb = self._remb(receivers)
        reports = [report for sender in senders if (report := sender.report()) is not None]
        datagrams: list[bytes] = []
        while reports or blocks or remb is not None:
            chosen = tuple(blocks[:MAX_BLOCKS])
            del blocks[:MAX_BLOCKS]
            silent = rtcp.ReceiverReport(self._local_ssrc, chosen)
            head = replace(reports.pop(0), reports=chosen) if reports else silent
            packets: list[rtcp.RtcpPacket] = [head, rtcp.Sdes.of_cname(head.ssrc, self._cname)]
            if remb is not None:
                packets.append(remb)
                remb = None
            datagrams.append(rtcp.serialize(packets))
        return datagrams

    def capacity_change(self, receivers: Sequence[RtpReceiver]) -> Remb | None:
        """REMB to be sent at once because the capacity fell noticeably or was told for the first time."""
        told = self._told_bps
        remb = self._remb(receivers)
        if remb is None or (told is not None and remb.bitrate_bps > 0.97 * told):
            # A rise can wait for the next report.
            self._told_bps = told
            return None
        return remb

    def _remb(self, receivers: Sequence[RtpReceiver]) -> Remb | None:
        """What the peer may send in all; None if it did not ask for REMB, or has transport-cc and no limit is known."""
        if not any("goog-remb" in r.parameters.encodings[0].feedback for r in receivers):
            return None
        ssrcs = tuple(r.ssrc for r in receivers if r.ssrc is not None)[:MAX_BLOCKS]
        capacity = self._capacity(receivers)
        if capacity is None:
            if any("transport-cc" in r.parameters.encodings[0].feedback for r in receivers):
                return None
            capacity = UNLIMITED_BPS
        if not ssrcs:
            return None
        self._told_bps = capacity
        return Remb(self._local_ssrc, capacity, ssrcs)

    def _capacity(self, receivers: Sequence[RtpReceiver]) -> int | None:
        """The smaller of the connection's capacity and what the sinks of all video tracks can carry together."""
        videos = [r.capacity_bps for r in receivers if r.kind is MediaKind.VIDEO]
        known = [capacity for capacity in videos if capacity is not None]
        limits = [] if self.capacity_bps is None else [self.capacity_bps]
        if videos and len(known) == len(videos):
            limits.append(sum(known) + AUDIO_SHARE_BPS * (len(receivers) - len(videos)))
        return min(limits, default=None)
