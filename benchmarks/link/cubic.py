"""How much a virtual TCP connection may have in flight: CUBIC (RFC 9438) in segments, and its way down after a loss.

``tcp_sender`` asks. HyStart and the undoing of cuts that turn out to have been needless are left out: a virtual
connection leaves slow start later than a kernel's, and recovers a little more slowly from a probe that was not needed.
"""

from __future__ import annotations

import math

START_SEGMENTS = 10.0
_LEAST_AFTER_LOSS = 2.0
_CUT = 0.7
_STEEPNESS = 0.4
"""C of RFC 9438 §4.1, in segments per second³."""


class Cubic:
    """One connection's window."""

    __slots__ = ("_begin", "_k", "_most", "_reno", "threshold", "window")

    def __init__(self) -> None:
        self.window = START_SEGMENTS
        self.threshold = math.inf
        self._most = 0.0
        self._begin: float | None = None
        self._k = 0.0
        self._reno = 0.0

    def acknowledged(self, segments: int, round_trip: float, now: float) -> None:
        """That many segments arrived while the window was what limited."""
        if self.window < self.threshold:
            self.window += segments
            return
        if self._begin is None:
            self._begin = now
            self._most = max(self._most, self.window)
            self._k = ((self._most - self.window) / _STEEPNESS) ** (1 / 3)
            self._reno = self.window
        since = now - self._begin + round_trip
        target = min(self._most + _STEEPNESS * (since - self._k) ** 3, 1.5 * self.window)
        self._reno += 3 * (1 - _CUT) / (1 + _CUT) * segments / self.window
        if target > self.window:
            self.window += (target - self.window) / self.window * segments
        self.window = max(self.window, self._reno)

    def lost(self) -> None:
        """A loss was noticed, for the first time in this round trip."""
        # Fast convergence (RFC 9438 §4.7): leave room when the last peak was not reached again.
        self._most = self.window * (1 + _CUT) / 2 if self.window < self._most else self.window
        self.window = self.threshold = max(self.window * _CUT, _LEAST_AFTER_LOSS)
        self._begin = None

    def timed_out(self) -> None:
        """Nothing was heard for a whole time-out."""
        self.lost()
        self.window = 1.0

    def idle(self, time_outs: int) -> None:
        """Nothing was sent for so many time-outs: the window halves for each, down to what a connection begins with."""
        self.threshold = max(self.threshold, 0.75 * self.window) if math.isfinite(self.threshold) else self.threshold
        floor = min(self.window, START_SEGMENTS)
        self.window = max(self.window / 2 ** min(time_outs, 20), floor)
        self._begin = None


class Reduction:
    """From a loss on until it is repaired: the window shrinks as segments arrive, not at once (PRR, RFC 6937).

    Args:
        prior: the window when the loss was noticed.
        threshold: the window to arrive at.
    """

    __slots__ = ("_delivered", "_prior", "_threshold", "sent")

    def __init__(self, prior: float, threshold: float) -> None:
        self._prior = prior
        self._threshold = threshold
        self._delivered = 0
        self.sent = 0
        """Segments that left since; the owner counts."""

    def window(self, arrived: int, out: int) -> float:
        """What may be in flight after so many segments arrived, when ``out`` are."""
        self._delivered += arrived
        if out > self._threshold:
            more = math.ceil(self._delivered * self._threshold / self._prior) - self.sent
        else:
            more = min(int(self._threshold) - out, max(self._delivered - self.sent, arrived) + 1)
        # The segment that was lost is repeated at once, whatever is in flight.
        return out + max(more, 0 if self.sent else 1)
