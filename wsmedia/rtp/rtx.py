"""Retransmission as a source of its own (RFC 4588 §4): the original sequence number leads the payload.

::

    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |      RTP header of the RTX source, extensions as before       |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |            OSN                |  original payload …           |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
"""

from __future__ import annotations

from dataclasses import replace
from struct import Struct

from wsmedia.errors import PacketError
from wsmedia.rtp.packet import HEADER, HEADER_SIZE, RtpPacket

_U16 = Struct("!H")


def wrap(packet: bytes, ssrc: int, payload_type: int, sequence_number: int) -> bytes:
    """Turn a plain packet that was sent before into its retransmission.

    Args:
        packet: as it was sent, before protection.
        ssrc, payload_type, sequence_number: of the RTX source; the timestamp, marker, extensions stay.

    Raises:
        PacketError: ``packet`` is no RTP packet.
    """
    if len(packet) < HEADER_SIZE:
        raise PacketError("shorter than an RTP header")
    first, second, original_sequence_number, rtp_timestamp, _ = HEADER.unpack_from(packet)
    start = HEADER_SIZE + 4 * (first & 0x0F)
    if first & 0x10:
        if len(packet) < start + 4:
            raise PacketError("header extension is cut off")
        start += 4 + 4 * (packet[start + 2] << 8 | packet[start + 3])
    if len(packet) < start:
        raise PacketError("header extension is cut off")
    header = HEADER.pack(first, second & 0x80 | payload_type, sequence_number, rtp_timestamp, ssrc)
    return b"".join(
        (header, packet[HEADER_SIZE:start], _U16.pack(original_sequence_number), memoryview(packet)[start:])
    )


def unwrap(packet: RtpPacket, ssrc: int, payload_type: int) -> RtpPacket | None:
    """Turn a retransmission back into the original.

    Args:
        packet: of the RTX source.
        ssrc, payload_type: of the original source.

    Returns:
        The original packet, or None when there is none inside: senders probe the path with empty retransmissions.
    """
    if len(packet.payload) < 2:
        return None
    (sequence_number,) = _U16.unpack_from(packet.payload)
    return replace(
        packet,
        ssrc=ssrc,
        payload_type=payload_type,
        sequence_number=sequence_number,
        payload=memoryview(packet.payload)[2:],
        padding_size=0,
    )
