"""The path: what the estimate does, and what users would notice, on emulated networks."""

import random

import pytest

from tests.session.link import Link
from tests.session.media import CAMERA, MICROPHONE, Call, audio, delta, keyframe
from wsmedia.session import FrameReceived, PathEstimateChanged
from wsmedia.session.congestion import MIN_BITRATE, START_BITRATE, CongestionController
from wsmedia.wire import Publish


def call_over(seconds=0.0, **network):
    call = Call(Link(**network))
    call.start()
    call.link.run(seconds)
    return call


def fresh(call, seconds):
    """The call after some seconds, with the latencies of only those."""
    call.video_latencies.clear()
    call.audio_latencies.clear()
    call.link.run(seconds)
    return call


def bitrate(call):
    return call.link.client.target_bitrate_bps


def test_on_a_wide_path_the_estimate_grows_and_nothing_is_dropped():
    call = call_over(10, rate_bps=20e6)

    assert bitrate(call) > 3_000_000
    assert call.link.client.path(call.link.now).frames_dropped == 0
    assert call.latencies(call.video_latencies, 0.5) < 0.05
    # All 50 packets a second, none behind a keyframe for long.
    assert len(call.audio_latencies) > 490
    assert max(call.audio_latencies) < 0.07


def test_the_estimate_grows_no_further_than_what_was_shown_to_fit():
    call = Call(Link(rate_bps=20e6), max_bitrate=500_000)
    call.start()
    call.link.run(20)

    assert START_BITRATE <= bitrate(call) < 2_000_000


@pytest.mark.parametrize("delay", [0.015, 0.04, 0.075])
def test_the_estimate_follows_a_step_down_and_up(delay):
    call = call_over(10, rate_bps=3e6, delay=delay)
    assert bitrate(call) > 1_500_000

    call.link.up.rate_bps = 0.6e6
    call.link.run(4)
    assert bitrate(call) < 700_000
    fresh(call, 6)
    assert MIN_BITRATE < 300_000 < bitrate(call)
    # Smooth again, with most of the link in use.
    assert call.latencies(call.video_latencies, 0.5) < delay + 0.12
    assert call.latencies(call.audio_latencies, 0.5) < delay + 0.1
    assert len(call.video_latencies) > 150

    call.link.up.rate_bps = 3e6
    call.link.run(9)
    assert bitrate(call) > 2_000_000


def test_isolated_stalls_do_not_bring_the_estimate_down():
    call = call_over(rate_bps=20e6)
    link = call.link
    rng = random.Random(1)

    def stall():
        link.up.stalled_until = link.now + rng.uniform(0.1, 0.3)

    link.every(1.0, stall)
    for _ in range(20):
        link.run(1)
        assert bitrate(call) >= START_BITRATE
    assert bitrate(call) > 3_000_000
    assert link.client.path(link.now).frames_dropped == 0


def test_stalls_near_the_capacity_do_not_make_it_collapse():
    call = call_over(rate_bps=3e6)
    link = call.link
    rng = random.Random(2)

    def stall():
        link.up.stalled_until = link.now + rng.uniform(0.1, 0.3)

    link.every(1.0, stall)
    link.run(5)
    for _ in range(20):
        link.run(1)
        assert bitrate(call) > 1_200_000


def test_a_slow_link_works():
    call = call_over(6, rate_bps=300_000)
    fresh(call, 10)

    assert MIN_BITRATE <= bitrate(call) < 500_000
    assert call.latencies(call.audio_latencies, 0.5) < 0.15
    assert len(call.audio_latencies) > 450
    assert len(call.video_latencies) > 200


def test_a_changed_route_is_forgiven():
    call = call_over(10, rate_bps=20e6)
    call.link.up.delay += 0.1
    call.link.run(30)

    assert bitrate(call) > 1_000_000
    assert call.link.client.path(call.link.now).queueing_delay < 0.03


