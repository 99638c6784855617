"""When an ACK is due, and where."""

import pytest

from wsmedia.session.acknowledgements import Acknowledger
from wsmedia.session.lane import Lane
from wsmedia.wire import LaneAck


def test_nothing_to_acknowledge():
    assert not Acknowledger().is_due(0, 1, 100.0)


def test_due_20_ms_after_the_first():
    acknowledger = Acknowledger()
    acknowledger.received(2, 1.0)
    acknowledger.received(2, 1.01)
    assert acknowledger.due_at == 1.02
    assert not acknowledger.is_due(1, 2, 1.015)
    assert acknowledger.is_due(1, 2, 1.02)


def test_sooner_with_many_lanes():
    acknowledger = Acknowledger()
    acknowledger.received(3, 1.0)
    assert acknowledger.due_at == pytest.approx(1.012)


def carriers(count, acks, refusing=(), late=0.0):
    """On which of so many lanes that many ACKs leave, when lanes are asked in order."""
    acknowledger = Acknowledger()
    carried = []
    for step in range(acks):
        acknowledger.received(count, step)
        at = acknowledger.due_at + late
        able = [lane_id for lane_id in range(count) if lane_id not in refusing]
        carried.append(next((lane_id for lane_id in able if acknowledger.is_due(lane_id, count, at)), None))
        acknowledger.make([], 0, at)
    return carried


def test_lanes_take_turns_so_that_a_stalled_one_delays_one_ack():
    assert carriers(1, 3) == [0, 0, 0]
    assert carriers(2, 4) == [0, 1, 0, 1]
    assert len(set(carriers(16, 9))) == 9


def test_a_lane_that_can_take_nothing_is_passed_over():
    assert carriers(2, 3, refusing={0}) == [1, None, None]
    assert carriers(2, 3, refusing={0}, late=0.01) == [1, 1, 1]


def lanes_of(*lane_ids):
    return [Lane(lane_id, "websocket", b"", welcomed=True, now=1.0) for lane_id in lane_ids]


def test_an_ack_names_the_lanes_with_news_and_is_made_once():
    acknowledger = Acknowledger()
    lanes = lanes_of(4, 7)
    lanes[1].received(1.5)
    acknowledger.received(2, 1.5)
    ack = acknowledger.make(lanes, 3, 1.52)
    assert ack.lanes == (LaneAck(7, 1, 20_000),)
    assert (ack.control_received, ack.sent_at_us) == (3, 1_520_000)
    assert acknowledger.due_at is None
    assert acknowledger.make(lanes, 3, 2.0).lanes == ()


def test_what_the_last_ack_said_is_said_again_after_the_loss_of_a_lane():
    acknowledger = Acknowledger()
    lanes = lanes_of(4, 7)
    lanes[1].received(1.5)
    acknowledger.received(2, 1.5)
    acknowledger.make(lanes, 3, 1.52)
    acknowledger.lane_lost(lanes[1:], 2.0)
    assert acknowledger.is_due(7, 1, 2.0)
    assert acknowledger.make(lanes[1:], 3, 2.0).lanes == (LaneAck(7, 1, 500_000),)


def test_without_lanes_or_anything_received_a_loss_makes_nothing_due():
    acknowledger = Acknowledger()
    acknowledger.lane_lost([], 2.0)
    acknowledger.lane_lost(lanes_of(7), 2.0)
    assert acknowledger.due_at is None


def test_an_ack_names_no_more_lanes_than_its_count_can_say_and_the_rest_next_time():
    acknowledger = Acknowledger()
    lanes = lanes_of(*range(260))
    for lane in lanes:
        lane.received(1.5)
    assert len(acknowledger.make(lanes, 0, 1.6).lanes) == 255
    assert [receipt.lane_id for receipt in acknowledger.make(lanes, 0, 9.0).lanes] == [255, 256, 257, 258, 259]
