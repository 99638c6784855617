"""A token bucket: an average rate with room for bursts. Admission uses it per client address."""

from __future__ import annotations


class TokenBucket:
    """Allow ``rate`` units a second on average and ``burst`` at once.

    Args:
        rate: units per second, > 0.
        burst: units that may be taken at once after a pause, > 0; the bucket starts full.
        now: monotonic seconds.
    """

    __slots__ = ("_level", "_updated", "burst", "rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = burst
        self._updated = now

    def take(self, amount: float, now: float) -> bool:
        """Take ``amount`` units if they are there; a refusal takes nothing."""
        self._refill(now)
        if amount > self._level:
            return False
        self._level -= amount
        return True

    def is_full(self, now: float) -> bool:
        """Whether nothing was taken lately, so that the bucket may be forgotten."""
        self._refill(now)
        return self._level >= self.burst

    def _refill(self, now: float) -> None:
        if now > self._updated:
            self._level = min(self.burst, self._level + (now - self._updated) * self.rate)
            self._updated = now
