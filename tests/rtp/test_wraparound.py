from hypothesis import given
from hypothesis import strategies as st

from wsmedia.rtp.wraparound import Unwrapper, sequence_difference, timestamp_difference


@given(st.integers(0, 0xFFFF), st.integers(-0x8000, 0x7FFF))
def test_sequence_difference_sees_across_the_wrap(start, step):
    assert sequence_difference((start + step) & 0xFFFF, start) == step


@given(st.integers(0, 0xFFFFFFFF), st.integers(-0x80000000, 0x7FFFFFFF))
def test_timestamp_difference_sees_across_the_wrap(start, step):
    assert timestamp_difference((start + step) & 0xFFFFFFFF, start) == step


@given(st.integers(0, 0xFFFF), st.lists(st.integers(-0x8000, 0x7FFF), max_size=30))
def test_unwrapped_values_continue(start, steps):
    unwrapper = Unwrapper(16)
    value = start
    assert unwrapper.unwrap(start) == start
    for step in steps:
        value += step
        assert unwrapper.unwrap(value & 0xFFFF) == value
