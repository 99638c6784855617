"""Which lane gets which piece, and when more pieces are sent."""

import pytest

from wsmedia.session.blocks import Block, Urgency
from wsmedia.session.dispatcher import (
    CONGESTED_LANES,
    HEDGE_DELAY,
    MAX_HEDGE_BYTES,
    MAX_HEDGES,
    MAX_OPEN,
    MAX_OPEN_TIME,
    MAX_WAITING_TIME,
    Dispatcher,
)
from wsmedia.session.lane import Lane
from wsmedia.session.redundancy import Redundancy


class Path:
    """Lanes with a dispatcher; ``carry`` lets their carriers take what was assigned."""

    def __init__(self, lanes, *, late=0, lanes_wanted=16):
        self.redundancy = Redundancy()
        for _ in range(late):
            self.redundancy.acknowledged(late=True, now=0.0)
        self.redundancy.lanes = lanes_wanted
        self.lanes = {lane_id: Lane(lane_id, "websocket", b"", welcomed=True, now=0.0) for lane_id in range(lanes)}
        self.dispatcher = Dispatcher(self.lanes, self.redundancy)
        self.dispatcher.round_trip = 0.04

    def send(self, block, now=0.0):
        self.dispatcher.send(block)
        return self.carry(block.urgency, now)

    def carry(self, urgency, now=0.0):
        """On which lanes what waits leaves, lanes taking turns."""
        carried = []
        while self.dispatcher.assign(urgency, now) or any(lane.outbox for lane in self.lanes.values()):
            for lane in self.lanes.values():
                if lane.outbox:
                    data, block = lane.outbox.popleft()
                    lane.sent(len(data), now, block)
                    carried.append(lane.lane_id)
        return carried

    def arrives(self, lane_id, now):
        """All that is in flight on that lane is acknowledged, and overtakes what is older."""
        lane = self.lanes[lane_id]
        for sent in lane.acknowledge(lane.messages_acknowledged + len(lane.in_flight)):
            self.dispatcher.acknowledged(sent)
            self.dispatcher.newest_acknowledged = max(self.dispatcher.newest_acknowledged, sent.sent_at)
        self.dispatcher.hedge(now)

    def occupy(self, lane_id, size, now=0.0):
        self.lanes[lane_id].sent(size, now)

    def overtake(self, at):
        """Something that left then has arrived on some lane."""
        self.dispatcher.newest_acknowledged = at


def packet(now=0.0, copies=1):
    return Block(bytes(100), Urgency.AUDIO, now, spare_count=copies - 1)


def frame(data_count=1, spare_count=0, now=0.0, size=4000):
    return Block(bytes(size), Urgency.VIDEO, now, data_count=data_count, spare_count=spare_count, video_track_id=9)


def control(now=0.0):
    return Block(bytes(50), Urgency.CONTROL, now)


class TestKinds:
    @pytest.mark.parametrize("block", [control, packet, frame])
    def test_a_lane_of_a_worse_kind_carries_nothing_beside_a_better_one(self, block):
        path = Path(0)
        path.lanes |= {
            lane_id: Lane(lane_id, kind, b"", welcomed=welcomed, now=0.0)
            for lane_id, (kind, welcomed) in enumerate(
                [("http-poll", True), ("http-stream", True), ("websocket", False)]
            )
        }
        assert path.send(block()) == [1]
        path.lanes[2].welcomed = True
        assert path.send(block()) == [2]
        # Also where the better one has more to do.
        path.occupy(2, 50_000)
        assert path.send(block()) == [2]
        path.lanes.pop(2)
        path.lanes.pop(1)
        assert path.send(block()) == [0]


