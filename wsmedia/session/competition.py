"""Tells whose queue is on the path: ours empties when we send less, somebody else's stays.

A flow that fills the queue until it loses something leaves nothing to one that yields to delay. ``congestion`` asks
here whether to go on yielding, or to hold a bounded share of its own, as long as the delay shows that the queue is not
ours.
"""

from __future__ import annotations

import math

PATIENCE = 2.0
"""Seconds for which a queue has to stay, though the estimate was cut again and again, to count as somebody else's."""
MIN_CUTS = 3
"""So many cuts of the estimate must have changed nothing."""
FAIR_SHARE = 0.5
"""The part of what the path carried before the queue grew that we hold: there is at least one other who wants it."""
STEADY = 1.0
"""Seconds for which the queue must not have become longer: one that grows is not full yet."""
GROWTH = 0.01
"""Seconds by which it may wander."""
MAX_QUEUE = 1.0
"""Seconds beyond which no share is held: whatever comes so late is of no use to a call."""
MORE_DELAY = 0.05
"""Seconds by which the queue may be longer than when we began to hold: beyond that it is ours after all."""
PROBATION = 10.0
"""Seconds for which we yield again to a queue that turned out to be ours."""


class Competition:
    """The delay since the queue grew; ``now`` is monotonic seconds."""

    def __init__(self) -> None:
        self.is_on = False
        """Whether the queue is somebody else's."""
        self.share_bps = 0
        """What we may hold then."""
        self._queued_since: float | None = None
        self._cuts = 0
        self._longest = 0.0
        self._longest_since = 0.0
        self._carried_bps = 0
        self._not_before = -math.inf

    def queue_is_gone(self) -> None:
        """The path is free: the next queue is looked at afresh."""
        self.is_on = False
        self._queued_since = None

    def queue_stays(self, delay: float, carried_bps: int, now: float) -> None:
        """All messages wait for so many seconds; ``carried_bps`` is the most that was delivered lately."""
        if self._queued_since is None:
            self._queued_since = now
            self._cuts = 0
            self._longest = 0.0
            self._carried_bps = carried_bps
        if not self.is_on:
            if delay > self._longest + GROWTH:
                self._longest = delay
                self._longest_since = now
            stays = now - self._queued_since >= PATIENCE and self._cuts >= MIN_CUTS and now >= self._not_before
            # A queue that has become much shorter is one of ours that empties.
            is_steady = now - self._longest_since >= STEADY
            self.is_on = stays and is_steady and self._longest / 2 < delay < MAX_QUEUE
            self.share_bps = int(FAIR_SHARE * self._carried_bps)
        elif delay > self._longest + MORE_DELAY:
            self.is_on = False
            self._queued_since = None
            self._not_before = now + PROBATION

    def cut(self) -> None:
        """The estimate was cut for that queue."""
        self._cuts += 1
