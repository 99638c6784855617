"""The target follows REMB, or what transport-cc feedback shows of a simulated link."""

from __future__ import annotations

from collections import deque

import pytest

from wsmedia.peer.bandwidth import MAX_BITRATE_BPS, MIN_BITRATE_BPS, BandwidthEstimator
from wsmedia.rtp.arrivals import ArrivalRecorder

PACKET = 1000


def simulate(
    estimator: BandwidthEstimator, seconds: float, capacity_bps: float, *, loss: int = 0, began: float = 0.0
) -> list[int]:
    """Send at the target through a link with a long queue; every ``loss``-th packet is lost. Gives the targets."""
    recorder = ArrivalRecorder(1)
    now, number, free_at, due = began, int(began * 1000), began, began
    in_flight: deque[tuple[float, int]] = deque()
    targets: list[int] = []
    next_feedback = began + 0.1
    while now < began + seconds:
        now += 0.002
        while due <= now:
            estimator.sent(number & 0xFFFF, PACKET, now)
            free_at = max(free_at, now) + PACKET * 8 / capacity_bps
            if not loss or number % loss:
                in_flight.append((free_at + 0.02, number & 0xFFFF))
            number += 1
            due += PACKET * 8 / estimator.target_bps
        while in_flight and in_flight[0][0] <= now:
            arrival, arrived = in_flight.popleft()
            recorder.record(arrived, arrival + 777.0)
        if now >= next_feedback:
            next_feedback += 0.1
            targets += [estimator.feedback_received(feedback, now) for feedback in recorder.build()]
    return targets


def test_remb_rules_while_it_is_fresh() -> None:
    estimator = BandwidthEstimator(1_000_000)
    assert estimator.target_bps == 1_000_000
    assert estimator.remb_received(300_000, 10.0) == 300_000
    assert estimator.remb_received(1, 10.0) == MIN_BITRATE_BPS
    assert estimator.remb_received(2**60, 10.0) == MAX_BITRATE_BPS


def test_a_wide_link_lets_the_target_grow() -> None:
    targets = simulate(BandwidthEstimator(500_000), 15.0, 50_000_000)
    assert targets[-1] > 1_200_000


def test_a_narrow_link_is_noticed_and_not_overrun() -> None:
    estimator = BandwidthEstimator(2_000_000)
    targets = simulate(estimator, 20.0, 600_000)
    assert max(targets[-50:]) < 800_000
    assert min(targets[-50:]) > 250_000


def test_a_link_that_recovers_is_used_again() -> None:
    estimator = BandwidthEstimator(1_000_000)
    low = simulate(estimator, 10.0, 400_000)[-1]
    high = simulate(estimator, 20.0, 10_000_000, began=10.0)[-1]
    assert high > 2 * low


def test_heavy_loss_pushes_the_target_down() -> None:
    assert simulate(BandwidthEstimator(1_000_000), 10.0, 50_000_000, loss=5)[-1] < 600_000


def test_light_loss_does_not() -> None:
    assert simulate(BandwidthEstimator(1_000_000), 10.0, 50_000_000, loss=60)[-1] >= 1_000_000


@pytest.mark.parametrize("start", [0, 65_500])
def test_feedback_about_unknown_packets_changes_nothing(start: int) -> None:
    estimator = BandwidthEstimator(1_000_000)
    recorder = ArrivalRecorder(1)
    for number in range(start, start + 100):
        recorder.record(number & 0xFFFF, 5.0)
    for feedback in recorder.build():
        assert estimator.feedback_received(feedback, 5.0) == 1_000_000