class TestLanes:
    def test_a_clean_path_keeps_the_first_lane_for_control_and_audio(self):
        path = Path(3)
        path.send(packet())
        path.send(frame())
        assert path.send(control()) == [0]
        assert path.send(packet()) == [0]
        assert sorted(path.send(frame(2))) == [1, 2]

    def test_what_is_sent_alone_takes_turns_with_all_lanes_for_one_lane_cannot_be_seen_to_stall(self):
        assert sorted(Path(3).send(frame(3))) == [0, 1, 2]
        path = Path(2)
        assert [path.send(packet(now=at)) for at in (0.0, 0.02, 0.04, 0.06)] == [[0], [1], [0], [1]]

    def test_with_one_lane_it_carries_all(self):
        path = Path(1)
        assert path.send(packet()) == [0]
        assert path.send(frame(2)) == [0, 0]

    def test_a_lossy_path_spreads_pieces_evenly(self):
        path = Path(4, late=5)
        assert sorted(path.send(frame(6, 2))) == [0, 0, 1, 1, 2, 2, 3, 3]

    def test_repetitions_of_audio_go_to_different_lanes(self):
        path = Path(4, late=5)
        assert len(set(path.send(packet(copies=2)))) == 2

    def test_a_repetition_behind_the_original_is_not_sent(self):
        path = Path(1, late=5)
        assert path.send(packet(copies=2)) == [0]

    def test_the_lane_with_the_least_in_flight_is_next(self):
        path = Path(3, late=5)
        path.occupy(0, 300)
        path.occupy(1, 100)
        path.occupy(2, 200)
        assert path.send(packet()) == [1]

    def test_a_congested_path_uses_few_lanes_for_video(self):
        path = Path(6, late=5)
        path.redundancy.congested(0.0)
        assert len(set(path.send(frame(5)))) == CONGESTED_LANES

    def test_a_stalled_lane_gets_nothing_until_it_has_caught_up(self):
        path = Path(3, late=5)
        path.occupy(1, 100, now=1.0)
        path.overtake(1.1)
        assert sorted(path.send(frame(2, now=1.2), 1.2)) == [0, 2]
        path.arrives(1, 1.2)
        assert path.send(packet(1.3), 1.3) == [1]

    def test_all_lanes_stalled_are_better_than_none(self):
        path = Path(2, late=5)
        for lane_id in path.lanes:
            path.occupy(lane_id, 100, now=1.0)
        path.overtake(1.1)
        assert len(path.send(packet(1.2), 1.2)) == 1

    def test_a_silent_lane_takes_control_only(self):
        path = Path(1)
        path.occupy(0, 100, now=0.0)
        assert path.send(packet(1.0), 1.0) == []
        assert path.send(control(1.0), 1.0) == [0]

    def test_lanes_beyond_the_wanted_number_fall_silent(self):
        path = Path(5, late=5, lanes_wanted=3)
        assert set(path.send(frame(10))) == {0, 1, 2}
        assert [lane.lane_id for lane in path.dispatcher.usable_lanes] == [0, 1, 2]

    def test_before_the_first_welcome_a_lane_that_said_hello_will_do(self):
        path = Path(2)
        for lane in path.lanes.values():
            lane.welcomed = False
        assert path.send(packet()) == [0]
        path.lanes[1].welcomed = True
        assert path.send(packet()) == [1]

    def test_a_lane_that_takes_nothing_does_not_keep_others_waiting(self):
        path = Path(3, late=5)
        path.lanes[1].put(b"stuck", None)
        path.dispatcher.send(frame(4))
        for _ in range(10):
            path.dispatcher.assign(Urgency.VIDEO, 0.0)
            for lane_id in (0, 2):
                path.lanes[lane_id].outbox.clear()
        assert not path.dispatcher.waits(Urgency.VIDEO)


class TestFlight:
    def test_octets_of_stalled_lanes_count_half_at_most(self):
        path = Path(3)
        path.occupy(0, 1000, now=1.0)
        path.occupy(1, 200, now=1.1)
        assert path.dispatcher.bytes_in_flight == 1200
        path.overtake(1.1)
        assert path.dispatcher.bytes_in_flight == 600
        path.occupy(2, 2000, now=1.1)
        assert path.dispatcher.bytes_in_flight == 2200

    def test_redundancy_costs_what_it_adds(self):
        path = Path(4, late=5)
        assert path.dispatcher.cost == 1.0
        for _ in range(50):
            path.send(packet(copies=2))
        assert path.dispatcher.cost == 2.0


