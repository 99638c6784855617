"""How STUN messages and TURN's ChannelData follow each other in a TCP stream (RFC 8656 §12.5, RFC 8489 §6.2.2).

The first octet tells which it is: 0 to 3 a STUN message, 64 to 127 ChannelData, which in a stream is padded to a
multiple of four octets (RFC 8656 ends at 79, RFC 5766 at 127; here the latter, see ``turn/client``):

    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |         Channel Number        |            Length             |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                       Application Data                        |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
"""

from __future__ import annotations

from wsmedia.errors import StunError
from wsmedia.stun.message import HEADER_LENGTH

MAX_UNIT = 4096
"""Octets of a message or of ChannelData: far more than a datagram that passes a network whole."""

_CHANNEL_HEADER = 4


def begins_stun(first_octet: int) -> bool:
    """Whether a connection that begins with this octet speaks STUN or TURN; HTTP begins with a letter."""
    return first_octet < 4


def channel_data(number: int, data: bytes) -> bytes:
    """ChannelData for a stream: header, data, padding."""
    return number.to_bytes(2) + len(data).to_bytes(2) + data + bytes(-len(data) % 4)


class Deframer:
    """Cuts a stream into STUN messages and ChannelData, the latter without its padding.

    Holds at most one incomplete unit, ``max_unit`` octets.
    """

    def __init__(self, max_unit: int = MAX_UNIT) -> None:
        self._max_unit = max_unit
        self._rest = b""

    @property
    def is_within_unit(self) -> bool:
        """Whether the rest of a unit is waited for."""
        return bool(self._rest)

    def push(self, data: bytes) -> list[bytes]:
        """Take what came and give the units that are complete, in their order.

        Raises:
            StunError: a unit is neither, or is too large; the stream cannot be read any further.
        """
        if self._rest:
            data = self._rest + data
            self._rest = b""
        units: list[bytes] = []
        position = 0
        available = len(data)
        while position < available:
            size, padded = self._size(data, position)
            if size == 0 or position + padded > available:
                self._rest = data[position:]
                break
            units.append(data[position : position + size])
            position += padded
        return units

    def _size(self, data: bytes, position: int) -> tuple[int, int]:
        """The octets of a unit without and with padding; zeros while its header is incomplete."""
        first = data[position]
        if first < 4:
            header = HEADER_LENGTH
        elif 64 <= first < 128:
            header = _CHANNEL_HEADER
        else:
            raise StunError("neither a STUN message nor ChannelData")
        if len(data) - position < 4:
            return 0, 0
        size = header + int.from_bytes(data[position + 2 : position + 4])
        if size > self._max_unit:
            raise StunError(f"a STUN message or ChannelData of more than {self._max_unit} octets")
        return size, size + -size % 4
