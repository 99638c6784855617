"""What acknowledgements say about the path: queueing delay and delivered rate.

The delay of a message is the time it arrived, on the far end's clock, minus the time it left, on ours. The clocks'
offset is unknown but constant, so the excess over the least delay seen lately is the time that messages wait in
queues: the network's, the kernel's, a browser's hidden send buffer.
"""

from __future__ import annotations

import math
from collections import deque

SIGNAL_WINDOW = 0.1
"""Seconds of samples of which the least is the signal: a burst behind a lost segment ends with a low one."""
MIN_SIGNAL_SPAN = 0.06
MIN_SIGNAL_SAMPLES = 3
MIN_SIGNAL_SAMPLES_OF_MANY = 8
"""As few samples as may be judged, and as many as are judged however old they are; of many lanes some are stalled, and
a few samples may be of those alone."""
DRAINING = 0.8
"""A newest sample below this part of the oldest one says that the queue is emptying by itself."""
BASE_PERIOD = 10.0
"""Seconds; the least delay is remembered for one to two of these, then a changed route is forgiven."""
RATE_WINDOW = 0.4
MIN_RATE_SPAN = 0.15
PEAK_PERIOD = 2.0
"""Seconds; the peak of the delivered rate is that of the last one to two of these."""


class RecentMinimum:
    """The least value of the last one to two periods, kept in two numbers."""

    __slots__ = ("_current", "_period", "_previous", "_since")

    def __init__(self, period: float) -> None:
        self._period = period
        self._current = math.inf
        self._previous = math.inf
        self._since = -math.inf

    def add(self, value: float, now: float) -> float:
        """Take a value; gives the minimum including it."""
        if now - self._since >= self._period:
            self._previous = self._current if now - self._since < 2 * self._period else math.inf
            self._current = value
            self._since = now
        elif value < self._current:
            self._current = value
        return min(self._current, self._previous)


class QueueingDelay:
    """Seconds that messages wait on the path beyond the least seen lately."""

    def __init__(self) -> None:
        self.newest = 0.0
        """The last sample."""
        self.least: float | None = None
        """The least of the last ``SIGNAL_WINDOW``, None while too few samples tell."""
        self.is_draining = False
        """Whether the samples fall so fast that the queue empties by itself, as after a stall."""
        self._base = RecentMinimum(BASE_PERIOD)
        self._times: deque[float] = deque()
        self._samples: deque[float] = deque()

    def add(self, delay: float, now: float, *, many_lanes: bool = False) -> None:
        """Take the delay of one message: arrival on their clock minus departure on ours."""
        needed = MIN_SIGNAL_SAMPLES_OF_MANY if many_lanes else MIN_SIGNAL_SAMPLES
        self.newest = delay - self._base.add(delay, now)
        times, samples = self._times, self._samples
        times.append(now)
        samples.append(self.newest)
        # On a slow path large frames make few samples: some older ones then stay.
        while len(samples) > needed and times[0] < now - SIGNAL_WINDOW:
            times.popleft()
            samples.popleft()
        if len(samples) < needed or now - times[0] < MIN_SIGNAL_SPAN:
            self.least = None
        else:
            self.least = min(samples)
            self.is_draining = self.newest < DRAINING * samples[0]


class DeliveredRate:
    """Bits per second that the far end received, by its own clock."""

    def __init__(self) -> None:
        self.bps = 0
        """Over the last ``RATE_WINDOW``."""
        self.peak_bps = 0
        """The highest ``bps`` of the last few seconds."""
        self._total = 0
        self._peak = RecentMinimum(PEAK_PERIOD)
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, octets: int, at: float, now: float) -> None:
        """Take newly acknowledged octets; ``at`` is the acknowledger's time of sending, ``now`` is ours."""
        self._total += octets
        samples = self._samples
        if samples and at <= samples[-1][0]:
            return
        samples.append((at, self._total))
        # One sample older than the window stays: rates are measured between samples.
        while len(samples) > 1 and samples[1][0] <= at - RATE_WINDOW:
            samples.popleft()
        since, total = samples[0]
        if at - since >= MIN_RATE_SPAN:
            self.bps = int((self._total - total) * 8 / (at - since))
            self.peak_bps = -int(self._peak.add(-self.bps, now))
