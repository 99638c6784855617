"""Counters and timers of one lane."""

import pytest

from wsmedia.errors import RemoteProtocolError
from wsmedia.session.lane import MAX_UNACKNOWLEDGED_MESSAGES, Lane
from wsmedia.wire import LaneAck


def lane():
    return Lane(3, "websocket", b"greeting", welcomed=True, now=1.0)


def test_a_receipt_of_nothing_has_no_time():
    assert lane().receipt() == LaneAck(3, 0, 0, 0)


def test_a_receipt_counts_messages_and_bytes():
    some = lane()
    some.received(10, 2.0)
    some.received(5, 2.5)
    assert some.receipt() == LaneAck(3, 2, 15, 2_500_000)


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
