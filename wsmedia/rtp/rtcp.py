"""RTCP packets: reports, source descriptions, goodbyes (RFC 3550 §6), and the compound packets that carry them all.

``parse`` gives what it knows and skips the rest; feedback messages have files of their own.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import TypeAlias

from wsmedia.errors import PacketError
from wsmedia.rtp import feedback, twcc
from wsmedia.rtp.feedback import Fir, Nack, Pli, Remb
from wsmedia.rtp.rtcp_header import (
    BYE,
    PAYLOAD_FEEDBACK,
    RECEIVER_REPORT,
    SDES,
    SENDER_REPORT,
    TRANSPORT_FEEDBACK,
    split_compound,
    write_packet,
)
from wsmedia.rtp.twcc import TransportFeedback

CNAME = 1

_REPORT_BLOCK = Struct("!IIIIII")
_SENDER_INFO = Struct("!IQIII")
_SSRC = Struct("!I")
_MAX_COUNT = 31
_MAX_COMPOUND_STATUSES = 1024
"""Transport-cc statuses that are read of one datagram: what claims more is no description of real packets."""


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver tells about one SSRC (RFC 3550 §6.4.1).

    Attributes:
        ssrc: the source that it is about.
        fraction_lost: of 256, since the report before.
        packets_lost: in all, -2²³ … 2²³-1; duplicates make it shrink.
        highest_sequence_number: extended to 32 bits by the count of wraparounds.
        jitter: interarrival jitter in timestamp units.
        last_sender_report: middle 32 bits of the last sender report's NTP timestamp, 0 if none.
        delay_since_last_sender_report: in 1/65536 s.
    """

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence_number: int
    jitter: int
    last_sender_report: int
    delay_since_last_sender_report: int

    def serialize(self) -> bytes:
        """Write the 24 octets."""
        return _REPORT_BLOCK.pack(
            self.ssrc,
            self.fraction_lost << 24 | self.packets_lost & 0xFFFFFF,
            self.highest_sequence_number & 0xFFFFFFFF,
            self.jitter,
            self.last_sender_report,
            self.delay_since_last_sender_report,
        )


@dataclass(frozen=True, slots=True)
class SenderReport:
    """A sender's clock and counters, and what it receives (RFC 3550 §6.4.1).

    ``ntp_timestamp`` is 64 bits wide (``timeline.ntp_from_unix_us``) and names the same instant as ``rtp_timestamp``.
    """

    ssrc: int
    ntp_timestamp: int
    rtp_timestamp: int
    packet_count: int
    octet_count: int
    reports: tuple[ReportBlock, ...] = ()

    def serialize(self) -> bytes:
        """Write the packet; at most 31 report blocks."""
        _check_count(self.reports)
        body = _SENDER_INFO.pack(
            self.ssrc,
            self.ntp_timestamp,
            self.rtp_timestamp,
            self.packet_count & 0xFFFFFFFF,
            self.octet_count & 0xFFFFFFFF,
        )
        body += b"".join(report.serialize() for report in self.reports)
        return write_packet(SENDER_REPORT, len(self.reports), body)


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """What somebody who sends nothing receives (RFC 3550 §6.4.2)."""

    ssrc: int
    reports: tuple[ReportBlock, ...] = ()

    def serialize(self) -> bytes:
        """Write the packet; at most 31 report blocks."""
        _check_count(self.reports)
        body = _SSRC.pack(self.ssrc) + b"".join(report.serialize() for report in self.reports)
        return write_packet(RECEIVER_REPORT, len(self.reports), body)


@dataclass(frozen=True, slots=True)
class SdesChunk:
    """Descriptions of one source (RFC 3550 §6.5): (item type, octets) pairs; type 1 is CNAME."""

    ssrc: int
    items: tuple[tuple[int, bytes], ...]

    @property
    def cname(self) -> str | None:
        """The canonical name, or None when it is missing or not UTF-8."""
        for item_type, value in self.items:
            if item_type == CNAME:
                try:
                    return value.decode()
                except UnicodeDecodeError:
                    return None
        return None


@dataclass(frozen=True, slots=True)
class Sdes:
    """Source descriptions (RFC 3550 §6.5)."""

    chunks: tuple[SdesChunk, ...]

    @classmethod
    def of_cname(cls, ssrc: int, cname: str) -> Sdes:
        """Make the one that every compound packet carries; ``cname`` is at most 255 octets of UTF-8."""
        return cls((SdesChunk(ssrc, ((CNAME, cname.encode()),)),))

    def serialize(self) -> bytes:
        """Write the packet; at most 31 chunks, items at most 255 octets."""
        _check_count(self.chunks)
        body = b""
        for chunk in self.chunks:
            content = _SSRC.pack(chunk.ssrc)
            for item_type, value in chunk.items:
                content += bytes((item_type, len(value))) + value
            body += content + bytes(4 - len(content) % 4)
        return write_packet(SDES, len(self.chunks), body)


