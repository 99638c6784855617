"""The field's tables against multiplication done by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.fec.field import IDENTITY, NUMPY_FROM, PRODUCTS, QUOTIENTS, combine

octet = st.integers(0, 255)


def multiply(a, b):
    """Long multiplication of polynomials, bit by bit."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= 0x11D
        b >>= 1
    return product


@given(octet, octet)
def test_products(a, b):
    assert PRODUCTS[a][b] == multiply(a, b)


@given(st.integers(1, 255), octet)
def test_a_quotient_times_its_divisor(divisor, dividend):
    assert multiply(divisor, QUOTIENTS[divisor][dividend]) == dividend


def test_one_changes_nothing():
    assert bytes(range(256)).translate(IDENTITY) == bytes(range(256))


@pytest.mark.parametrize("size", [1, 7, NUMPY_FROM // 3, NUMPY_FROM // 3 + 1, 5000])
def test_sums_of_short_and_of_long_strings(size):
    parts = [bytes((at * 7 + n * 31) % 256 for at in range(size)) for n in range(3)]
    factors = [1, 0, 0xCA]

    total = combine(parts, [PRODUCTS[factor] for factor in factors])

    assert total == bytes(a ^ multiply(c, 0xCA) for a, _, c in zip(*parts, strict=True))
