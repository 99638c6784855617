"""When to try again for one more lane while others carry the session. No I/O: the lane keeper asks and obeys."""

from __future__ import annotations

import math
from collections.abc import Callable

FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
"""A network that refuses more connections is asked this rarely, in seconds, whether it still does."""
GOOD_LANE = 10.0
"""A lane that was up for so many seconds was a good one: its end is no sign that the network takes no more of them."""


class LaneBackOff:
    """Back-off with jitter for further lanes, all of a session together.

    Args:
        random: gives a number of 0 … 1.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0
        self._ready_at = -math.inf

    def lost(self, up_for: float, now: float) -> None:
        """A lane was lost that was up for so many seconds (0: never); one that was good is replaced at once."""
        if up_for >= GOOD_LANE:
            self._failures = 0
            self._ready_at = now
            return
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2.0**self._failures) * (0.5 + self._random())
        self._failures += 1
        self._ready_at = max(self._ready_at, now + delay)

    def delay(self, now: float) -> float:
        """Seconds to wait before the next attempt; 0: it may begin."""
        return max(0.0, self._ready_at - now)
