import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rtp.support import u16
from wsmedia.rtp.nack import NackGenerator


def receive(generator, start, offsets, now=0.0):
    return [generator.received((start + offset) & 0xFFFF, now) for offset in offsets]


@given(u16)
def test_a_gap_is_asked_for_at_once_and_again_after_a_round_trip(start):
    generator = NackGenerator(round_trip_time=0.1)
    receive(generator, start, [0, 1, 4])
    missing = [(start + 2) & 0xFFFF, (start + 3) & 0xFFFF]

    assert generator.requests(0.0) == missing
    assert generator.requests(0.1) == []
    assert generator.next_timeout() == pytest.approx(0.105)
    assert generator.requests(0.11) == missing


def test_what_arrives_is_not_asked_for_again():
    generator = NackGenerator()
    assert receive(generator, 0, [0, 3, 1, 1]) == [False, False, True, False]
    assert generator.requests(0.0) == [2]
    assert receive(generator, 0, [2]) == [True]
    assert generator.requests(9.0) == []
    assert generator.next_timeout() is None


def test_reordering_within_the_tolerance_is_no_loss():
    generator = NackGenerator(reorder_tolerance=0.01)
    receive(generator, 0, [0, 2])
    assert generator.requests(0.005) == []
    assert generator.next_timeout() == 0.01
    receive(generator, 0, [1])
    assert generator.requests(0.01) == []


def test_after_the_last_request_a_packet_is_lost():
    generator = NackGenerator(max_requests=3, round_trip_time=0.0, max_age=100)
    receive(generator, 0, [0, 2])
    asked = sum(len(generator.requests(step * 0.05)) for step in range(10))
    assert asked == 3
    assert generator.next_timeout() is None


def test_an_old_packet_is_lost():
    generator = NackGenerator(max_age=0.5, round_trip_time=5.0)
    receive(generator, 0, [0, 2])
    generator.requests(0.0)
    assert generator.next_timeout() == 0.5
    assert generator.requests(0.5) == []
    assert generator.next_timeout() is None


def test_the_oldest_give_way():
    generator = NackGenerator(max_missing=10)
    receive(generator, 0, [0, 8, 16])
    assert generator.requests(0.0) == [5, 6, 7, 9, 10, 11, 12, 13, 14, 15]


def test_a_jump_gives_up_everything():
    generator = NackGenerator(max_missing=10)
    receive(generator, 0, [0, 2, 500])
    assert generator.next_timeout() is None
    assert generator.requests(0.0) == []


def test_what_nobody_waits_for_is_forgotten():
    generator = NackGenerator()
    receive(generator, 0, [0, 4])
    generator.forget([1, 2, 77])
    assert generator.requests(0.0) == [3]


@given(u16, st.lists(st.integers(0, 3000), max_size=80))
def test_bounds_hold_whatever_arrives(start, offsets):
    generator = NackGenerator(max_missing=50)
    for step, offset in enumerate(offsets):
        receive(generator, start, [offset], step * 0.01)
        assert len(generator.requests(step * 0.01)) <= 50
