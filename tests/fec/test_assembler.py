"""One block: fragments in any order, repeated, contradicting, of wrong sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fec.test_erasure import blocks, fragments_of
from wsmedia.errors import RemoteProtocolError
from wsmedia.fec import Assembler

MESSAGE = bytes(range(1, 12))
FRAGMENTS = fragments_of(MESSAGE, 3, range(6))


@given(blocks(), st.data())
def test_the_message_comes_out_once_with_the_kth_fragment(block, data):
    message, data_count, kept = block
    fragments = fragments_of(message, data_count, kept)
    assembler = Assembler(data_count, len(message))
    repeated = data.draw(st.lists(st.sampled_from(kept), max_size=4))
    order = [*data.draw(st.permutations([*kept, *repeated])), kept[0]]

    given_at = [at for at, index in enumerate(order) if assembler.add(index, fragments[index]) == message]

    assert given_at == [max(order.index(index) for index in kept)]
    assert assembler.is_complete


def test_how_many_are_missing():
    assembler = Assembler(3, len(MESSAGE))
    missing = []
    for index in (4, 4, 0, 2, 1):
        assembler.add(index, FRAGMENTS[index])
        missing.append((assembler.missing, assembler.is_complete))

    assert missing == [(2, False), (2, False), (1, False), (0, True), (0, True)]


@pytest.mark.parametrize(
    ("index", "payload"),
    [
        (0, b"123"),
        (0, b"12345"),
        (0, b""),
        (2, b"1234"),
        (2, b"12"),
        (3, b"123"),
        (254, b"12345"),
        (255, b"1234"),
        (-1, b"1234"),
    ],
)
@pytest.mark.parametrize("complete", [False, True])
def test_wrong_sizes_and_indices(index, payload, complete):
    assembler = Assembler(3, len(MESSAGE))
    for known in range(3 if complete else 1):
        assembler.add(known, FRAGMENTS[known])

    with pytest.raises(RemoteProtocolError):
        assembler.add(index, payload)


def test_a_fragment_that_contradicts_an_earlier_one():
    assembler = Assembler(3, len(MESSAGE))
    assembler.add(1, FRAGMENTS[1])

    with pytest.raises(RemoteProtocolError, match="contradicts"):
        assembler.add(1, b"else")


@pytest.mark.parametrize(("data_count", "length"), [(0, 10), (-1, 10), (201, 1000), (1, 0), (4, 3), (4, 5), (2, -5)])
def test_impossible_blocks(data_count, length):
    with pytest.raises(RemoteProtocolError):
        Assembler(data_count, length)


def test_fragments_that_say_something_else_of_the_message():
    assembler = Assembler(3, 11)
    assembler.check(3, 11)

    for data_count, length in ((4, 11), (3, 12)):
        with pytest.raises(RemoteProtocolError, match="contradict"):
            assembler.check(data_count, length)
