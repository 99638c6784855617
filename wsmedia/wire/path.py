"""The messages that watch the path: ACK, PING, PONG (PROTOCOL.md §3.5, §3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from wsmedia.errors import RemoteProtocolError
from wsmedia.wire.media import MAX_TIME_US

ACK = 0x06
PING = 0x07
PONG = 0x08
MAX_ACKNOWLEDGED_LANES = 255
MAX_HELD_US = 0xFFFFFFFF
"""A longer time than this is told as this."""

# type, lane count, reserved, control received, sent at
_ACK_HEADER = Struct("!BBHIQ")
# lane id, messages received, held
_ACK_LANE = Struct("!HII")
_PING = Struct("!BQ")
_PONG = Struct("!BQQ")


@dataclass(slots=True)
class LaneAck:
    """What has arrived on one lane since it began; ``held_us``: from the last of it to the ACK, saturating."""

    lane_id: int
    messages_received: int
    held_us: int


@dataclass(slots=True)
class Ack:
    """Receipts of the lanes with news, and the highest CONTROL number below which nothing is missing."""

    control_received: int
    sent_at_us: int
    lanes: tuple[LaneAck, ...]


@dataclass(slots=True)
class Ping:
    """A sign of life that asks for one; the time is on the sender's clock."""

    sent_at_us: int


@dataclass(slots=True)
class Pong:
    """The answer: the PING's time untouched, and when it arrived on the answerer's clock."""

    ping_sent_at_us: int
    received_at_us: int


def encode(message: Ack | Ping | Pong) -> bytes:
    """Write whichever of the three it is."""
    if isinstance(message, Ack):
        return encode_ack(message)
    if isinstance(message, Ping):
        return _PING.pack(PING, message.sent_at_us)
    return _PONG.pack(PONG, message.ping_sent_at_us, message.received_at_us)


def encode_ack(ack: Ack) -> bytes:
    """16 octets and 10 for each lane; at most 255 lanes."""
    parts = [_ACK_HEADER.pack(ACK, len(ack.lanes), 0, ack.control_received, ack.sent_at_us)]
    parts += [_ACK_LANE.pack(lane.lane_id, lane.messages_received, lane.held_us) for lane in ack.lanes]
    return b"".join(parts)


def decode_ack(data: bytes) -> Ack:
    """Read an ACK.

    Raises:
        RemoteProtocolError: the length does not fit the lane count, or a time beyond 2⁵³.
    """
    if len(data) < _ACK_HEADER.size:
        raise RemoteProtocolError("ACK too short")
    _, count, _, control_received, sent_at_us = _ACK_HEADER.unpack_from(data)
    if len(data) != _ACK_HEADER.size + count * _ACK_LANE.size:
        raise RemoteProtocolError("ACK whose length does not fit its lane count")
    if sent_at_us >= MAX_TIME_US:
        raise RemoteProtocolError("ACK with a time beyond 2^53")
    lanes = tuple(LaneAck(*fields) for fields in _ACK_LANE.iter_unpack(memoryview(data)[_ACK_HEADER.size :]))
    return Ack(control_received, sent_at_us, lanes)


def decode_ping(data: bytes) -> Ping:
    """Read a PING.

    Raises:
        RemoteProtocolError: not 9 octets, or a time beyond 2⁵³.
    """
    if len(data) != _PING.size:
        raise RemoteProtocolError("PING of a wrong length")
    _, sent_at_us = _PING.unpack(data)
    if sent_at_us >= MAX_TIME_US:
        raise RemoteProtocolError("PING with a time beyond 2^53")
    return Ping(sent_at_us)


def decode_pong(data: bytes) -> Pong:
    """Read a PONG.

    Raises:
        RemoteProtocolError: not 17 octets, or a time beyond 2⁵³.
    """
    if len(data) != _PONG.size:
        raise RemoteProtocolError("PONG of a wrong length")
    _, ping_sent_at_us, received_at_us = _PONG.unpack(data)
    if ping_sent_at_us >= MAX_TIME_US or received_at_us >= MAX_TIME_US:
        raise RemoteProtocolError("PONG with a time beyond 2^53")
    return Pong(ping_sent_at_us, received_at_us)
