"""Writes EBML elements (RFC 8794), the building blocks of Matroska: an id, a size, content."""

from __future__ import annotations

import struct
from typing import Final

UNKNOWN_SIZE: Final = b"\x01\xff\xff\xff\xff\xff\xff\xff"
"""The size octets of an element that lasts until the file ends (RFC 8794 §6.2)."""

VOID: Final = 0xEC


def size_octets(size: int, width: int = 0) -> bytes:
    """A variable-size integer (RFC 8794 §4).

    Args:
        size: what to write, less than 2⁵⁶-1.
        width: octets to use, 1 … 8; 0 for as few as possible.
    """
    width = width or next(octets for octets in range(1, 9) if size < (1 << 7 * octets) - 1)
    return (size | 1 << 7 * width).to_bytes(width, "big")


def element_id(identifier: int) -> bytes:
    """An element's id, whose length is in its first octet."""
    return identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")


def element(identifier: int, *content: bytes) -> bytes:
    """A binary or master element."""
    body = b"".join(content)
    return element_id(identifier) + size_octets(len(body)) + body


def unsigned(identifier: int, value: int) -> bytes:
    """An unsigned integer element, as short as possible."""
    return element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def signed64(identifier: int, value: int) -> bytes:
    """A signed integer or date element of 8 octets."""
    return element(identifier, struct.pack("!q", value))


def float64(identifier: int, value: float) -> bytes:
    """A floating point element of 8 octets: its length never changes, so it can be overwritten."""
    return element(identifier, struct.pack("!d", value))


def text(identifier: int, value: str) -> bytes:
    """A UTF-8 string element."""
    return element(identifier, value.encode())


def padded(content: bytes, size: int) -> bytes:
    """``content`` followed by a Void element, ``size`` octets in all.

    Raises:
        ValueError: it does not fit. One octet cannot be padded either, for a Void has at least two.
    """
    room = size - len(content)
    if room == 0:
        return content
    if room < 10:
        raise ValueError("no room for the padding")
    return content + element_id(VOID) + size_octets(room - 9, 8) + bytes(room - 9)
