"""Any k fragments give the message back, whichever they are; the shared vectors say which octets they hold."""

import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.fec.test_field import multiply
from wsmedia.errors import LocalProtocolError
from wsmedia.fec import MAX_DATA_COUNT, data_count_for, encode_parity, fragment_size, recover, split

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "fec.json").read_text())


@st.composite
def blocks(draw):
    """A message, how it is cut, and k of its fragments in some order."""
    length = draw(st.integers(1, 3000))
    data_count = draw(st.integers(1, min(length, MAX_DATA_COUNT)))
    assume(fragment_size(length, data_count))
    message = draw(st.randoms(use_true_random=False)).randbytes(length)
    kept = draw(st.lists(st.integers(0, 254), min_size=data_count, max_size=data_count, unique=True))
    return message, data_count, kept


def fragments_of(message, data_count, indices):
    data = split(message, data_count)
    return {i: data[i] if i < data_count else encode_parity(message, data_count, [i])[0] for i in indices}


@given(blocks())
def test_any_k_fragments_give_the_message_back(block):
    message, data_count, kept = block

    assert recover(fragments_of(message, data_count, kept), data_count, len(message)) == message


@given(st.integers(1, 2_000_000), st.integers(1, 100_000))
def test_a_message_can_always_be_cut_into_as_many_parts_as_it_takes(length, max_size):
    count = data_count_for(length, max_size)

    assert 1 <= count <= MAX_DATA_COUNT
    assert 0 < fragment_size(length, count) <= max(max_size, -(-length // MAX_DATA_COUNT))


def test_parity_by_the_book():
    message = bytes(range(1, 12))
    parts = [message[0:4], message[4:8], message[8:] + b"\0"]

    for j, parity in zip((3, 4, 254), encode_parity(message, 3, (3, 4, 254)), strict=True):
        for at, octet in enumerate(parity):
            total = 0
            for i, part in enumerate(parts):
                inverse = next(x for x in range(256) if multiply(x, j ^ i) == 1)
                total ^= multiply(inverse, part[at])
            assert octet == total


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector):
    message = bytes.fromhex(vector["message"])
    data_count = vector["data_count"]
    fragments = {fragment["index"]: bytes.fromhex(fragment["payload"]) for fragment in vector["fragments"]}
    parity = [index for index in fragments if index >= data_count]

    assert {i: bytes(part) for i, part in enumerate(split(message, data_count))}.items() <= fragments.items()
    assert encode_parity(message, data_count, parity) == [fragments[index] for index in parity]
    kept = {index: fragments[index] for index in vector["kept"]}
    assert recover(kept, data_count, len(message)) == message


@pytest.mark.parametrize(("length", "data_count"), [(0, 1), (3, 4), (5, 4), (10, 0), (10, -1), (1000, 201)])
def test_a_message_that_cannot_be_cut_so(length, data_count):
    with pytest.raises(LocalProtocolError):
        split(bytes(length), data_count)
    with pytest.raises(LocalProtocolError):
        encode_parity(bytes(length), data_count, [254])


@pytest.mark.parametrize("index", [-1, 0, 2, 255])
def test_parity_has_indices_of_its_own(index):
    with pytest.raises(LocalProtocolError):
        encode_parity(bytes(30), 3, [3, index])


def test_data_fragments_are_views():
    message = b"0123456789"

    assert [bytes(part) for part in split(message, 3)] == [b"0123", b"4567", b"89"]
    assert all(part.obj is message for part in split(message, 3))
