from __future__ import annotations

import itertools
import random

from wsmedia.client.recording_timeline import RecordingTimeline

SECOND = 1_000_000


def test_capture_times_rule_whatever_the_network_does() -> None:
    timeline = RecordingTimeline()
    jitter = random.Random(1)
    placed = []
    arrived = 0
    for index in range(500):
        capture = 7_000 * SECOND + index * 20_000
        arrived = max(arrived, index * 20_000 + jitter.randrange(300_000))
        placed.append(timeline.place("audio", capture, arrived))
    assert [late - early for early, late in itertools.pairwise(placed)] == [20_000] * 499


def test_a_stall_is_not_taken_for_another_clock() -> None:
    timeline = RecordingTimeline()
    first = timeline.place("video", 0, 0)
    assert timeline.place("video", 1 * SECOND, 26 * SECOND) - first == SECOND
    assert timeline.place("video", 26 * SECOND, 26 * SECOND) - first == 26 * SECOND


def test_two_tracks_that_change_their_clock_at_different_moments_stay_in_sync() -> None:
    timeline = RecordingTimeline()
    hour = 3600 * SECOND
    for index in range(100):  # a clock that the gateway estimated, then the sender's own
        now = index * 20_000
        audio = timeline.place("audio", now + (hour if index >= 30 else 0), now)
        video = timeline.place("video", now + (hour if index >= 60 else 0), now)
        assert abs(audio - video) <= 20_000
        assert abs(audio - now) <= 20_000
    assert audio == video


def test_times_never_fall_within_a_track_when_the_clock_is_set_back() -> None:
    timeline = RecordingTimeline()
    placed = [timeline.place("audio", 100 * SECOND - index * 5 * SECOND, index * 20_000) for index in range(10)]
    assert placed == sorted(placed)


def test_slow_drift_of_clocks_is_no_jump() -> None:
    timeline = RecordingTimeline()
    placed = [
        timeline.place("audio", round(second * SECOND * 1.0001), second * SECOND) for second in range(0, 36_000, 10)
    ]
    steps = {late - early for early, late in itertools.pairwise(placed)}
    assert steps == {10_001_000}
