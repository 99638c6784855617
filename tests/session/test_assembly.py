"""Fragments of many blocks, in any order, repeated and missing: every message comes out once, and memory is bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.errors import RemoteProtocolError
from wsmedia.fec import encode_parity, split
from wsmedia.session.assembly import HISTORY, MAX_BLOCKS, MAX_BYTES, IncomingBlocks
from wsmedia.wire import Fragment

TOP = 2**32


def fragments(message, number, data_count, spare_count=0):
    parity = encode_parity(message, data_count, range(data_count, data_count + spare_count))
    return [
        Fragment(data_count, index, number % TOP, len(message), payload)
        for index, payload in enumerate([*split(message, data_count), *parity])
    ]


def received(blocks, *pieces):
    return [message for piece in pieces if (message := blocks.receive(piece)) is not None]


@st.composite
def arrivals(draw):
    """Blocks with their messages, and pieces of all of them in any order: some twice, some lost, never too many."""
    first = draw(st.sampled_from((0, 5, TOP - 3)))
    messages = []
    pieces = []
    for step in range(draw(st.integers(1, 8))):
        data_count = draw(st.integers(1, 6))
        spare_count = draw(st.integers(0, 4))
        message = bytes([step]) * (data_count + draw(st.integers(0, 20)) * data_count)
        lost = draw(st.sets(st.integers(0, data_count + spare_count - 1), max_size=spare_count))
        messages.append(message)
        for index, piece in enumerate(fragments(message, first + step, data_count, spare_count)):
            if index not in lost:
                pieces += [piece] * draw(st.integers(1, 2))
    return messages, draw(st.permutations(pieces))


@given(arrivals())
def test_every_message_comes_out_once(case):
    messages, pieces = case
    assert sorted(received(IncomingBlocks(), *pieces)) == sorted(messages)


def test_what_nobody_needs_any_more_is_counted():
    blocks = IncomingBlocks()
    pieces = fragments(b"abcdef", 0, 2, 2)
    assert received(blocks, *pieces, *pieces) == [b"abcdef"]
    assert blocks.fragments_late == 6


def test_numbers_wrap():
    blocks = IncomingBlocks()
    for number in range(TOP - 2, TOP + 2):
        assert received(blocks, *fragments(b"%d" % number, number, 2, 1)) == [b"%d" % number]


def test_a_block_that_is_far_behind_is_old():
    blocks = IncomingBlocks()
    assert received(blocks, *fragments(b"new", HISTORY, 1)) == [b"new"]
    assert received(blocks, *fragments(b"old", 0, 1)) == []
    assert received(blocks, *fragments(b"just in time", 1, 1)) == [b"just in time"]


def test_history_is_forgotten_when_numbers_leap():
    blocks = IncomingBlocks()
    received(blocks, *fragments(b"a", 0, 1))
    received(blocks, *fragments(b"b", 3 * HISTORY, 1))
    assert received(blocks, *fragments(b"c", 3 * HISTORY - 1, 1)) == [b"c"]


def test_fragments_that_contradict_each_other():
    blocks = IncomingBlocks()
    blocks.receive(fragments(b"abcdef", 0, 2)[0])
    with pytest.raises(RemoteProtocolError):
        blocks.receive(fragments(b"abcdefg", 0, 2)[1])


def test_the_oldest_incomplete_block_gives_way_for_a_new_one():
    blocks = IncomingBlocks()
    pieces = [fragments(b"message %d" % number, number, 2) for number in range(MAX_BLOCKS + 1)]
    for first, _ in pieces:
        assert blocks.receive(first) is None
    assert blocks.receive(pieces[0][1]) is None
    assert all(blocks.receive(second) is not None for _, second in pieces[1:])


def test_octets_are_bounded():
    blocks = IncomingBlocks()
    large = bytes(1_000_000)
    pieces = [fragments(large, number, 2) for number in range(MAX_BYTES // 500_000 + 1)]
    for first, _ in pieces:
        blocks.receive(first)
    assert blocks.receive(pieces[0][1]) is None
    assert blocks.receive(pieces[1][1]) == large


def test_repetitions_of_one_fragment_do_not_wait_for_ever():
    blocks = IncomingBlocks()
    first, second = fragments(bytes(1_000_000), 0, 2)
    for _ in range(MAX_BYTES // 500_000 + 1):
        blocks.receive(first)
    assert blocks.receive(second) is None
    assert received(blocks, *fragments(b"next", 1, 2)) == [b"next"]
