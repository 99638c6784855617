"""One message and its pieces: which leave, for whom, and when there are enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.fec import Assembler
from wsmedia.session.blocks import MAX_SPARES, Block, Urgency
from wsmedia.wire import WireLimits, decode

MESSAGE = bytes(range(100))


def in_fragments(data_count=4, spare_count=0):
    return Block(MESSAGE, Urgency.VIDEO, 1.0, number=7, data_count=data_count, spare_count=spare_count)


def fragment(data):
    return decode(data, WireLimits())


def test_a_message_that_is_not_cut_is_its_own_piece():
    block = Block(MESSAGE, Urgency.AUDIO, 1.0, spare_count=1)
    assert [block.next_piece(lane_id, 1.5) for lane_id in (4, 6)] == [MESSAGE, MESSAGE]
    assert (block.to_send, block.lane_ids, block.sent_at) == (0, {4, 6}, 1.5)


def test_one_arrival_of_a_whole_message_is_enough():
    block = Block(MESSAGE, Urgency.AUDIO, 1.0, spare_count=1)
    assert not block.is_delivered
    block.acknowledged += 1
    assert block.is_delivered


def test_pieces_carry_what_the_far_end_needs_to_know():
    block = in_fragments(data_count=3)
    pieces = [fragment(block.next_piece(0, 1.0)) for _ in range(3)]
    assert [(piece.index, piece.data_count, piece.block_number, piece.message_length) for piece in pieces] == [
        (index, 3, 7, 100) for index in range(3)
    ]
    assert b"".join(bytes(piece.payload) for piece in pieces) == MESSAGE
    assert block.piece_size == 34


def test_more_pieces_are_never_those_that_were_sent():
    block = in_fragments(spare_count=1)
    indices = [fragment(block.next_piece(0, 1.0)).index for _ in range(5)]
    for count in (2, 1):
        block.ask_for_more(count)
        indices += [fragment(block.next_piece(0, 1.0)).index for _ in range(count)]
    assert indices == list(range(8))
    assert block.to_send == 0


def test_parity_has_an_end():
    block = in_fragments()
    block.ask_for_more(1000)
    assert block.to_send == 4 + MAX_SPARES
    indices = [fragment(block.next_piece(0, 1.0)).index for _ in range(block.to_send)]
    assert indices == list(range(4 + MAX_SPARES))
    block.ask_for_more(1)
    assert block.to_send == 0


def test_a_whole_message_may_be_repeated_as_often_as_one_likes():
    block = Block(MESSAGE, Urgency.AUDIO, 1.0)
    for _ in range(300):
        block.ask_for_more(1)
        block.next_piece(0, 1.0)
    assert block.to_send == 1


@pytest.mark.parametrize("count", [0, -3])
def test_asking_for_nothing_changes_nothing(count):
    block = in_fragments()
    block.ask_for_more(count)
    assert block.to_send == 4


def test_what_is_dropped_is_not_sent_but_may_be_asked_for_again():
    block = in_fragments()
    block.next_piece(0, 1.0)
    block.drop_rest()
    assert block.to_send == 0
    block.ask_for_more(1)
    assert fragment(block.next_piece(0, 1.0)).index == 1


@given(st.integers(1, 40), st.integers(0, 8), st.lists(st.integers(1, 5), max_size=4), st.randoms())
def test_any_pieces_that_are_enough_give_the_message(data_count, spare_count, asked, random):
    message = random.randbytes(random.randint(data_count**2, 3000))
    block = Block(message, Urgency.VIDEO, 0.0, data_count=data_count, spare_count=spare_count)
    pieces = []
    for count in [0, *asked]:
        block.ask_for_more(count)
        while block.to_send:
            pieces.append(block.next_piece(0, 0.0))
    if data_count == 1:
        assert set(pieces) == {message}
        return
    assembler = Assembler(data_count, len(message))
    chosen = [fragment(piece) for piece in random.sample(pieces, data_count)]
    assert [assembler.add(piece.index, piece.payload) for piece in chosen][-1] == message
