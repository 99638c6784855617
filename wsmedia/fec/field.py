"""GF(2⁸) with the polynomial x⁸+x⁴+x³+x²+1: octets are numbers that add by exclusive or, strings of them are vectors.

Everything is a table. A product of a whole string with one number is ``bytes.translate``, which runs at the speed of
memory; only the addition needs numpy, and for short strings one large integer adds quicker than numpy is called.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

POLYNOMIAL = 0x11D
NUMPY_FROM = 1200
"""Octets of all parts together from which numpy adds quicker than integers do; measured."""


def _powers() -> list[int]:
    """The 255 powers of 2, which are all numbers but 0."""
    powers = [1]
    while len(powers) < 255:
        doubled = powers[-1] << 1
        powers.append(doubled ^ POLYNOMIAL if doubled > 255 else doubled)
    return powers


POWERS = _powers()
"""2ⁿ for n = 0 … 254."""
LOGARITHMS = [0] * 256
"""n with 2ⁿ = the index; meaningless for 0."""
for _exponent, _power in enumerate(POWERS):
    LOGARITHMS[_power] = _exponent


def _table(factor: int) -> bytes:
    if factor == 0:
        return bytes(256)
    at = LOGARITHMS[factor]
    return bytes([0, *(POWERS[(at + LOGARITHMS[octet]) % 255] for octet in range(1, 256))])


PRODUCTS = [_table(factor) for factor in range(256)]
"""``PRODUCTS[a][b]`` is a·b; each row is a table for ``bytes.translate``."""
QUOTIENTS = [b"", *(PRODUCTS[POWERS[-LOGARITHMS[divisor] % 255]] for divisor in range(1, 256))]
"""``QUOTIENTS[a][b]`` is b/a; there is none for 0."""
IDENTITY = PRODUCTS[1]


def combine(parts: Sequence[bytes], tables: Sequence[bytes]) -> bytes:
    """Add up multiples of octet strings.

    Args:
        parts: n ≥ 1 strings of one length, at least one octet.
        tables: n rows of ``PRODUCTS`` or ``QUOTIENTS``: what each part is multiplied with.
    Returns:
        The sum, of the same length.
    """
    size = len(parts[0])
    if len(parts) * size < NUMPY_FROM:
        total = 0
        for part, table in zip(parts, tables, strict=True):
            total ^= int.from_bytes(part.translate(table), "little")
        return total.to_bytes(size, "little")
    products = b"".join([part.translate(table) for part, table in zip(parts, tables, strict=True)])
    rows = np.frombuffer(products, np.uint8).reshape(len(parts), size)
    total_row: np.ndarray = np.bitwise_xor.reduce(rows)
    return total_row.tobytes()
