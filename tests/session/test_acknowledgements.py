"""When an ACK is due, and where."""

from wsmedia.session.acknowledgements import Acknowledger
from wsmedia.session.lane import Lane
from wsmedia.wire import LaneAck


def test_nothing_to_acknowledge():
    assert not Acknowledger().is_due(0, 100.0)


def test_due_20_ms_after_the_first_on_the_lane_that_received_last():
    acknowledger = Acknowledger()
    acknowledger.received(0, 2, 1.0)
    acknowledger.received(1, 2, 1.01)
    assert acknowledger.due_at == 1.02
    assert not acknowledger.is_due(1, 1.015)
    assert not acknowledger.is_due(0, 1.02)
    assert acknowledger.is_due(1, 1.02)


def test_sooner_with_many_lanes():
    acknowledger = Acknowledger()
    acknowledger.received(0, 3, 1.0)
    assert acknowledger.due_at == 1.005


def test_any_lane_when_that_one_is_lost():
    acknowledger = Acknowledger()
    acknowledger.received(1, 2, 1.0)
    acknowledger.lane_lost(0, [], 1.0)
    assert not acknowledger.is_due(0, 1.02)
    acknowledger.lane_lost(1, [], 1.0)
    assert acknowledger.is_due(0, 1.02)


def lanes_of(*lane_ids):
    return [Lane(lane_id, "websocket", b"", welcomed=True, now=1.0) for lane_id in lane_ids]


def test_an_ack_names_the_lanes_with_news_and_is_made_once():
    acknowledger = Acknowledger()
    lanes = lanes_of(4, 7)
    lanes[1].received(1.5)
    acknowledger.received(7, 2, 1.5)
    ack = acknowledger.make(lanes, 3, 1.52)
    assert ack.lanes == (LaneAck(7, 1, 20_000),)
    assert (ack.control_received, ack.sent_at_us) == (3, 1_520_000)
    assert acknowledger.due_at is None
    assert acknowledger.make(lanes, 3, 2.0).lanes == ()


def test_what_the_last_ack_said_is_said_again_after_the_loss_of_a_lane():
    acknowledger = Acknowledger()
    lanes = lanes_of(4, 7)
    lanes[1].received(1.5)
    acknowledger.received(7, 2, 1.5)
    acknowledger.make(lanes, 3, 1.52)
    acknowledger.lane_lost(4, lanes[1:], 2.0)
    assert acknowledger.is_due(7, 2.0)
    assert acknowledger.make(lanes[1:], 3, 2.0).lanes == (LaneAck(7, 1, 500_000),)


def test_without_lanes_or_anything_received_a_loss_makes_nothing_due():
    acknowledger = Acknowledger()
    acknowledger.lane_lost(4, [], 2.0)
    acknowledger.lane_lost(5, lanes_of(7), 2.0)
    assert acknowledger.due_at is None


def test_an_ack_names_no_more_lanes_than_its_count_can_say_and_the_rest_next_time():
    acknowledger = Acknowledger()
    lanes = lanes_of(*range(260))
    for lane in lanes:
        lane.received(1.5)
    assert len(acknowledger.make(lanes, 0, 1.6).lanes) == 255
    assert [receipt.lane_id for receipt in acknowledger.make(lanes, 0, 9.0).lanes] == [255, 256, 257, 258, 259]
