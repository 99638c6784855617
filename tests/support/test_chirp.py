"""A pitch that tells the time: delays, gaps and skips are found in it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.chirp import HERTZ_PER_SECOND, LOW_HZ, SECONDS, Recording, delays, longest_gap_ms, skipped_seconds

RATE = 48_000


def heard(ages: NDArray[np.float64], ends_at: float) -> Recording:
    """A recording whose sound was this old (s) at each sample."""
    times = ends_at - (len(ages) - np.arange(len(ages))) / RATE
    pitch = LOW_HZ + HERTZ_PER_SECOND * ((times - ages) % SECONDS)
    return Recording(0.4 * np.sin(np.cumsum(2 * np.pi * pitch / RATE)), RATE, ends_at)


def test_the_delay_is_read() -> None:
    found = delays(heard(np.full(4 * RATE, 0.123), 1000.0))
    assert np.nanmedian(found) == pytest.approx(0.123, abs=0.002)
    assert np.isfinite(found).mean() > 0.9


def test_a_delay_that_drains_is_no_skip_and_a_jump_is() -> None:
    draining = np.interp(np.arange(4 * RATE) / RATE, [1, 3], [0.5, 0.2])
    assert skipped_seconds(heard(draining, 1000.0)) == 0
    jumping = np.where(np.arange(4 * RATE) < 2 * RATE, 0.5, 0.2)
    assert skipped_seconds(heard(jumping, 1000.0)) == pytest.approx(0.3, abs=0.03)


def test_a_gap_is_found() -> None:
    recording = heard(np.full(2 * RATE, 0.1), 50.0)
    assert longest_gap_ms(recording) == 0
    recording.samples[RATE : RATE + RATE // 10] = 0
    assert longest_gap_ms(recording) == pytest.approx(100, abs=5)
    assert longest_gap_ms(Recording(np.zeros(RATE), RATE, 1.0)) == 1000


def test_a_part_of_a_recording() -> None:
    recording = heard(np.zeros(2 * RATE), 50.0)
    assert recording.since(49.5).seconds == pytest.approx(0.5, abs=0.001)
    assert recording.since(0).seconds == 2
    assert recording.since(51).seconds == 0
