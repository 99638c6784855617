"""One STUN message (RFC 8489 §5), read and written; integrity by long-term credentials (§9.2).

    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |0 0|     STUN Message Type     |         Message Length        |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                  Magic Cookie 0x2112A442                      |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                 Transaction ID (96 bits)                      |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

ICE uses aioice's codec, which keeps one attribute of each type and skips unknown ones in silence. A TURN server has to
tell repeated peer addresses apart and to name attributes that it does not understand: hence this one.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from enum import IntEnum

from wsmedia.errors import StunError
from wsmedia.stun.address import MAGIC_COOKIE

HEADER_LENGTH = 20
MAX_ATTRIBUTES = 64
_INTEGRITY_LENGTH = 24
_FINGERPRINT_LENGTH = 8
_FINGERPRINT_MASK = 0x5354554E


class Method(IntEnum):
    """What a message is about; others are left as numbers."""

    BINDING = 0x001
    ALLOCATE = 0x003
    REFRESH = 0x004
    SEND = 0x006
    DATA = 0x007
    CREATE_PERMISSION = 0x008
    CHANNEL_BIND = 0x009


class MessageClass(IntEnum):
    """What kind of message it is: two bits, spread over the type."""

    REQUEST = 0x000
    INDICATION = 0x010
    SUCCESS = 0x100
    ERROR = 0x110


class Attribute(IntEnum):
    """The attribute types that mean something here; those below 0x8000 must be understood by whoever reads them."""

    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    CHANNEL_NUMBER = 0x000C
    LIFETIME = 0x000D
    XOR_PEER_ADDRESS = 0x0012
    DATA = 0x0013
    REALM = 0x0014
    NONCE = 0x0015
    XOR_RELAYED_ADDRESS = 0x0016
    REQUESTED_ADDRESS_FAMILY = 0x0017
    EVEN_PORT = 0x0018
    REQUESTED_TRANSPORT = 0x0019
    XOR_MAPPED_ADDRESS = 0x0020
    RESERVATION_TOKEN = 0x0022
    FINGERPRINT = 0x8028


_KNOWN = frozenset(Attribute)
_FIRST_OPTIONAL = 0x8000


@dataclass(slots=True)
class Message:
    """One message.

    Attributes:
        method: a ``Method`` or another number.
        message_class: request, indication, success or error.
        transaction_id: 12 octets that an answer repeats.
        attributes: types and values in their order; after MESSAGE-INTEGRITY nothing that it does not protect.
        signed: what MESSAGE-INTEGRITY covers, with the length that it was made for; None without that attribute.
    """

    method: int
    message_class: MessageClass
    transaction_id: bytes
    attributes: list[tuple[int, bytes]] = field(default_factory=list)
    signed: bytes | None = None

    def first(self, attribute: Attribute) -> bytes | None:
        """The value of the first attribute of that type; None if there is none."""
        return next((value for kind, value in self.attributes if kind == attribute), None)

    def every(self, attribute: Attribute) -> list[bytes]:
        """The values of all attributes of that type."""
        return [value for kind, value in self.attributes if kind == attribute]

    def unknown(self) -> list[int]:
        """The attribute types that had to be understood and are not (RFC 8489 §6.3.1)."""
        return [kind for kind, _ in self.attributes if kind < _FIRST_OPTIONAL and kind not in _KNOWN]

    def is_signed_with(self, key: bytes) -> bool:
        """Whether MESSAGE-INTEGRITY is there and was made with ``key``; takes as long for any wrong value."""
        value = self.first(Attribute.MESSAGE_INTEGRITY)
        if value is None or self.signed is None:
            return False
        return hmac.compare_digest(value, hmac.new(key, self.signed, hashlib.sha1).digest())

    def write(self, key: bytes | None = None) -> bytes:
        """The message's bytes, with MESSAGE-INTEGRITY if there is a key.

        Raises:
            ValueError: a value is longer than 65535 octets.
        """
        body = b"".join(_written(kind, value) for kind, value in self.attributes)
        if key is None:
            return self._header(len(body)) + body
        signed = self._header(len(body) + _INTEGRITY_LENGTH) + body
        return signed + _written(Attribute.MESSAGE_INTEGRITY, hmac.new(key, signed, hashlib.sha1).digest())

    def _header(self, length: int) -> bytes:
        kind = (self.method & 0x00F) | (self.method & 0x070) << 1 | (self.method & 0xF80) << 2 | self.message_class
        return kind.to_bytes(2) + length.to_bytes(2) + MAGIC_COOKIE + self.transaction_id


def parse(data: bytes) -> Message:
    """Read a whole message.

    Raises:
        StunError: it is none, its FINGERPRINT is wrong, or it has more than ``MAX_ATTRIBUTES`` attributes.
    """
    if len(data) < HEADER_LENGTH or data[0] >= 0x40 or data[4:8] != MAGIC_COOKIE:
        raise StunError("not a STUN message")
    if int.from_bytes(data[2:4]) != len(data) - HEADER_LENGTH or len(data) % 4:
        raise StunError("a STUN message of another length than it says")
    kind = int.from_bytes(data[:2])
    method = (kind & 0x00F) | (kind & 0x0E0) >> 1 | (kind & 0x3E00) >> 2
    message = Message(method, MessageClass(kind & 0x110), data[8:20])
    position = HEADER_LENGTH
    count = 0
    while position < len(data):
        count += 1
        attribute, length = (
            int.from_bytes(data[position : position + 2]),
            int.from_bytes(data[position + 2 : position + 4]),
        )
        value = data[position + 4 : position + 4 + length]
        if len(value) != length or count > MAX_ATTRIBUTES:
            raise StunError("a STUN attribute reaches over the message's end, or there are too many")
        if attribute == Attribute.FINGERPRINT:
            _check_fingerprint(data, position, value)
        elif message.signed is None:
            # What stands behind MESSAGE-INTEGRITY is not protected and does not count (RFC 8489 §14.5).
            if attribute == Attribute.MESSAGE_INTEGRITY:
                message.signed = _with_length(data, position, _INTEGRITY_LENGTH)
            message.attributes.append((attribute, value))
        position += 4 + length + -length % 4
    return message


def long_term_key(username: str, realm: str, password: str) -> bytes:
    """The key of long-term credentials (RFC 8489 §9.2.2); what comes in is ASCII, so that nothing needs preparation."""
    # Not a choice of ours: every TURN client uses MD5 here. The password that it hides is no person's, and is random.
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).digest()


def _written(kind: int, value: bytes) -> bytes:
    if len(value) > 65535:
        raise ValueError("a STUN attribute has at most 65535 octets")
    return kind.to_bytes(2) + len(value).to_bytes(2) + value + bytes(-len(value) % 4)


def _with_length(data: bytes, position: int, following: int) -> bytes:
    """What comes before ``position``, with a length as if the message ended ``following`` octets behind it."""
    return data[:2] + (position - HEADER_LENGTH + following).to_bytes(2) + data[4:position]


def _check_fingerprint(data: bytes, position: int, value: bytes) -> None:
    expected = binascii.crc32(_with_length(data, position, _FINGERPRINT_LENGTH)) ^ _FINGERPRINT_MASK
    if value != expected.to_bytes(4):
        raise StunError("a STUN message with a wrong fingerprint")
