"""One carrier connection as the engine sees it: what it has received, and what it has sent that is not acknowledged."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from wsmedia.errors import RemoteProtocolError
from wsmedia.session.blocks import Block
from wsmedia.wire import MAX_HELD_US, LaneAck, Pong

MAX_PENDING_PONGS = 4
"""PINGs that wait for their PONG; when there are more, the oldest goes unanswered."""
MAX_UNACKNOWLEDGED_MESSAGES = 10_000
"""A lane with more than this in flight is given up: the far end does not acknowledge."""
STALL_TIME = 0.5
"""Seconds beyond a round trip without acknowledgement after which a lane takes no more media: it would only age."""
MAX_SILENCE = 6.0
"""Seconds without a word from the gateway, though something waits for its ACK, after which a client tries another lane:
a network that was left behind drops packets without telling anybody."""
RECENT = 0.03
"""Seconds for which an ACK names a lane again after its last message: the ACK before may be late."""
BEHIND = 0.015
"""Seconds by which something younger must have left, and arrived on another lane, for a message to count as late."""
FIRST_WINDOW = 14_000
"""Octets that any TCP connection takes at once (RFC 6928: ten segments)."""
WINDOW_GROWTH = 1.5
"""What is so many times above the octets that a lane is known to carry may be late for its sender's window alone."""


RANKS = {"http-stream": 1, "http-poll": 2}
"""How much worse a kind of lane is than the best: what goes in requests waits for its turn."""


class Sent(NamedTuple):
    """A message in flight: octets, when it left, octets in flight ahead of it, and the block it is a piece of."""

    size: int
    sent_at: float
    ahead: int
    block: Block | None


class Waiting(NamedTuple):
    """A message that the lane's carrier takes next, and the block it is a piece of."""

    data: bytes
    block: Block | None


class LaneFigures(NamedTuple):
    """One lane for statistics, and for who decides which lane may be closed.

    Attributes:
        lane_id: as in HELLO.
        kind: as in HELLO.
        welcomed: whether WELCOME was sent or received.
        stalled: whether the oldest message in flight was overtaken, or should have been acknowledged long ago.
        in_flight_bytes: sent and not acknowledged.
        quiet: seconds since a message that ACK reports came; 0 while something of ours is in flight.
    """

    lane_id: int
    kind: str
    welcomed: bool
    stalled: bool
    in_flight_bytes: int
    quiet: float


