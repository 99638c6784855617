"""RTCP feedback about media: NACK, PLI (RFC 4585 §6.2.1, §6.3.1), FIR (RFC 5104 §4.3.1) and REMB.

::

    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |V=2|P|   FMT   |       PT      |             length            |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                  SSRC of packet sender                        |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                  SSRC of media source                         |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |            feedback control information (FCI) …               |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct

from wsmedia.errors import PacketError
from wsmedia.rtp.rtcp_header import PAYLOAD_FEEDBACK, TRANSPORT_FEEDBACK, write_packet

NACK_FORMAT = 1
PLI_FORMAT = 1
FIR_FORMAT = 4
APPLICATION_FORMAT = 15

_SSRCS = Struct("!II")
_NACK_ENTRY = Struct("!HH")
_FIR_ENTRY = Struct("!IB3x")
_REMB = b"REMB"
_MAX_MANTISSA = 0x3FFFF


@dataclass(frozen=True, slots=True)
class Nack:
    """Packets of ``media_ssrc`` that are missing; ``sequence_numbers`` in ascending circular order."""

    sender_ssrc: int
    media_ssrc: int
    sequence_numbers: tuple[int, ...]

    def serialize(self) -> bytes:
        """Write as pairs of a packet id and a bitmask of the 16 that follow it (RFC 4585 §6.2.1)."""
        body = _SSRCS.pack(self.sender_ssrc, self.media_ssrc)
        for packet_id, bitmask in _nack_entries(self.sequence_numbers):
            body += _NACK_ENTRY.pack(packet_id, bitmask)
        return write_packet(TRANSPORT_FEEDBACK, NACK_FORMAT, body)


@dataclass(frozen=True, slots=True)
class Pli:
    """Picture loss: the receiver of ``media_ssrc`` needs a keyframe."""

    sender_ssrc: int
    media_ssrc: int

    def serialize(self) -> bytes:
        """Write the packet."""
        return write_packet(PAYLOAD_FEEDBACK, PLI_FORMAT, _SSRCS.pack(self.sender_ssrc, self.media_ssrc))


@dataclass(frozen=True, slots=True)
class Fir:
    """Full intra request; ``entries`` are (media SSRC, command sequence number): a repeated number is a repetition."""

    sender_ssrc: int
    entries: tuple[tuple[int, int], ...]

    def serialize(self) -> bytes:
        """Write the packet; the media source field is unused and zero (RFC 5104 §4.3.1.2)."""
        body = _SSRCS.pack(self.sender_ssrc, 0)
        body += b"".join(_FIR_ENTRY.pack(ssrc, number & 0xFF) for ssrc, number in self.entries)
        return write_packet(PAYLOAD_FEEDBACK, FIR_FORMAT, body)


@dataclass(frozen=True, slots=True)
class Remb:
    """Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb §2.2) for ``ssrcs`` together."""

    sender_ssrc: int
    bitrate_bps: int
    ssrcs: tuple[int, ...]

    def serialize(self) -> bytes:
        """Write the packet; the bitrate is cut to 18 significant bits; at most 255 SSRCs."""
        exponent = max(0, self.bitrate_bps.bit_length() - 18)
        if exponent > 63 or len(self.ssrcs) > 255:
            raise PacketError("bitrate or number of SSRCs does not fit into REMB")
        mantissa = self.bitrate_bps >> exponent
        body = _SSRCS.pack(self.sender_ssrc, 0) + _REMB
        body += (len(self.ssrcs) << 24 | exponent << 18 | mantissa).to_bytes(4)
        body += b"".join(ssrc.to_bytes(4) for ssrc in self.ssrcs)
        return write_packet(PAYLOAD_FEEDBACK, APPLICATION_FORMAT, body)


def parse_transport(feedback_format: int, body: bytes) -> Nack | None:
    """Parse the body of a transport layer feedback packet; None for formats not known here.

    Raises:
        PacketError, struct.error: the body is cut off.
    """
    if feedback_format != NACK_FORMAT:
        return None
    sender_ssrc, media_ssrc = _SSRCS.unpack_from(body)
    if len(body) % 4:
        raise PacketError("NACK entry is cut off")
    sequence_numbers = []
    for packet_id, bitmask in _NACK_ENTRY.iter_unpack(body[8:]):
        sequence_numbers.append(packet_id)
        sequence_numbers += [packet_id + 1 + bit & 0xFFFF for bit in range(16) if bitmask >> bit & 1]
    return Nack(sender_ssrc, media_ssrc, tuple(sequence_numbers))


def parse_payload(feedback_format: int, body: bytes) -> Pli | Fir | Remb | None:
    """Parse the body of a payload-specific feedback packet; None for formats not known here.

    Raises:
        PacketError, struct.error: the body is cut off.
    """
    sender_ssrc, media_ssrc = _SSRCS.unpack_from(body)
    if feedback_format == PLI_FORMAT:
        return Pli(sender_ssrc, media_ssrc)
    if feedback_format == FIR_FORMAT:
        if len(body) % 8:
            raise PacketError("FIR entry is cut off")
        return Fir(sender_ssrc, tuple(_FIR_ENTRY.iter_unpack(body[8:])))
    if feedback_format == APPLICATION_FORMAT and body[8:12] == _REMB:
        count = body[12]
        if len(body) < 16 + 4 * count:
            raise PacketError("REMB SSRC list is cut off")
        value = int.from_bytes(body[13:16])
        bitrate_bps = (value & _MAX_MANTISSA) << (value >> 18)
        return Remb(sender_ssrc, bitrate_bps, Struct(f"!{count}I").unpack_from(body, 16))
    return None


def _nack_entries(sequence_numbers: Iterable[int]) -> Iterable[tuple[int, int]]:
    packet_id: int | None = None
    bitmask = 0
    for sequence_number in sequence_numbers:
        if packet_id is not None:
            offset = sequence_number - packet_id & 0xFFFF
            if offset == 0:
                continue
            if offset <= 16:
                bitmask |= 1 << offset - 1
                continue
            yield packet_id, bitmask
        packet_id = sequence_number
        bitmask = 0
    if packet_id is not None:
        yield packet_id, bitmask
