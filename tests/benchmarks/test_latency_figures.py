"""Figures of the latency benchmark, from notes of which the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.latency import figures
from tests.support import chirp

BEGIN_MS = 1_700_000_000_000.0
DAY = figures.DAY_MS


def code(at_ms: float) -> int:
    """The time code of a moment."""
    return int(at_ms) % DAY


def test_each_picture_of_the_window_is_matched_with_when_it_was_first_shown() -> None:
    made = [BEGIN_MS + offset for offset in (-50, 0, 100, 200, 300, 400)]
    seen = [(at + 60, code(at)) for at in made if at != BEGIN_MS + 200]
    seen.append((BEGIN_MS + 900, code(BEGIN_MS + 100)))  # seen again: the first time counts
    shown = figures.match([code(at) for at in made], seen, BEGIN_MS, BEGIN_MS + 400)
    assert list(shown.made) == [0, 100, 200, 300]
    assert np.array_equal(shown.latency, [60, 60, np.nan, 60], equal_nan=True)


def test_time_codes_go_on_after_their_last_value() -> None:
    before_wrap = (int(BEGIN_MS) // DAY + 1) * DAY - 10.0
    made = [code(before_wrap), code(before_wrap + 33)]
    seen = [(before_wrap + 40, made[0]), (before_wrap + 80, made[1])]
    shown = figures.match(made, seen, before_wrap - 5, before_wrap + 100)
    assert list(shown.latency) == [40, 47]


def test_a_picture_that_was_never_shown_has_no_quantile() -> None:
    assert figures.quantiles([10.0, np.nan, 20.0])["p50"] == 15.0
    assert figures.quantiles([np.nan]) == {"p50": None, "p95": None, "p99": None}


def test_long_gaps_between_pictures_are_freezes_also_at_the_ends() -> None:
    seen = [(BEGIN_MS + at, 0) for at in (0, 33, 333, 366, 566, 600)]
    assert figures.freezes(seen, BEGIN_MS, BEGIN_MS + 650) == {"count": 1, "ms": 300}
    assert figures.freezes(seen, BEGIN_MS - 500, BEGIN_MS + 1000) == {"count": 3, "ms": 500 + 300 + 400}


def heard(delay_s: float, seconds: float, silence: tuple[float, float] | None = None) -> chirp.Recording:
    """The chirp as it is heard so much later; the recording ends ``seconds`` after ``BEGIN_MS``."""
    rate = 48_000
    begin = BEGIN_MS / 1000
    told = (begin - delay_s + np.arange(round(seconds * rate)) / rate) % chirp.SECONDS
    pitch = chirp.LOW_HZ + chirp.HERTZ_PER_SECOND * told
    samples = 0.4 * np.sin(2 * np.pi * np.cumsum(pitch) / rate)
    if silence is not None:
        samples[round(silence[0] * rate) : round(silence[1] * rate)] = 0
    return chirp.Recording(samples, rate, begin + seconds)


@pytest.mark.parametrize("delay_s", [0.045, 0.3])
def test_the_age_of_sound_is_told_by_its_pitch(delay_s: float) -> None:
    sound = figures.sound(heard(delay_s, 8), BEGIN_MS + 1000, BEGIN_MS + 7000)
    assert sound["delay_ms"]["p50"] == pytest.approx(1000 * delay_s, abs=2)
    assert sound["delay_ms"]["p99"] == pytest.approx(1000 * delay_s, abs=5)
    assert sound["gap_ms"] == 0, "where the chirp begins again is no gap"


def test_silence_is_a_gap() -> None:
    sound = figures.sound(heard(0.05, 8, silence=(3.0, 3.2)), BEGIN_MS + 1000, BEGIN_MS + 7000)
    assert 180 <= sound["gap_ms"] <= 230
    assert 180 <= sound["longest_gap_ms"] <= 230


def test_sound_outside_of_the_window_does_not_count() -> None:
    sound = figures.sound(heard(0.05, 8, silence=(0.0, 0.9)), BEGIN_MS + 1000, BEGIN_MS + 7000)
    assert sound["gap_ms"] == 0


def test_a_link_has_recovered_when_nine_tenths_come_for_a_second() -> None:
    def rate(at: float) -> float:
        return 1000 if at <= 10 else 400 if at <= 22 else 950

    series = [(at, rate(at)) for at in np.arange(0.25, 30, 0.25)]
    assert figures.recovery(series, 10, 20) == pytest.approx(2, abs=0.3)
    assert figures.recovery([one for one in series if one[0] < 22], 10, 20) is None


def test_bitrates_come_from_counters() -> None:
    samples = [{"at": BEGIN_MS + 250 * n, "bytes": 31_250 * n} for n in range(9)]
    assert figures.mean_rate(samples, BEGIN_MS, BEGIN_MS + 2000) == 1000
    assert figures.rate_series(samples, BEGIN_MS)[0] == (0.25, 1000)
    assert figures.mean_rate(samples[:1], BEGIN_MS, BEGIN_MS + 2000) is None
