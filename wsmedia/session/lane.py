"""One carrier connection as the engine sees it: what it has received, and what it has sent that is not acknowledged."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from wsmedia.errors import RemoteProtocolError
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
RECENT = 0.1
"""Seconds for which an ACK names a lane again after its last message: the ACK before may be late."""
NOT_VIDEO = -1


class Sent(NamedTuple):
    """A message in flight: octets, when it left, and the video track whose frame it carries, or ``NOT_VIDEO``."""

    size: int
    sent_at: float
    video_track_id: int


class LaneFigures(NamedTuple):
    """One lane for statistics, and for who decides which lane may be closed.

    Attributes:
        lane_id: as in HELLO.
        kind: as in HELLO.
        welcomed: whether WELCOME was sent or received.
        stalled: whether the oldest message in flight should have been acknowledged long ago.
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
    what our last ACK said of ``messages_received``.
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
        "pongs",
        "welcomed",
    )

    def __init__(self, lane_id: int, kind: str, greeting: bytes, *, welcomed: bool, now: float) -> None:
        self.lane_id = lane_id
        self.kind = kind
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

    def received(self, now: float) -> None:
        """Count a message that ACK reports."""
        self.messages_received += 1
        self.last_received_at = now

    def sent(self, size: int, now: float, video_track_id: int = NOT_VIDEO) -> None:
        """Put a message that ACK reports in flight."""
        self.in_flight.append(Sent(size, now, video_track_id))
        self.in_flight_bytes += size
        self.last_sent_at = now

    def is_stalled(self, round_trip: float, now: float) -> bool:
        """Whether the oldest message in flight should have been acknowledged long ago."""
        return bool(self.in_flight) and now - self.in_flight[0].sent_at > round_trip + STALL_TIME

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

    def acknowledge(self, messages_received: int) -> tuple[int, Sent | None]:
        """The far end has received this many messages since the lane began.

        Returns:
            The octets that are newly acknowledged, and the last message of them; (0, None) if the news is old.
        Raises:
            RemoteProtocolError: more than was sent.
        """
        news = messages_received - self.messages_acknowledged
        if news <= 0:
            return 0, None
        if news > len(self.in_flight):
            raise RemoteProtocolError("ACK of messages that were never sent")
        octets = 0
        for _ in range(news):
            last = self.in_flight.popleft()
            octets += last.size
        self.messages_acknowledged = messages_received
        self.in_flight_bytes -= octets
        return octets, last

    def figures(self, round_trip: float, now: float) -> LaneFigures:
        """How the lane is at ``now``."""
        quiet = 0.0 if self.in_flight else max(0.0, now - self.last_received_at)
        stalled = self.is_stalled(round_trip, now)
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
