"""Finds the receiver of a packet on a bundled transport: by MID, then SSRC, then payload type (RFC 9143 §9.2)."""

from __future__ import annotations

from collections.abc import Iterable

from wsmedia.peer.receiver import RtpReceiver
from wsmedia.rtp.packet import RtpPacket

MAX_LEARNT_SSRCS = 1024


class Router:
    """The tables of one transport; learnt SSRCs are bounded, the oldest are forgotten."""

    def __init__(self) -> None:
        self._by_mid: dict[bytes, RtpReceiver] = {}
        self._by_ssrc: dict[int, RtpReceiver] = {}
        self._declared: set[int] = set()
        self._by_payload_type: dict[int, RtpReceiver | None] = {}
        self._mid_id: int | None = None

    def configure(self, receivers: Iterable[RtpReceiver]) -> None:
        """Take over the receivers of all sections after a negotiation; what was learnt of those that stay, stays."""
        receivers = list(receivers)
        self._by_mid = {}
        self._by_payload_type = {}
        self._mid_id = None
        learnt = [
            (ssrc, receiver)
            for ssrc, receiver in self._by_ssrc.items()
            if receiver in receivers and ssrc not in self._declared
        ]
        self._by_ssrc = {}
        for receiver in receivers:
            parameters = receiver.parameters
            if parameters.mid:
                self._by_mid[parameters.mid.encode()] = receiver
                self._mid_id = parameters.extensions.mid or self._mid_id
            for ssrc in (*parameters.ssrcs, *parameters.retransmission_ssrcs):
                self._by_ssrc[ssrc] = receiver
            for encoding in parameters.encodings:
                for payload_type in (encoding.payload_type, encoding.rtx_payload_type):
                    if payload_type is not None:
                        other = self._by_payload_type.setdefault(payload_type, receiver)
                        if other is not receiver:
                            # Two sections use it: it tells nothing.
                            self._by_payload_type[payload_type] = None
        self._declared = set(self._by_ssrc)
        for ssrc, receiver in learnt:
            self._by_ssrc.setdefault(ssrc, receiver)

    def route(self, packet: RtpPacket) -> RtpReceiver | None:
        """The packet's receiver; None when nothing tells whose it is."""
        known = self._by_ssrc.get(packet.ssrc)
        if packet.extensions and self._mid_id is not None:
            mid = packet.extensions.get(self._mid_id)
            if mid is not None:
                receiver = self._by_mid.get(mid)
                if receiver is None:
                    # A section that does not receive, or one that is still being negotiated.
                    return None
                if receiver is not known:
                    self._learn(packet.ssrc, receiver)
                return receiver
        if known is not None:
            return known
        receiver = self._by_payload_type.get(packet.payload_type)
        if receiver is not None:
            self._learn(packet.ssrc, receiver)
        return receiver

    def by_ssrc(self, ssrc: int) -> RtpReceiver | None:
        """The receiver of a source, for reports about it."""
        return self._by_ssrc.get(ssrc)

    def _learn(self, ssrc: int, receiver: RtpReceiver) -> None:
        if len(self._by_ssrc) - len(self._declared) >= MAX_LEARNT_SSRCS:
            oldest = next((other for other in self._by_ssrc if other not in self._declared), None)
            if oldest is not None:
                del self._by_ssrc[oldest]
        self._by_ssrc[ssrc] = receiver
