"""Uploads that overtake each other, come twice or in other pieces: each octet is taken once and in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.transport.upload_order import MAX_AHEAD_BYTES, MAX_PIECES, UploadGapError, UploadOrder

ROW = bytes(range(256)) * 4


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=40))
def test_octets_are_taken_once_and_in_order(uploads: list[tuple[int, int]]) -> None:
    order = UploadOrder()
    taken = b""
    for offset, length in uploads:
        try:
            taken += order.take(offset, ROW[offset : offset + length])
        except UploadGapError:
            assert offset > len(taken)
    assert taken == ROW[: len(taken)]
    # Whatever came before, the row can be finished.
    taken += order.take(0, ROW)
    assert taken == ROW


def test_the_second_of_two_waits_for_the_first() -> None:
    order = UploadOrder()
    assert order.take(3, b"def") == b""
    assert order.take(0, b"abc") == b"abcdef"


def test_a_repetition_brings_nothing() -> None:
    order = UploadOrder()
    assert order.take(0, b"abc") == b"abc"
    assert order.take(0, b"abc") == b""


def test_one_that_was_cut_smaller_goes_on_where_it_began() -> None:
    order = UploadOrder()
    assert order.take(6, b"ghi") == b""
    assert order.take(0, b"abc") == b"abc"
    assert order.take(3, b"def") == b"defghi"


def test_no_more_than_a_few_wait() -> None:
    order = UploadOrder()
    for piece in range(MAX_PIECES):
        order.take(10 + piece, b"x")
    with pytest.raises(UploadGapError):
        order.take(9, b"x")
    with pytest.raises(UploadGapError):
        UploadOrder().take(MAX_AHEAD_BYTES, b"x")
    # What fills the gap is always welcome.
    assert order.take(0, b"0123456789") == b"0123456789xxxx"
