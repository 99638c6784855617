"""What follows from late messages: how many lanes, how many fragments, how much parity."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsmedia.fec import fragment_size
from wsmedia.session.blocks import MAX_SPARES
from wsmedia.session.redundancy import (
    CLEAN_LANES,
    CONGESTED_TIME,
    LANE_PATIENCE,
    Redundancy,
    cheapest_plan,
    late_probability,
    whole_count,
)


def measured(share, count=2000):
    """After so many messages of which that share was late, evenly, the last at 0 and a thousand in a second."""
    redundancy = Redundancy()
    for number in range(1, count + 1):
        late = int(number * share) > int((number - 1) * share)
        redundancy.acknowledged(late=late, now=(number - count) / 1000)
    return redundancy


def octets(size):
    """What a plan costs, headers included."""
    return lambda plan: (plan[0] + plan[1]) * (size / plan[0] + 100)


class TestEstimate:
    def test_it_is_near_what_is_measured(self):
        assert measured(0.0).late_share == 0
        assert 0.02 < measured(0.03).late_share < 0.045
        assert 0.15 < measured(0.2).late_share < 0.25

    def test_a_few_late_messages_make_the_path_lossy_and_not_for_ever(self):
        redundancy = measured(0.0)
        redundancy.acknowledged(late=True, now=0.0)
        assert not redundancy.is_lossy(0.0)
        for _ in range(3):
            redundancy.acknowledged(late=True, now=0.0)
        assert redundancy.is_lossy(0.0)
        for _ in range(3000):
            redundancy.acknowledged(late=False, now=0.0)
        assert not redundancy.is_lossy(0.0)

    def test_more_loss_wants_more_lanes(self):
        wanted = [measured(share).lanes for share in (0.0, 0.002, 0.008, 0.05)]
        assert wanted[0] == CLEAN_LANES
        assert wanted == sorted(wanted)
        assert wanted[-1] == 24

    def test_fewer_lanes_only_after_they_would_have_sufficed_for_a_while(self):
        redundancy = measured(0.05)
        lanes = []
        for second in range(200):
            for _ in range(50):
                redundancy.acknowledged(late=False, now=float(second))
            lanes.append(redundancy.lanes)
        assert lanes == sorted(lanes, reverse=True)
        assert lanes[int(LANE_PATIENCE) - 1] == 24
        assert lanes[-1] == CLEAN_LANES


class TestCongestion:
    def test_nothing_is_sent_twice_for_a_while(self):
        redundancy = measured(0.05)
        redundancy.congested(10.0)
        assert redundancy.is_congested(10.0 + CONGESTED_TIME - 0.01)
        assert not redundancy.is_lossy(10.0)
        assert redundancy.plan(5000, 8, 10.0, relaxed=False).spare_count == 0
        assert redundancy.is_lossy(10.0 + CONGESTED_TIME)
        assert not redundancy.is_congested(10.0 + CONGESTED_TIME)

    def test_what_is_late_then_says_nothing_about_loss(self):
        redundancy = measured(0.0)
        redundancy.congested(10.0)
        redundancy.acknowledged(late=True, now=10.5)
        assert redundancy.late_share == 0

    def test_nor_does_what_was_late_while_the_queue_grew(self):
        redundancy = measured(0.0)
        for step in range(20):
            redundancy.acknowledged(late=True, now=step / 100)
        assert redundancy.is_lossy(0.2)
        redundancy.congested(0.2)
        assert redundancy.late_share == 0

    def test_but_loss_of_long_ago_is_remembered(self):
        redundancy = measured(0.05)
        share = redundancy.late_share
        redundancy.congested(0.1)
        assert redundancy.late_share == pytest.approx(share, rel=0.5)


class TestPlan:
    def test_on_a_clean_path_few_large_pieces_and_no_parity(self):
        redundancy = measured(0.0)
        assert redundancy.plan(3000, 2, 0.0, relaxed=False) == (1, 0)
        assert redundancy.plan(40_000, 2, 0.0, relaxed=False) == (3, 0)

    def test_one_lane_needs_no_parity(self):
        assert measured(0.05).plan(5000, 1, 0.0, relaxed=False) == (1, 0)

    def test_on_a_lossy_path_pieces_fit_a_segment_and_have_parity(self):
        data_count, spare_count = measured(0.03).plan(5000, 8, 0.0, relaxed=False)
        assert 5000 / data_count <= 1350
        assert spare_count >= 1

    def test_a_small_frame_survives_the_loss_of_a_piece(self):
        data_count, spare_count = measured(0.03).plan(200, 8, 0.0, relaxed=False)
        assert data_count <= 2
        assert spare_count >= 1

    def test_a_frame_that_may_be_late_more_often_has_less_parity(self):
        redundancy = measured(0.1)
        plans = [redundancy.plan(5000, 8, 0.0, relaxed=relaxed) for relaxed in (True, False)]
        assert plans[0].spare_count < plans[1].spare_count

    @pytest.mark.parametrize("share", [0.3, 0.9])
    def test_the_worst_path_is_planned_for_too(self, share):
        plan = measured(share).plan(1_000_021, 16, 0.0, relaxed=False)
        assert plan.spare_count <= MAX_SPARES

    @given(st.integers(1, 1_000_021), st.integers(1, 32), st.sampled_from((0.0, 0.02, 0.2, 1.0)), st.booleans())
    @settings(max_examples=30)
    def test_a_plan_can_always_be_carried_out(self, size, lanes, share, relaxed):
        redundancy = measured(share, 50)
        data_count, spare_count = redundancy.plan(size, lanes, 0.0, relaxed=relaxed)
        assert 1 <= data_count <= 200
        assert fragment_size(size, data_count) > 0
        assert 0 <= spare_count <= MAX_SPARES

    @pytest.mark.parametrize("size", [256, 2560, 10_240, 40_960])
    @pytest.mark.parametrize("lanes", [2, 3, 8, 16])
    @pytest.mark.parametrize("share", [0.003, 0.02, 0.1])
    def test_no_cheaper_plan_within_the_bounds_meets_the_target(self, size, lanes, share):
        plan = cheapest_plan(size, lanes, share, 0.005)
        least = max(1, -(-size // 1350))
        others = [
            (data_count, spare_count)
            for data_count in range(least, least + 5)
            for spare_count in range(math.ceil(data_count * 2 / 3) + 1)
        ]
        assert plan in others
        chance = late_probability(*plan, lanes, share)
        better = [other for other in others if late_probability(*other, lanes, share) < min(chance, 0.005)]
        if chance > 0.005:
            assert not better
        else:
            assert min(map(octets(size), better), default=math.inf) >= octets(size)(plan)

    @given(st.integers(1, 1_000_021), st.integers(1, 200))
    def test_no_part_is_empty(self, size, data_count):
        count = whole_count(size, data_count)
        assert count <= data_count
        assert fragment_size(size, count) > 0
        assert fragment_size(size, count) == -(-size // data_count)


class TestProbability:
    def test_without_parity_every_lane_counts(self):
        assert late_probability(4, 0, 4, 0.1) == pytest.approx(1 - 0.9**4)

    def test_with_parity_one_lane_may_be_late(self):
        assert late_probability(3, 1, 4, 0.1) == pytest.approx(1 - 0.9**4 - 4 * 0.1 * 0.9**3)

    def test_pieces_of_one_lane_are_late_together(self):
        # Two lanes, two pieces on each: parity for one piece helps nobody.
        assert late_probability(3, 1, 2, 0.1) == pytest.approx(1 - 0.9**4)
        assert late_probability(2, 2, 2, 0.1) == pytest.approx(0.19**2)

    @pytest.mark.parametrize("share", [0.001, 0.05, 0.5])
    def test_more_parity_never_hurts_where_lanes_are_many(self, share):
        chances = [late_probability(5, spare, 32, share) for spare in range(8)]
        assert all(after <= before for before, after in itertools.pairwise(chances))
        assert all(0 <= chance <= 1 for chance in chances)

    def test_nothing_is_late_on_a_path_without_loss(self):
        assert late_probability(5, 0, 3, 0.0) == 0