def test_audio_is_not_behind_video():
    link = Link(rate_bps=1e6)
    link.open_lane(0)
    link.client.send_control(Publish(CAMERA), link.now)
    link.client.send_control(Publish(MICROPHONE), link.now)
    link.run(1)
    link.client.send_frame(1, keyframe(40_000), link.now)
    link.run(0.001)
    for _ in range(20):
        link.client.send_frame(1, delta(5000), link.now)
    link.client.send_frame(0, audio(), link.now)
    link.run(2)

    order = [event.track_id for event in link.gateway_events if isinstance(event, FrameReceived)]
    # Only a piece of the keyframe has left already.
    assert order[:2] == [0, 1]


def test_queues_stay_bounded_and_fresh_behind_a_stalled_lane():
    call = call_over(3, rate_bps=5e6)
    link = call.link
    link.up.stalled_until = link.now + 8
    worst = 0
    for _ in range(80):
        link.run(0.1)
        path = link.client.path(link.now)
        worst = max(worst, path.backlog)
        assert path.in_flight_bytes < path.window_bytes + 60_000
    assert worst < 2.1
    made = call.keyframes_made
    # No keyframes for a lane that takes nothing, one when it does again.
    fresh(call, 1)
    assert call.keyframes_made <= made + 2
    assert call.latencies(call.video_latencies, 0.9) < 0.6 or len(call.video_latencies) > 20


def test_the_owner_is_told_about_noticeable_changes_only():
    call = call_over(20, rate_bps=20e6)
    told = [event.bitrate_bps for event in call.link.client_events if isinstance(event, PathEstimateChanged)]

    assert told
    previous = START_BITRATE
    for now in told:
        assert abs(now - previous) >= 0.05 * previous
        previous = now


class TestController:
    def acknowledge(self, controller, now, *, delay=0.0, octets=1000):
        controller.acknowledged(octets=octets, delay=delay, round_trip=0.05, at=now, now=now)

    def test_it_starts_at_a_megabit(self):
        controller = CongestionController()
        assert controller.bitrate_bps == 1_000_000
        assert controller.window == 30_000
        assert controller.take_change(1.0) is None

    def test_only_a_window_that_limits_grows(self):
        controller = CongestionController()
        for step in range(50):
            self.acknowledge(controller, step * 0.02)
        assert controller.window == 30_000
        for step in range(50, 60):
            assert not controller.allows_video(30_000_000)
            self.acknowledge(controller, step * 0.02)
        assert controller.window == 40_000

    def test_a_rising_least_delay_cuts_to_what_is_delivered(self):
        controller = CongestionController()
        for step in range(50):
            self.acknowledge(controller, step * 0.02, octets=1500)
        for step in range(50, 75):
            self.acknowledge(controller, step * 0.02, octets=1500, delay=(step - 50) * 0.02)
        assert controller.bitrate_bps == pytest.approx(0.85 * 600_000, rel=0.2)

    def test_one_late_message_is_not_congestion(self):
        controller = CongestionController()
        for step in range(100):
            self.acknowledge(controller, step * 0.02, delay=0.3 if step % 25 == 24 else 0.0)
        assert controller.bitrate_bps >= START_BITRATE

    def test_the_estimate_stays_within_its_bounds(self):
        controller = CongestionController()
        controller.set_max_bitrate(1_200_000)
        for step in range(500):
            self.acknowledge(controller, step * 0.02, octets=10_000)
        assert controller.bitrate_bps == 1_200_000
        for step in range(500, 3000):
            self.acknowledge(controller, step * 0.02, octets=1, delay=step * 0.01)
        assert controller.bitrate_bps == MIN_BITRATE

    def test_another_path_begins_anew_without_forgetting_all(self):
        controller = CongestionController()
        for step in range(1000):
            self.acknowledge(controller, step * 0.02, octets=10_000)
        before = controller.bitrate_bps
        controller.path_changed()

        assert controller.bitrate_bps == max(START_BITRATE, before // 2)
        assert controller.round_trip is None
