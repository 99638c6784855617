"""When an ACK is due, and where."""

from wsmedia.session.acknowledgements import Acknowledger
from wsmedia.session.lane import Lane
from wsmedia.wire import LaneAck


def test_nothing_to_acknowledge():
    assert not Acknowledger().is_due(0, 100.0)


def test_due_20_ms_after_the_first_on_the_lane_that_received_last():
    acknowledger = Acknowledger()
    acknowledger.received(0, 1.0)
    acknowledger.received(1, 1.01)
    assert acknowledger.due_at == 1.02
    assert not acknowledger.is_due(1, 1.015)
    assert not acknowledger.is_due(0, 1.02)
    assert acknowledger.is_due(1, 1.02)


def test_any_lane_when_that_one_is_lost():
    acknowledger = Acknowledger()
    acknowledger.received(1, 1.0)
    acknowledger.lane_lost(0)
    assert not acknowledger.is_due(0, 1.02)
    acknowledger.lane_lost(1)
    assert acknowledger.is_due(0, 1.02)


def test_an_ack_names_every_lane_and_is_made_once():
    acknowledger = Acknowledger()
    lanes = [Lane(lane_id, "websocket", b"", welcomed=True, now=1.0) for lane_id in (4, 7)]
    lanes[1].received(10, 1.5)
    acknowledger.received(7, 1.5)
    ack = acknowledger.make(lanes, 3, 1.52)
    assert ack.lanes == (LaneAck(4, 0, 0, 0), LaneAck(7, 1, 10, 1_500_000))
    assert (ack.control_received, ack.sent_at_us) == (3, 1_520_000)
    assert acknowledger.due_at is None
