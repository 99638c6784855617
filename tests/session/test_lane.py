"""Counters and timers of one lane."""

import pytest

from wsmedia.errors import RemoteProtocolError
from wsmedia.session.lane import MAX_UNACKNOWLEDGED_MESSAGES, Lane
from wsmedia.wire import LaneAck


def lane():
    return Lane(3, "websocket", b"greeting", welcomed=True, now=1.0)


def test_nothing_received_is_no_news():
    assert not lane().has_news(1.0)


def test_a_receipt_counts_messages_and_says_how_long_the_last_was_held():
    some = lane()
    some.received(2.0)
    some.received(2.5)
    assert some.receipt(2_512_345) == LaneAck(3, 2, 12_345)


def test_a_lane_is_news_until_it_is_told_and_a_tenth_of_a_second_more():
    some = lane()
    some.received(2.0)
    assert some.has_news(9.0)
    some.receipt(2_010_000)
    assert some.has_news(2.09)
    assert not some.has_news(2.11)
    some.received(3.0)
    assert some.has_news(4.0)


def test_a_time_that_does_not_fit_saturates():
    some = lane()
    some.received(2.0)
    assert some.receipt(5_000_000_000).held_us == 0xFFFFFFFF


def test_acknowledged_messages_leave_flight():
    some = lane()
    for size in (10, 20, 30):
        some.sent(size, size / 10)
    octets, last = some.acknowledge(2)
    assert (octets, last.sent_at, some.in_flight_bytes) == (30, 2.0, 30)
    assert some.acknowledge(1) == (0, None)
    assert some.acknowledge(2) == (0, None)
    with pytest.raises(RemoteProtocolError):
        some.acknowledge(4)


def test_a_lane_whose_oldest_message_is_late_is_stalled():
    some = lane()
    assert not some.is_stalled(0.1, 100.0)
    some.sent(1, 1.0)
    assert not some.is_stalled(0.1, 1.5)
    assert some.is_stalled(0.1, 1.7)


def test_a_far_end_that_never_acknowledges_is_given_up():
    some = lane()
    for _ in range(MAX_UNACKNOWLEDGED_MESSAGES):
        some.sent(1, 1.0)
    assert not some.is_overdue
    some.sent(1, 1.0)
    assert some.is_overdue
