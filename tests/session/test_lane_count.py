"""How many lanes are wanted, by two measurements and two bounds."""

from wsmedia.session.lane_count import LaneCount
from wsmedia.session.redundancy import CLEAN_LANES


def test_a_clean_path_has_two_and_nothing_is_told():
    count = LaneCount(16)
    assert count.wanted == CLEAN_LANES
    assert count.take_change() is None


def test_the_larger_wish_counts_and_is_told_once():
    count = LaneCount(16)
    count.wish(4)
    assert [count.take_change(), count.take_change()] == [4, None]
    count.remote_wish(8)
    assert count.take_change() == 8
    count.remote_wish(1)
    assert count.take_change() == 4
    count.wish(2)
    assert count.take_change() == 2


def test_neither_end_goes_beyond_its_bound():
    count = LaneCount(8)
    count.wish(16)
    assert count.wanted == 8
    count.limit(5)
    count.limit(7)
    assert count.take_change() == 5


def test_there_is_always_one():
    count = LaneCount(1)
    assert count.take_change() == 1


def test_a_fixed_number_is_kept_whatever_is_measured():
    count = LaneCount(16, fixed=6)
    count.wish(2)
    count.remote_wish(16)
    assert count.take_change() == 6
    count.limit(4)
    assert count.wanted == 4
