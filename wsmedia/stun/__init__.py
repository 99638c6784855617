"""STUN's messages (RFC 8489) with TURN's attributes (RFC 8656), and how they follow each other in a TCP stream."""

from wsmedia.stun.address import Address, pack_address, unpack_address
from wsmedia.stun.framing import MAX_UNIT, Deframer, begins_stun, channel_data
from wsmedia.stun.message import Attribute, Message, MessageClass, Method, long_term_key, parse

__all__ = [
    "MAX_UNIT",
    "Address",
    "Attribute",
    "Deframer",
    "Message",
    "MessageClass",
    "Method",
    "begins_stun",
    "channel_data",
    "long_term_key",
    "pack_address",
    "parse",
    "unpack_address",
]
