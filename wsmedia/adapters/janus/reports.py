"""Receiver reports as Janus can read them: one medium per compound, and its report block first.

Janus takes a compound for the medium of its first report block and looks no further (a PLI behind an empty report, or
behind the block of another source, asks nobody for a keyframe; later blocks count for nothing). RFC 3550 §6.1 allows
one compound with all blocks and RFC 4585 §3.1 an empty report before feedback; what the peer connection composes that
way is taken apart here, on its way into the transport.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wsmedia.peer import PeerConnection
from wsmedia.rtp import rtcp
from wsmedia.rtp.feedback import Fir, Pli
from wsmedia.rtp.rtcp import ReceiverReport, ReportBlock, RtcpPacket, Sdes
from wsmedia.rtp.rtcp_header import PAYLOAD_FEEDBACK, RECEIVER_REPORT, split_compound

BlockOf = Callable[[int], ReportBlock | None]
"""Gives our report block about an SSRC now; None before its first packet."""


def part(compound: bytes, block_of: BlockOf) -> list[bytes]:
    """Take a compound of a peer that sends nothing apart, so that every piece is about one medium.

    Args:
        compound: RTCP as the peer connection composed it.
        block_of: asked for the block that a keyframe request lacks.
    Returns:
        The compounds to send instead; what is about all media (REMB) goes with the first.
    """
    kinds = [(kind, count) for kind, count, _ in split_compound(compound)]
    blocks = kinds[0][1] if kinds and kinds[0][0] == RECEIVER_REPORT else None
    if blocks is None or blocks == 1 or (blocks == 0 and all(kind != PAYLOAD_FEEDBACK for kind, _ in kinds)):
        return [compound]  # the frequent transport-cc feedback among them: not worth parsing
    report, *rest = rtcp.parse(compound)
    if not isinstance(report, ReceiverReport):
        return [compound]
    if not report.reports:
        media_ssrc = _asks_for_keyframe(rest)
        block = block_of(media_ssrc) if media_ssrc is not None else None
        return [compound] if block is None else [rtcp.serialize([replace(report, reports=(block,)), *rest])]
    first, *others = [replace(report, reports=(block,)) for block in report.reports]
    described = [packet for packet in rest if isinstance(packet, Sdes)]
    return [rtcp.serialize([first, *rest]), *(rtcp.serialize([other, *described]) for other in others)]


def adapt(peer: PeerConnection, now: Callable[[], float]) -> None:
    """Let everything that ``peer`` reports to Janus be parted."""
    send = peer.transport.send_rtcp

    def block_of(ssrc: int) -> ReportBlock | None:
        receiver = next((receiver for receiver in peer.receivers if receiver.ssrc == ssrc), None)
        return receiver.report_block(now()) if receiver is not None else None

    def send_parted(data: bytes) -> None:
        for piece in part(data, block_of):
            send(piece)

    peer.transport.send_rtcp = send_parted  # type: ignore[method-assign]


def _asks_for_keyframe(packets: list[RtcpPacket]) -> int | None:
    """The SSRC that the first PLI or FIR is about."""
    for packet in packets:
        if isinstance(packet, Pli):
            return packet.media_ssrc
        if isinstance(packet, Fir) and packet.entries:
            return packet.entries[0][0]
    return None
