"""The header that all RTCP packets share (RFC 3550 §6.4.1), written and checked in one place.

::

     0                   1                   2                   3
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |V=2|P| count   |  packet type  |   length in words, less one   |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from wsmedia.errors import PacketError

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SDES = 202
BYE = 203
TRANSPORT_FEEDBACK = 205
PAYLOAD_FEEDBACK = 206

_HEADER = Struct("!BBH")


def write_packet(packet_type: int, count: int, body: bytes) -> bytes:
    """Put the common header before ``body``.

    Args:
        packet_type: 192 … 223.
        count: the five-bit count or feedback message type.
        body: what follows the header, a multiple of 4 octets, padding included.
    """
    return _HEADER.pack(0x80 | count, packet_type, len(body) // 4) + body


def split_compound(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Cut a compound packet into (packet type, count, body without RTCP padding).

    Reduced-size packets (RFC 5506) are as welcome as compound ones.

    Raises:
        PacketError: a version other than 2, a cut-off packet or impossible padding.
    """
    position = 0
    size = len(data)
    if size < 4:
        raise PacketError("shorter than an RTCP header")
    while position < size:
        if size - position < 4:
            raise PacketError("RTCP header is cut off")
        first, packet_type, words = _HEADER.unpack_from(data, position)
        if first & 0xC0 != 0x80:
            raise PacketError("RTCP version is not 2")
        start = position + 4
        position = start + 4 * words
        if position > size:
            raise PacketError("RTCP packet is cut off")
        end = position
        if first & 0x20:
            padding = data[end - 1] if end > start else 0
            if not 0 < padding <= end - start:
                raise PacketError("RTCP padding is longer than the packet")
            end -= padding
        yield packet_type, first & 0x1F, data[start:end]
