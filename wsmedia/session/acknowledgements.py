"""When to send an ACK, on which lane, and what stands in it (PROTOCOL.md §3.5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from wsmedia.session.lane import Lane
from wsmedia.wire import MAX_ACKNOWLEDGED_LANES, Ack

MAX_ACK_DELAY = 0.02
"""Seconds: short enough for the sender to see a queue grow, long enough to share one ACK among several frames."""
MANY_LANES = 3
HASTY_ACK_DELAY = 0.012
"""Seconds, with that many lanes or more: there are so many because some stall, and the sender has to see which."""
TURN_PATIENCE = 0.01
"""Seconds after which any lane may carry an ACK that is due: the one whose turn it is takes nothing."""


class Acknowledger:
    """Notes what arrives and says when an ACK is due.

    Lanes take turns: one that is stalled then delays one ACK, and the next one on another lane says all that it said.
    """

    def __init__(self) -> None:
        self.due_at: float | None = None
        self._recent: deque[int] = deque()

    def next_due_after(self, handled_at: float) -> float | None:
        """When a lane has to be asked next, later than it was asked last; None if nothing is due."""
        if self.due_at is None or handled_at >= self.due_at + TURN_PATIENCE:
            return None
        return self.due_at if handled_at < self.due_at else self.due_at + TURN_PATIENCE

    def received(self, lane_count: int, now: float) -> None:
        """Something other than an ACK arrived on one of so many lanes."""
        if self.due_at is None:
            self.due_at = now + (HASTY_ACK_DELAY if lane_count >= MANY_LANES else MAX_ACK_DELAY)

    def lane_lost(self, others: Collection[Lane], now: float) -> None:
        """The ACK that left on the lost lane may be lost too: what it said is said again."""
        for lane in others:
            lane.messages_reported = 0
        if self.due_at is None and any(lane.messages_received for lane in others):
            self.due_at = now

    def is_due(self, lane_id: int, lane_count: int, now: float) -> bool:
        """Whether that lane, one of so many, should carry an ACK now."""
        if self.due_at is None or now < self.due_at:
            return False
        while len(self._recent) > lane_count // 2:
            self._recent.popleft()
        if lane_id in self._recent and now < self.due_at + TURN_PATIENCE:
            return False
        self._recent.append(lane_id)
        return True

    def make(self, lanes: Collection[Lane], control_received: int, now: float) -> Ack:
        """The ACK of what is news, at most ``MAX_ACKNOWLEDGED_LANES`` lanes; it counts as sent."""
        self.due_at = None
        sent_at_us = int(now * 1e6)
        news = [lane for lane in lanes if lane.has_news(now)][:MAX_ACKNOWLEDGED_LANES]
        return Ack(control_received, sent_at_us, tuple(lane.receipt(sent_at_us) for lane in news))