@dataclass(frozen=True, slots=True)
class Bye:
    """Sources that have ended (RFC 3550 §6.6)."""

    ssrcs: tuple[int, ...]
    reason: str = ""

    def serialize(self) -> bytes:
        """Write the packet; at most 31 sources; the reason is cut after 255 octets of UTF-8."""
        _check_count(self.ssrcs)
        body = b"".join(map(_SSRC.pack, self.ssrcs))
        if self.reason:
            text = self.reason.encode()[:255]
            body += bytes((len(text),)) + text
            body += bytes(-len(body) % 4)
        return write_packet(BYE, len(self.ssrcs), body)


RtcpPacket: TypeAlias = SenderReport | ReceiverReport | Sdes | Bye | Nack | Pli | Fir | Remb | TransportFeedback


def parse(data: bytes) -> list[RtcpPacket]:
    """Parse a compound or reduced-size packet (RFC 3550 §6.1, RFC 5506).

    Args:
        data: decrypted RTCP.

    Returns:
        The packets of known type in order; unknown types and feedback formats are skipped, and so is transport-cc
        feedback beyond any reasonable amount.

    Raises:
        PacketError: framing or a known packet's body is broken.
    """
    packets: list[RtcpPacket] = []
    statuses = 0
    try:
        for packet_type, count, body in split_compound(data):
            packet: RtcpPacket | None = None
            if packet_type == SENDER_REPORT:
                packet = _parse_sender_report(count, body)
            elif packet_type == RECEIVER_REPORT:
                packet = ReceiverReport(_SSRC.unpack_from(body)[0], _parse_report_blocks(count, body, 4))
            elif packet_type == SDES:
                packet = _parse_sdes(count, body)
            elif packet_type == BYE:
                packet = _parse_bye(count, body)
            elif packet_type == TRANSPORT_FEEDBACK and count == twcc.FORMAT:
                if statuses < _MAX_COMPOUND_STATUSES:
                    packet = twcc.parse_body(body)
                    statuses += len(packet.deltas)
            elif packet_type == TRANSPORT_FEEDBACK:
                packet = feedback.parse_transport(count, body)
            elif packet_type == PAYLOAD_FEEDBACK:
                packet = feedback.parse_payload(count, body)
            if packet is not None:
                packets.append(packet)
    except (struct.error, IndexError) as error:
        raise PacketError("RTCP packet is shorter than its content") from error
    return packets


def serialize(packets: Iterable[RtcpPacket]) -> bytes:
    """Write packets as one compound packet; the order is the caller's: a report first (RFC 3550 §6.1)."""
    return b"".join(packet.serialize() for packet in packets)


def _check_count(values: tuple[object, ...]) -> None:
    if len(values) > _MAX_COUNT:
        raise PacketError("an RTCP packet holds at most 31 blocks")


def _parse_report_blocks(count: int, body: bytes, position: int) -> tuple[ReportBlock, ...]:
    reports = []
    for index in range(count):
        ssrc, loss, highest, jitter, last, delay = _REPORT_BLOCK.unpack_from(body, position + 24 * index)
        packets_lost = loss & 0xFFFFFF
        if packets_lost & 0x800000:
            packets_lost -= 0x1000000
        reports.append(ReportBlock(ssrc, loss >> 24, packets_lost, highest, jitter, last, delay))
    return tuple(reports)


def _parse_sender_report(count: int, body: bytes) -> SenderReport:
    ssrc, ntp_timestamp, rtp_timestamp, packet_count, octet_count = _SENDER_INFO.unpack_from(body)
    reports = _parse_report_blocks(count, body, _SENDER_INFO.size)
    return SenderReport(ssrc, ntp_timestamp, rtp_timestamp, packet_count, octet_count, reports)


def _parse_sdes(count: int, body: bytes) -> Sdes:
    """Chunks of ``SSRC, (type u8, length u8, octets) …, 0``, each padded with zeros to a multiple of 4."""
    chunks = []
    position = 0
    for _ in range(count):
        (ssrc,) = _SSRC.unpack_from(body, position)
        position += 4
        items = []
        while body[position]:
            start = position + 2
            end = start + body[position + 1]
            if end >= len(body):
                raise PacketError("SDES item is cut off")
            items.append((body[position], body[start:end]))
            position = end
        position += 4 - position % 4
        chunks.append(SdesChunk(ssrc, tuple(items)))
    return Sdes(tuple(chunks))


def _parse_bye(count: int, body: bytes) -> Bye:
    ssrcs = tuple(_SSRC.unpack_from(body, 4 * index)[0] for index in range(count))
    rest = body[4 * count :]
    reason = ""
    if rest:
        if len(rest) < 1 + rest[0]:
            raise PacketError("BYE reason is cut off")
        reason = rest[1 : 1 + rest[0]].decode(errors="replace")
    return Bye(ssrcs, reason)
