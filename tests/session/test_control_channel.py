"""CONTROL over lanes that come and go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.session.control_channel import MAX_AHEAD, MAX_UNACKNOWLEDGED, ControlReceiver, ControlSender
from wsmedia.wire import Control, KeyframeRequest, TargetBitrate, WireLimits, decode


def drain(sender, lane_id):
    numbers = []
    while (data := sender.next_message(lane_id)) is not None:
        numbers.append(decode(data, WireLimits()).sequence_number)
    return numbers


def sender_of(count):
    sender = ControlSender()
    for _ in range(count):
        sender.send(KeyframeRequest(1))
    return sender


class TestSender:
    def test_numbers_start_at_one(self):
        assert drain(sender_of(3), 0) == [1, 2, 3]

    def test_only_what_the_lost_lane_carried_is_repeated(self):
        sender = sender_of(1)
        assert drain(sender, 0) == [1]
        sender.send(KeyframeRequest(1))
        assert drain(sender, 1) == [2]
        sender.send(KeyframeRequest(1))
        sender.lane_lost(0)
        assert drain(sender, 1) == [1, 3]
        sender.lane_lost(0)
        assert drain(sender, 2) == []

    def test_what_is_acknowledged_is_not_repeated(self):
        sender = sender_of(3)
        drain(sender, 0)
        sender.lane_lost(0)
        sender.acknowledge(2)
        assert drain(sender, 1) == [3]
        sender.acknowledge(3)
        sender.lane_lost(1)
        assert drain(sender, 2) == []

    def test_old_acknowledgements_are_harmless(self):
        sender = sender_of(2)
        drain(sender, 0)
        sender.acknowledge(2)
        sender.acknowledge(1)
        sender.lane_lost(0)
        assert drain(sender, 1) == []

    def test_what_was_never_sent_cannot_be_acknowledged(self):
        sender = sender_of(2)
        with pytest.raises(RemoteProtocolError):
            sender.acknowledge(1)

    def test_no_more_ahead_than_the_receiver_holds_back(self):
        sender = sender_of(MAX_AHEAD + 5)
        assert drain(sender, 0)[-1] == MAX_AHEAD
        sender.acknowledge(3)
        assert drain(sender, 0) == [MAX_AHEAD + 1, MAX_AHEAD + 2, MAX_AHEAD + 3]

    def test_too_much_that_nobody_takes(self):
        sender = sender_of(MAX_UNACKNOWLEDGED)
        with pytest.raises(RemoteProtocolError) as caught:
            sender.send(KeyframeRequest(1))
        assert caught.value.code == CloseCode.OVERLOADED


class TestReceiver:
    def receive(self, receiver, *numbers):
        return [
            message.bitrate_bps
            for number in numbers
            for message in receiver.receive(Control(number, TargetBitrate(0, number)))
        ]

    def test_in_order_and_once(self):
        receiver = ControlReceiver()
        assert self.receive(receiver, 2, 2, 1, 1, 3) == [1, 2, 3]
        assert receiver.received == 3

    def test_too_far_ahead(self):
        receiver = ControlReceiver()
        self.receive(receiver, MAX_AHEAD)
        with pytest.raises(RemoteProtocolError):
            self.receive(receiver, MAX_AHEAD + 1)

    @given(st.permutations(range(1, 60)), st.lists(st.integers(1, 59)))
    def test_any_order_becomes_the_right_one(self, numbers, repeated):
        assert self.receive(ControlReceiver(), *repeated, *numbers) == list(range(1, 60))
