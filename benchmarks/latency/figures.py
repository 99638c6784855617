"""From what the pages noted to figures: latency, frames shown, freezes, sound. No I/O.

All times of pages are wall clock ms of ``performance.timeOrigin + performance.now()``, one clock on one machine.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.support.chirp import HERTZ_PER_SECOND, LOW_HZ, SECONDS, Recording, delays

DAY_MS = 2**24
"""Time codes are the wall clock modulo this."""

FREEZE_MS = 200.0
"""A gap between two pictures that is longer than this is a freeze; its whole length counts."""

_LONGEST_MS = 60_000.0


@dataclass(frozen=True)
class Shown:
    """Pictures that were made within the window.

    Attributes:
        made: when each was made, ms since the window began, ascending.
        latency: of each, from made to shown, ms; NaN: never shown.
    """

    made: np.ndarray
    latency: np.ndarray


def match(made: Sequence[int], seen: Sequence[tuple[float, int]], begin_ms: float, end_ms: float) -> Shown:
    """Find when each picture that was made between two moments was shown.

    Args:
        made: time codes of all pictures, in order.
        seen: (wall clock ms, time code) of each picture that was shown.
    """
    shown_at: dict[int, float] = {}
    for at, code in seen:
        shown_at.setdefault(code, at)
    times, latencies = [], []
    for code in made:
        since_begin = (code - begin_ms) % DAY_MS
        if since_begin >= end_ms - begin_ms:
            continue
        latency = (shown_at[code] - code) % DAY_MS if code in shown_at else float("nan")
        times.append(since_begin)
        latencies.append(latency if latency < _LONGEST_MS else float("nan"))
    return Shown(np.array(times), np.array(latencies))


def quantiles(values: Any) -> dict[str, float | None]:
    """p50, p95 and p99 of the finite ones; None when there are none."""
    finite = np.asarray(values, float)
    finite = finite[np.isfinite(finite)]
    if len(finite) == 0:
        return {"p50": None, "p95": None, "p99": None}
    return {f"p{p}": round(float(np.percentile(finite, p)), 1) for p in (50, 95, 99)}


def freezes(seen: Sequence[tuple[float, int]], begin_ms: float, end_ms: float) -> dict[str, float]:
    """How often and how long the picture stood still between two moments: gaps of more than ``FREEZE_MS``."""
    times = [begin_ms, *(at for at, _ in seen if begin_ms < at < end_ms), end_ms]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times) if later - earlier > FREEZE_MS]
    return {"count": len(gaps), "ms": round(sum(gaps))}


def sound(recording: Recording | None, begin_ms: float, end_ms: float) -> dict[str, Any]:
    """How old the sound was when it was heard, and what was missing of it.

    The sound is a chirp whose pitch tells the time. A gap is a hundredth of a second in which no time can be told:
    silence, or noise in its place. What a receiver invents in the voice of the last packet counts as sound that grows
    older.
    """
    nothing: dict[str, Any] = {"delay_ms": quantiles([]), "gap_ms": None, "longest_gap_ms": None, "delays": []}
    if recording is None:
        return nothing
    since = recording.since(begin_ms / 1000)
    count = max(0, len(since.samples) - round(max(0.0, since.ends_at - end_ms / 1000) * since.rate))
    part = Recording(since.samples[:count], since.rate, since.ends_at - (len(since.samples) - count) / since.rate)
    if count < since.rate:
        return nothing
    ages = 1000 * delays(part)
    missing = ~np.isfinite(ages)
    # Where the chirp starts again, one block holds both its ends.
    told = missing & ~_restarts(part, len(ages))
    longest = run = 0
    for gap in told:
        run = run + 1 if gap else 0
        longest = max(longest, run)
    return {
        "delay_ms": quantiles(ages),
        "gap_ms": 10 * int(told.sum()),
        "longest_gap_ms": 10 * longest,
        "delays": [None if np.isnan(age) else round(float(age), 1) for age in ages[::5]],
    }


def _restarts(recording: Recording, blocks: int) -> np.ndarray:
    """Blocks of 10 ms around a fall of the pitch from its highest to its lowest value."""
    near = np.zeros(blocks, bool)
    width = recording.rate // 100
    low, high = (round(2 * 0.03 * hertz) for hertz in (LOW_HZ, LOW_HZ + HERTZ_PER_SECOND * SECONDS))
    # How often the sound changes its sign in 30 ms tells its pitch roughly; silence has none.
    signs = np.signbit(recording.samples)
    crossings = [np.count_nonzero(np.diff(signs[i * width : (i + 3) * width])) for i in range(max(0, blocks - 2))]
    for index, (before, after) in enumerate(zip(crossings, crossings[3:], strict=False)):
        if before > 0.9 * high and 0.7 * low < after < 1.5 * low:
            near[max(0, index - 2) : index + 8] = True
    return near


def rate_series(samples: Sequence[dict[str, float]], begin_ms: float) -> list[tuple[float, float]]:
    """(seconds since the window began, kb/s of video) between each two samples of the receiver's counters."""
    series: list[tuple[float, float]] = []
    for earlier, later in itertools.pairwise(samples):
        seconds = (later["at"] - earlier["at"]) / 1000
        if seconds > 0:
            kbps = (later["bytes"] - earlier["bytes"]) * 8 / 1000 / seconds
            series.append((round((later["at"] - begin_ms) / 1000, 3), round(kbps)))
    return series


def recovery(series: Sequence[tuple[float, float]], fall_s: float, rise_s: float) -> float | None:
    """How long it took after a link was wide again until as much video came as before.

    Args:
        series: (seconds, kb/s), as of ``rate_series``.
        fall_s: when the link became narrow; what came in the three seconds before is the measure.
        rise_s: when it became wide again.
    Returns:
        Seconds until 0.9 of that came for a second; None if that was not within the series.
    """

    def mean(begin: float, end: float) -> float:
        return float(np.mean([rate for at, rate in series if begin < at <= end] or [0.0]))

    before = mean(fall_s - 3, fall_s)
    for at, _ in series:
        if at >= rise_s + 1 and mean(at - 1, at) >= 0.9 * before:
            return round(at - 1 - rise_s, 2)
    return None


def mean_rate(samples: Sequence[dict[str, float]], begin_ms: float, end_ms: float) -> float | None:
    """Video that arrived between two moments, kb/s."""
    inside = [sample for sample in samples if begin_ms <= sample["at"] <= end_ms]
    if len(inside) < 2:
        return None
    seconds = (inside[-1]["at"] - inside[0]["at"]) / 1000
    return round((inside[-1]["bytes"] - inside[0]["bytes"]) * 8 / 1000 / seconds, 1)


def median(values: Sequence[float | None]) -> float | None:
    """The median of those that are there."""
    there = [value for value in values if value is not None]
    return statistics.median(there) if there else None
