"""XOR-MAPPED-ADDRESS and its like (RFC 8489 §14.2): a transport address, hidden from middleboxes that rewrite them.

 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|0 0 0 0 0 0 0 0|    Family     |         X-Port                |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                X-Address (4 or 16 octets)                     |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
"""

from __future__ import annotations

import ipaddress

from wsmedia.errors import StunError

MAGIC_COOKIE = b"\x21\x12\xa4\x42"
_FAMILIES = {1: 4, 2: 16}

Address = tuple[str, int]
"""An IP address as text, in the form that ``ipaddress`` writes, and a port."""


def pack_address(address: Address, transaction_id: bytes) -> bytes:
    """The attribute's value.

    Args:
        address: an IP address, not a name.
        transaction_id: of the message that it will stand in, 12 octets.
    """
    host = ipaddress.ip_address(address[0]).packed
    family = 1 if len(host) == 4 else 2
    mask = MAGIC_COOKIE + transaction_id
    return bytes((0, family)) + _xor(address[1].to_bytes(2), mask) + _xor(host, mask)


def unpack_address(value: bytes, transaction_id: bytes) -> Address:
    """The address that an attribute's value means.

    Raises:
        StunError: no such family, or not as long as the family demands.
    """
    if len(value) < 4:
        raise StunError("an address attribute is too short")
    if len(value) != 4 + _FAMILIES.get(value[1], -1):
        raise StunError("an address attribute is of no known family, or not as long as its family demands")
    mask = MAGIC_COOKIE + transaction_id
    host = ipaddress.ip_address(_xor(value[4:], mask))
    return str(host), int.from_bytes(_xor(value[2:4], mask))


def _xor(data: bytes, mask: bytes) -> bytes:
    size = len(data)
    return (int.from_bytes(data) ^ int.from_bytes(mask[:size])).to_bytes(size)
