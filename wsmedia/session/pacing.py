"""Spreads large frames over time: a keyframe sent at once would fill the queue of a narrow path by itself."""

from __future__ import annotations

PACE = 2.5
"""How many times the estimate of the path video may leave."""
BURST = 8_000
"""Octets that may leave at once: a frame of usual size is not held back."""

SHORTEST_WAIT = 0.001
"""Seconds: no timer is finer, and rounding must not make one fire for nothing."""


class Pacer:
    """A bucket that video fills and the pace empties; ``now`` is monotonic seconds, sizes are octets."""

    def __init__(self) -> None:
        self._level = 0.0
        self._rate = 1.0
        self._at = 0.0

    def allows(self, bitrate_bps: int, now: float) -> bool:
        """Whether a piece of video may leave now, while the path carries that much."""
        self._rate = PACE * bitrate_bps / 8
        self._level = max(0.0, self._level - (now - self._at) * self._rate)
        self._at = now
        return self._level < BURST

    def sent(self, size: int) -> None:
        """A piece of that many octets has left."""
        self._level += size

    @property
    def open_at(self) -> float:
        """When ``allows`` will be true, if it was not."""
        return self._at + max((self._level - BURST) / self._rate, SHORTEST_WAIT)
