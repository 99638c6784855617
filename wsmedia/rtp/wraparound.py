"""Arithmetic on numbers that wrap: 16-bit sequence numbers and 32-bit timestamps (RFC 3550 §5.1, RFC 1982)."""

from __future__ import annotations


def sequence_difference(later: int, earlier: int) -> int:
    """How far ``later`` is ahead of ``earlier``, both 16 bits wide.

    Returns:
        -32768 … 32767; negative when ``later`` is in fact behind.
    """
    return ((later - earlier + 0x8000) & 0xFFFF) - 0x8000


def timestamp_difference(later: int, earlier: int) -> int:
    """How far ``later`` is ahead of ``earlier``, both 32 bits wide.

    Returns:
        -2³¹ … 2³¹-1; negative when ``later`` is in fact behind.
    """
    return ((later - earlier + 0x80000000) & 0xFFFFFFFF) - 0x80000000


class Unwrapper:
    """Turns a wrapping counter into one that only ever continues, by taking the nearest candidate each time.

    Args:
        bits: width of the wrapping counter, 16 for sequence numbers, 32 for timestamps.
    """

    __slots__ = ("_half", "_last", "_mask")

    def __init__(self, bits: int) -> None:
        self._mask = (1 << bits) - 1
        self._half = 1 << (bits - 1)
        self._last: int | None = None

    def unwrap(self, value: int) -> int:
        """Give the extended value nearest to the previous one; the first is taken as it is.

        Values may come out of order by up to half of the range. The result can be negative if the first values come
        in the wrong order around zero.
        """
        last = self._last
        if last is None:
            self._last = value
            return value
        extended = last + ((value - last + self._half) & self._mask) - self._half
        self._last = extended
        return extended
