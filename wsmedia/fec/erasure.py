"""The systematic Cauchy code of PROTOCOL.md §3.8: parity fragments of a message, and the message from any k fragments.

The session's sending half cuts and encodes with it; ``assembler`` recovers with it. The cost of either is the message's
length times the number of parity fragments that are made or used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wsmedia.errors import LocalProtocolError
from wsmedia.fec.field import IDENTITY, LOGARITHMS, POWERS, PRODUCTS, QUOTIENTS, combine

MAX_DATA_COUNT = 200
"""More parts than this are never made of a message."""
MAX_INDEX = 254
"""The highest index of a fragment."""


def fragment_size(length: int, data_count: int) -> int:
    """Octets of each fragment but the last data fragment, which may be shorter.

    Args:
        length: octets of the message.
        data_count: how many parts it has, at least 1.
    Returns:
        The size; 0 if such a message cannot be cut into so many, for the last part would be empty.
    """
    size = -(-length // data_count)
    return size if (data_count - 1) * size < length else 0


def data_count_for(length: int, max_size: int) -> int:
    """How many parts to cut a message into.

    Args:
        length: octets of the message, at least 1.
        max_size: octets of a fragment's payload, at least 1.
    Returns:
        The fewest parts that are no larger than ``max_size``, but ``MAX_DATA_COUNT`` if those were more.
    """
    size = max(max_size, -(-length // MAX_DATA_COUNT))
    return max(1, -(-length // size))


def split(data: bytes, data_count: int) -> list[memoryview]:
    """The data fragments of a message, as views of it.

    Raises:
        LocalProtocolError: it cannot be cut into so many.
    """
    size = _checked_size(data, data_count)
    view = memoryview(data)
    return [view[at : at + size] for at in range(0, len(data), size)]


def encode_parity(data: bytes, data_count: int, indices: Sequence[int]) -> list[bytes]:
    """Make parity fragments of a message.

    Args:
        data: the message, at least one octet.
        data_count: k, how many parts it is cut into.
        indices: which parity fragments, each k … 254.
    Returns:
        One payload for each index, ``fragment_size`` octets long.
    Raises:
        LocalProtocolError: the message cannot be cut into so many, or an index is out of range.
    """
    size = _checked_size(data, data_count)
    if any(not data_count <= index <= MAX_INDEX for index in indices):
        raise LocalProtocolError("an index that is not that of a parity fragment")
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    parts[-1] = parts[-1].ljust(size, b"\0")
    return [combine(parts, [QUOTIENTS[index ^ at] for at in range(data_count)]) for index in indices]


def recover(fragments: Mapping[int, bytes | memoryview], data_count: int, length: int) -> bytes:
    """Make a message of ``data_count`` or more of its fragments.

    Args:
        fragments: payloads of the right sizes by index.
        data_count: k, how many parts the message was cut into.
        length: octets of the message.
    """
    missing = [index for index in range(data_count) if index not in fragments]
    if not missing:
        return b"".join([fragments[index] for index in range(data_count)])
    size = fragment_size(length, data_count)
    parts = {index: bytes(fragments[index]).ljust(size, b"\0") for index in range(data_count) if index in fragments}
    present, octets = list(parts), list(parts.values())
    parity = [index for index in fragments if index >= data_count][: len(missing)]
    # What is left of the parity when the parts that are there are taken out is the missing ones' share.
    shares = [
        combine([*octets, bytes(fragments[index])], [*(QUOTIENTS[index ^ at] for at in present), IDENTITY])
        for index in parity
    ]
    for index, factors in zip(missing, _inverse(parity, missing), strict=True):
        parts[index] = combine(shares, [PRODUCTS[factor] for factor in factors])
    return b"".join([parts[index] for index in range(data_count)])[:length]


def _inverse(rows: Sequence[int], columns: Sequence[int]) -> list[list[int]]:
    """The inverse of the square matrix of 1 / (row + column), by Cauchy's formula in logarithms: n² steps, not n³."""
    of_rows = [
        sum(LOGARITHMS[row ^ column] for column in columns)
        - sum(LOGARITHMS[row ^ other] for other in rows if other != row)
        for row in rows
    ]
    of_columns = [
        sum(LOGARITHMS[row ^ column] for row in rows)
        - sum(LOGARITHMS[column ^ other] for other in columns if other != column)
        for column in columns
    ]
    return [
        [POWERS[(a + b - LOGARITHMS[row ^ column]) % 255] for row, a in zip(rows, of_rows, strict=True)]
        for column, b in zip(columns, of_columns, strict=True)
    ]


def _checked_size(data: bytes, data_count: int) -> int:
    size = fragment_size(len(data), data_count) if 1 <= data_count <= MAX_DATA_COUNT else 0
    if size == 0:
        raise LocalProtocolError(f"{len(data)} octets cannot be cut into {data_count} parts")
    return size