class Lane:
    """Counters and timers of one lane; ``now`` is monotonic seconds.

    ``greeting`` is the HELLO or WELCOME that has to leave first; ``welcomed``: whether WELCOME was sent or received.
    ``last_heard_at`` is the time of any message, ``last_received_at`` of one that ACK reports; ``messages_reported`` is
    what our last ACK said of ``messages_received``. ``outbox`` holds what was assigned to the lane and waits for its
    carrier.
    """

    __slots__ = (
        "greeting",
        "in_flight",
        "in_flight_bytes",
        "kind",
        "lane_id",
        "last_heard_at",
        "last_received_at",
        "last_sent_at",
        "messages_acknowledged",
        "messages_received",
        "messages_reported",
        "outbox",
        "pongs",
        "proven_bytes",
        "rank",
        "welcomed",
    )

    def __init__(self, lane_id: int, kind: str, greeting: bytes, *, welcomed: bool, now: float) -> None:
        self.lane_id = lane_id
        self.kind = kind
        self.rank = RANKS.get(kind, 0)
        """0 for the best kind; lanes of a worse one carry nothing beside it."""
        self.greeting: bytes | None = greeting
        self.welcomed = welcomed
        self.messages_received = 0
        self.messages_reported = 0
        self.last_heard_at = now
        self.last_received_at = now
        self.last_sent_at = now
        self.messages_acknowledged = 0
        self.in_flight: deque[Sent] = deque()
        self.in_flight_bytes = 0
        self.pongs: deque[Pong] = deque(maxlen=MAX_PENDING_PONGS)
        self.outbox: deque[Waiting] = deque()
        self.proven_bytes = FIRST_WINDOW
        """Octets in flight with which the lane was in time."""

    def received(self, now: float) -> None:
        """Count a message that ACK reports."""
        self.messages_received += 1
        self.last_received_at = now

    def put(self, data: bytes, block: Block | None) -> None:
        """Let the carrier take this message next."""
        self.outbox.append(Waiting(data, block))

    def sent(self, size: int, now: float, block: Block | None = None) -> None:
        """Put a message that ACK reports in flight."""
        self.in_flight.append(Sent(size, now, self.in_flight_bytes, block))
        self.in_flight_bytes += size
        self.last_sent_at = now

    def is_silent(self, round_trip: float, now: float) -> bool:
        """Whether the oldest message in flight should have been acknowledged long ago, other lanes or not."""
        return bool(self.in_flight) and now - self.in_flight[0].sent_at > round_trip + STALL_TIME

    def is_stalled(self, newest_acknowledged: float) -> bool:
        """Whether younger data of other lanes has arrived before the oldest that is in flight here.

        Args:
            newest_acknowledged: when the youngest message left that is known to have arrived, on whatever lane.
        """
        return bool(self.in_flight) and self.is_late(self.in_flight[0], newest_acknowledged)

    def is_late(self, sent: Sent, newest_acknowledged: float) -> bool:
        """Whether that message of this lane was overtaken, and not for a window that had yet to open."""
        if sent.sent_at >= newest_acknowledged - BEHIND:
            return False
        return sent.ahead + sent.size <= WINDOW_GROWTH * self.proven_bytes

    def lost_at(self, idle_timeout: float, max_silence: float) -> float:
        """When the lane counts as lost if nothing more arrives; ``max_silence`` holds if something is in flight."""
        at = self.last_heard_at + idle_timeout
        if self.welcomed and self.in_flight:
            at = min(at, max(self.last_heard_at, self.in_flight[0].sent_at) + max_silence)
        return at

    @property
    def is_overdue(self) -> bool:
        """Whether the far end has left far too much unacknowledged."""
        return len(self.in_flight) > MAX_UNACKNOWLEDGED_MESSAGES

    def acknowledge(self, messages_received: int) -> list[Sent]:
        """The far end has received this many messages since the lane began.

        Returns:
            What is newly acknowledged, oldest first; nothing if the news is old.
        Raises:
            RemoteProtocolError: more than was sent.
        """
        news = messages_received - self.messages_acknowledged
        if news <= 0:
            return []
        if news > len(self.in_flight):
            raise RemoteProtocolError("ACK of messages that were never sent")
        self.messages_acknowledged = messages_received
        acknowledged = [self.in_flight.popleft() for _ in range(news)]
        self.in_flight_bytes -= sum(sent.size for sent in acknowledged)
        return acknowledged

    def figures(self, newest_acknowledged: float, round_trip: float, now: float) -> LaneFigures:
        """How the lane is at ``now``."""
        quiet = 0.0 if self.in_flight else max(0.0, now - self.last_received_at)
        stalled = self.is_stalled(newest_acknowledged) or self.is_silent(round_trip, now)
        return LaneFigures(self.lane_id, self.kind, self.welcomed, stalled, self.in_flight_bytes, quiet)

    def has_news(self, now: float) -> bool:
        """Whether an ACK should name this lane: something came since the last ACK, or lately."""
        if self.messages_received == self.messages_reported:
            return self.messages_received > 0 and now - self.last_received_at <= RECENT
        return True

    def receipt(self, sent_at_us: int) -> LaneAck:
        """This lane's part of an ACK that is sent at that time; it counts as told."""
        self.messages_reported = self.messages_received
        held_us = sent_at_us - int(self.last_received_at * 1e6)
        return LaneAck(self.lane_id, self.messages_received, min(held_us, MAX_HELD_US))


def best_rank(lanes: Iterable[Lane]) -> int:
    """The rank of the best lane that has been welcomed; 0 if there is none."""
    return min((lane.rank for lane in lanes if lane.welcomed), default=0)
