"""One RTP packet: parsing and writing (RFC 3550 §5.1, header extensions RFC 8285). Used for every packet that arrives.

A sender whose extensions do not change from packet to packet uses ``header_writer`` instead, which is faster than
``RtpPacket.serialize``.

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |V=2|P|X|  CC   |M|     PT      |       sequence number         |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                           timestamp                           |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                             SSRC                              |
    +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
    |                        CSRC × CC …                            |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct

from wsmedia.errors import PacketError

HEADER = Struct("!BBHII")
"""Flags, marker and payload type, sequence number, timestamp, SSRC."""

HEADER_SIZE = 12
ONE_BYTE_PROFILE = 0xBEDE
TWO_BYTE_PROFILE = 0x1000
_TWO_BYTE_PROFILE_MASK = 0xFFF0
_EXTENSION_HEADER = Struct("!HH")
_NO_EXTENSIONS: dict[int, bytes] = {}


@dataclass(slots=True)
class RtpPacket:
    """A parsed RTP packet, or one about to be written.

    Attributes:
        payload_type: 0 … 127.
        sequence_number: 0 … 65535.
        rtp_timestamp: 0 … 2³²-1.
        ssrc: 0 … 2³²-1.
        payload: without RTP padding.
        marker: for video, the last packet of an access unit.
        extensions: header extension id (1 … 255) → its octets; a parsed packet without any shares one empty dict that
            must not be changed.
        csrcs: contributing sources, at most 15.
        padding_size: octets of RTP padding, its length octet included; 0 … 255.
    """

    payload_type: int
    sequence_number: int
    rtp_timestamp: int
    ssrc: int
    payload: bytes | memoryview = b""
    marker: bool = False
    extensions: dict[int, bytes] = field(default_factory=dict)
    csrcs: tuple[int, ...] = ()
    padding_size: int = 0

    def serialize(self) -> bytes:
        """Write the packet; extensions in two-byte form only when the one-byte form cannot hold them (RFC 8285 §4.2).

        Raises:
            PacketError: more than 15 CSRCs, or an extension whose id or length fits neither form.
        """
        if len(self.csrcs) > 15:
            raise PacketError("an RTP packet has at most 15 contributing sources")
        first = 0x80 | len(self.csrcs)
        parts: list[bytes | memoryview] = [b""]
        if self.csrcs:
            parts.append(Struct(f"!{len(self.csrcs)}I").pack(*self.csrcs))
        if self.extensions:
            first |= 0x10
            parts.append(serialize_extensions(self.extensions))
        parts.append(self.payload)
        if self.padding_size:
            first |= 0x20
            parts.append(bytes(self.padding_size - 1) + bytes((self.padding_size,)))
        second = self.payload_type | 0x80 if self.marker else self.payload_type
        parts[0] = HEADER.pack(first, second, self.sequence_number, self.rtp_timestamp, self.ssrc)
        return b"".join(parts)


def is_rtcp(data: bytes) -> bool:
    """Tell RTCP from RTP on a multiplexed transport by the second octet, 192 … 223 (RFC 5761 §4).

    ``data`` holds at least two octets.
    """
    return 192 <= data[1] <= 223


def parse(data: bytes) -> RtpPacket:
    """Parse one decrypted RTP packet.

    Args:
        data: the whole packet as it came from SRTP.

    Returns:
        The packet; its payload is a view into ``data``, not a copy.

    Raises:
        PacketError: shorter than its headers say, version not 2, or impossible padding.
    """
    size = len(data)
    if size < HEADER_SIZE:
        raise PacketError("shorter than an RTP header")
    first, second, sequence_number, rtp_timestamp, ssrc = HEADER.unpack_from(data)
    if first & 0xC0 != 0x80:
        raise PacketError("RTP version is not 2")
    start = HEADER_SIZE
    extensions = _NO_EXTENSIONS
    csrcs: tuple[int, ...] = ()
    padding_size = 0
    if first & 0x3F:
        if csrc_count := first & 0x0F:
            start += 4 * csrc_count
            if size < start:
                raise PacketError("CSRC list is cut off")
            csrcs = Struct(f"!{csrc_count}I").unpack_from(data, HEADER_SIZE)
        if first & 0x10:
            if size < start + 4:
                raise PacketError("header extension is cut off")
            profile, words = _EXTENSION_HEADER.unpack_from(data, start)
            begin = start + 4
            start = begin + 4 * words
            if size < start:
                raise PacketError("header extension is cut off")
            if profile == ONE_BYTE_PROFILE:
                extensions = _parse_one_byte(data, begin, start)
            elif profile & _TWO_BYTE_PROFILE_MASK == TWO_BYTE_PROFILE:
                extensions = _parse_two_byte(data, begin, start)
        if first & 0x20:
            padding_size = data[-1]
            if not 0 < padding_size <= size - start:
                raise PacketError("padding is longer than the payload")
            size -= padding_size
    return RtpPacket(
        second & 0x7F,
        sequence_number,
        rtp_timestamp,
        ssrc,
        memoryview(data)[start:size],
        second > 0x7F,
        extensions,
        csrcs,
        padding_size,
    )


def _parse_one_byte(data: bytes, position: int, end: int) -> dict[int, bytes]:
    """Parse the one-byte form (RFC 8285 §4.2): ``ID(4) len-1(4) octets …``; id 0 pads, id 15 stops the reader.

    An element that runs past the end is the last thing looked at: what stood before it is kept, since a damaged
    optional hint is no reason to lose media.
    """
    extensions: dict[int, bytes] = {}
    while position < end:
        octet = data[position]
        position += 1
        if octet == 0:
            continue
        if octet >= 0xF0:
            break
        stop = position + (octet & 0x0F) + 1
        if stop > end:
            break
        # An id of 0 with a length is padding too (RFC 8285 §4.2): skipped with its octets.
        if octet > 0x0F:
            extensions[octet >> 4] = data[position:stop]
        position = stop
    return extensions


def _parse_two_byte(data: bytes, position: int, end: int) -> dict[int, bytes]:
    """Parse the two-byte form (RFC 8285 §4.3): ``ID(8) len(8) octets …``; id 0 is a single octet of padding."""
    extensions: dict[int, bytes] = {}
    while position < end:
        extension_id = data[position]
        position += 1
        if extension_id == 0:
            continue
        if position >= end:
            break
        stop = position + 1 + data[position]
        if stop > end:
            break
        extensions[extension_id] = data[position + 1 : stop]
        position = stop
    return extensions


def serialize_extensions(extensions: dict[int, bytes]) -> bytes:
    """Write a header extension block: profile, length in words, elements, padding to a multiple of 4 octets.

    Raises:
        PacketError: an id outside 1 … 255, an element longer than 255 octets, or more than 65535 words in all.
    """
    if all(0 < extension_id < 15 and 0 < len(value) <= 16 for extension_id, value in extensions.items()):
        profile = ONE_BYTE_PROFILE
        body = b"".join(
            bytes((extension_id << 4 | len(value) - 1,)) + value for extension_id, value in extensions.items()
        )
    else:
        profile = TWO_BYTE_PROFILE
        if not all(0 < extension_id < 256 and len(value) < 256 for extension_id, value in extensions.items()):
            raise PacketError("header extension id or length out of range")
        body = b"".join(bytes((extension_id, len(value))) + value for extension_id, value in extensions.items())
    words = (len(body) + 3) // 4
    if words > 0xFFFF:
        raise PacketError("header extensions are too long")
    return _EXTENSION_HEADER.pack(profile, words) + body.ljust(4 * words, b"\0")
