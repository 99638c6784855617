"""When to send an ACK, on which lane, and what stands in it (PROTOCOL.md §3.5)."""

from __future__ import annotations

from collections.abc import Collection

from wsmedia.session.lane import Lane
from wsmedia.wire import MAX_ACKNOWLEDGED_LANES, Ack

MAX_ACK_DELAY = 0.02
"""Seconds: short enough for the sender to see a queue grow, long enough to share one ACK among several frames."""
MANY_LANES = 3
HASTY_ACK_DELAY = 0.005
"""Seconds, with that many lanes or more: there are so many because some stall, and the sender has to see which."""


class Acknowledger:
    """Notes what arrives and says when an ACK is due."""

    def __init__(self) -> None:
        self.due_at: float | None = None
        self._lane_id: int | None = None

    def received(self, lane_id: int, lane_count: int, now: float) -> None:
        """Something other than an ACK arrived on that lane, one of so many."""
        self._lane_id = lane_id
        if self.due_at is None:
            self.due_at = now + (HASTY_ACK_DELAY if lane_count >= MANY_LANES else MAX_ACK_DELAY)

    def lane_lost(self, lane_id: int, others: Collection[Lane], now: float) -> None:
        """Any other lane will do; the ACK that left on the lost one may be lost too: what it said is said again."""
        if self._lane_id == lane_id:
            self._lane_id = None
        for lane in others:
            lane.messages_reported = 0
        if self.due_at is None and any(lane.messages_received for lane in others):
            self.due_at = now

    def is_due(self, lane_id: int, now: float) -> bool:
        """Whether that lane should carry an ACK now."""
        return self.due_at is not None and now >= self.due_at and self._lane_id in {None, lane_id}

    def make(self, lanes: Collection[Lane], control_received: int, now: float) -> Ack:
        """The ACK of what is news, at most ``MAX_ACKNOWLEDGED_LANES`` lanes; it counts as sent."""
        self.due_at = None
        sent_at_us = int(now * 1e6)
        news = [lane for lane in lanes if lane.has_news(now)][:MAX_ACKNOWLEDGED_LANES]
        return Ack(control_received, sent_at_us, tuple(lane.receipt(sent_at_us) for lane in news))
