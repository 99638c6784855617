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


def test_a_lane_is_news_until_it_is_told_and_a_moment_more():
    some = lane()
    some.received(2.0)
    assert some.has_news(9.0)
    some.receipt(2_010_000)
    assert some.has_news(2.029)
    assert not some.has_news(2.031)
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
    assert [(sent.size, sent.sent_at, sent.ahead) for sent in some.acknowledge(2)] == [(10, 1.0, 0), (20, 2.0, 10)]
    assert some.in_flight_bytes == 30
    assert some.acknowledge(1) == []
    assert some.acknowledge(2) == []
    with pytest.raises(RemoteProtocolError):
        some.acknowledge(4)


def test_a_lane_whose_oldest_message_is_not_acknowledged_for_long_is_silent():
    some = lane()
    assert not some.is_silent(0.1, 100.0)
    some.sent(1, 1.0)
    assert not some.is_silent(0.1, 1.5)
    assert some.is_silent(0.1, 1.7)


def test_a_lane_is_stalled_when_younger_data_of_another_has_arrived():
    some = lane()
    assert not some.is_stalled(100.0)
    some.sent(1, 1.0)
    assert not some.is_stalled(1.01)
    assert some.is_stalled(1.02)
    some.acknowledge(1)
    assert not some.is_stalled(1.02)


def test_what_waits_for_the_connections_window_is_not_late():
    some = lane()
    some.sent(14_000, 1.0)
    some.sent(14_000, 1.0)
    first, second = some.acknowledge(2)
    assert some.is_late(first, 2.0)
    assert not some.is_late(second, 2.0)
    some.proven_bytes = 20_000
    assert some.is_late(second, 2.0)


def test_a_far_end_that_never_acknowledges_is_given_up():
    some = lane()
    for _ in range(MAX_UNACKNOWLEDGED_MESSAGES):
        some.sent(1, 1.0)
    assert not some.is_overdue
    some.sent(1, 1.0)
    assert some.is_overdue