class TestHedge:
    def test_what_was_overtaken_is_repeated_on_another_lane(self):
        path = Path(3)
        block = packet(1.0)
        path.send(block, 1.0)
        path.send(frame(now=1.1), 1.1)
        path.arrives(1, 1.14)
        assert path.carry(Urgency.AUDIO, 1.14) != [0]
        assert block.acknowledged == 0

    def test_not_before_it_is_clearly_late(self):
        path = Path(2)
        path.send(packet(1.0), 1.0)
        path.send(frame(now=1.0 + HEDGE_DELAY / 2), 1.0 + HEDGE_DELAY / 2)
        path.arrives(1, 1.1)
        assert path.carry(Urgency.AUDIO, 1.1) == []

    def test_a_frame_gets_as_many_pieces_as_it_lacks_and_one_more(self):
        path = Path(4, late=5)
        block = frame(4, now=1.0)
        path.send(block, 1.0)
        path.send(packet(1.1), 1.1)
        sent_last = next(lane_id for lane_id, lane in path.lanes.items() if lane.in_flight[-1].sent_at == 1.1)
        path.arrives(sent_last, 1.15)
        assert block.acknowledged == 1
        assert block.to_send == 4

    def test_what_has_arrived_is_not_repeated(self):
        path = Path(2)
        block = packet(1.0)
        path.send(block, 1.0)
        path.arrives(0, 1.05)
        path.overtake(1.1)
        path.dispatcher.hedge(1.15)
        assert not path.dispatcher.waits(Urgency.AUDIO)

    def test_what_nothing_overtakes_is_repeated_after_a_while_on_another_lane(self):
        path = Path(2)
        path.dispatcher.round_trip = 0.08
        assert path.send(packet(1.0), 1.0) == [0]
        due_at = path.dispatcher.next_hedge_at(1.0)
        assert due_at == pytest.approx(1.31)
        path.dispatcher.hedge(due_at - 0.01)
        assert path.carry(Urgency.AUDIO, due_at - 0.01) == []
        path.dispatcher.hedge(due_at)
        assert path.carry(Urgency.AUDIO, due_at) == [1]
        assert path.dispatcher.next_hedge_at(due_at) == pytest.approx(due_at + 0.31)

    def test_with_one_lane_there_is_no_other_to_repeat_it_on(self):
        path = Path(1)
        path.send(packet(1.0), 1.0)
        assert path.dispatcher.next_hedge_at(1.0) is None

    def test_it_has_an_end(self):
        path = Path(8, late=5)
        block = packet(1.0)
        path.send(block, 1.0)
        for step in range(1, 10):
            path.overtake(1.0 + step / 10)
            path.dispatcher.hedge(1.05 + step / 10)
            path.carry(Urgency.AUDIO, 1.05 + step / 10)
        assert block.hedges == MAX_HEDGES
        assert block.pieces_sent == 1 + MAX_HEDGES

    def test_nothing_is_repeated_while_the_path_is_congested_or_there_is_one_lane(self):
        for path in (Path(4, late=5), Path(1)):
            path.redundancy.congested(1.1)
            path.send(packet(1.0), 1.0)
            path.overtake(1.1)
            path.dispatcher.hedge(1.1)
            assert not path.dispatcher.waits(Urgency.AUDIO)

    def test_suspicion_does_not_cost_more_than_a_share(self):
        path = Path(4, late=5)
        blocks = [frame(now=1.0, size=5000) for _ in range(20)]
        for block in blocks:
            path.send(block, 1.0)
        path.overtake(1.1)
        path.dispatcher.hedge(1.1)
        hedged = sum(block.to_send for block in blocks) * 5000
        assert 0 < hedged <= MAX_HEDGE_BYTES

    def test_old_blocks_are_forgotten(self):
        path = Path(4, late=5)
        path.send(packet(1.0), 1.0)
        path.dispatcher.hedge(1.1 + MAX_OPEN_TIME)
        path.overtake(1.2 + MAX_OPEN_TIME)
        path.dispatcher.hedge(1.2 + MAX_OPEN_TIME)
        assert not path.dispatcher.waits(Urgency.AUDIO)

    def test_so_are_too_many(self):
        path = Path(4, late=5)
        first, *others = [packet(1.0) for _ in range(MAX_OPEN + 1)]
        for block in (first, *others):
            path.send(block, 1.0)
        path.dispatcher.hedge(1.0)
        path.overtake(1.1)
        path.dispatcher.hedge(1.1)
        assert (first.hedges, others[0].hedges) == (0, 1)


class TestLoss:
    def test_what_a_lost_lane_carried_goes_to_others(self):
        path = Path(4, late=5)
        block = frame(4, now=1.0)
        path.send(block, 1.0)
        lost = path.lanes.pop(2)
        assert path.dispatcher.lane_lost(lost) == set()
        assert len(path.carry(Urgency.VIDEO, 1.1)) == 1
        assert block.pieces_sent == 5

    def test_what_waited_for_its_carrier_too(self):
        path = Path(2, late=5)
        block = packet(1.0)
        path.dispatcher.send(block)
        path.dispatcher.assign(Urgency.AUDIO, 1.0)
        lost = next(lane for lane in path.lanes.values() if lane.outbox)
        del path.lanes[lost.lane_id]
        path.dispatcher.lane_lost(lost)
        assert path.carry(Urgency.AUDIO, 1.0) == [1 - lost.lane_id]

    def test_what_has_arrived_and_control_are_not_repeated_here(self):
        path = Path(3, late=5)
        delivered = packet(1.0, copies=2)
        path.send(delivered, 1.0)
        delivered.acknowledged = 1
        path.send(control(1.0), 1.0)
        for lane_id in (0, 1):
            path.dispatcher.lane_lost(path.lanes.pop(lane_id))
        assert path.carry(Urgency.AUDIO, 1.1) == []
        assert path.carry(Urgency.CONTROL, 1.1) == []

    def test_the_last_lane_takes_everything_with_it(self):
        path = Path(1)
        path.send(frame(2, now=1.0), 1.0)
        path.send(packet(1.0), 1.0)
        path.dispatcher.send(packet(1.0))
        assert path.dispatcher.lane_lost(path.lanes.pop(0)) == {9}
        assert not path.dispatcher.waits(Urgency.AUDIO)


class TestStale:
    def test_a_frame_whose_pieces_wait_too_long_is_given_up(self):
        path = Path(2)
        path.lanes[0].put(b"stuck", None)
        path.lanes[1].put(b"stuck", None)
        path.dispatcher.send(frame(3, now=1.0))
        path.dispatcher.send(frame(now=1.4))
        assert path.dispatcher.drop_stale(1.0 + MAX_WAITING_TIME) == []
        assert path.dispatcher.drop_stale(1.01 + MAX_WAITING_TIME) == [9]
        assert path.dispatcher.waits(Urgency.VIDEO)

    def test_more_pieces_of_a_frame_that_has_left_are_given_up_without_a_word(self):
        path = Path(2, late=5)
        block = frame(2, now=1.0)
        path.send(block, 1.0)
        path.overtake(1.1)
        path.dispatcher.hedge(1.1)
        assert block.to_send > 0
        assert path.dispatcher.drop_stale(2.0) == []
        assert block.to_send == 0

    def test_pieces_of_what_has_arrived_are_dropped(self):
        path = Path(2)
        block = frame(2, 1)
        path.dispatcher.send(block)
        block.acknowledged = 2
        assert not path.dispatcher.assign(Urgency.VIDEO, 0.0)
        assert block.to_send == 0
