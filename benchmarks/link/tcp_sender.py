"""The sending end of one direction of a virtual TCP connection: what Linux would send, and when, in segments.

``virtual`` owns one for each lane and direction. Loss is noticed as Linux notices it: by RACK (RFC 8985), that is at
once when three later segments were acknowledged, and an eighth of the round trip later when fewer were; by a tail-loss
probe when nothing later was sent; by a time-out that doubles. A thin flow hence pays two round trips or more for a lost
segment.
"""

from __future__ import annotations

import math
from collections import deque

from benchmarks.link.cubic import Cubic, Reduction
from benchmarks.link.tcp_receiver import SEGMENT, Ack

LEAST_VARIANCE = 0.2
"""Seconds that Linux adds to the round trip for its time-out, at least; and to the probe of a segment that is alone."""
_PROBE_SLACK = 0.008
_MOST_BACKOFF = 6
_MANY = 3


class Segment:
    """Octets that went out together, and what is known of them."""

    __slots__ = ("arrived", "end", "is_out", "lost", "order", "repeats", "sent_at", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.sent_at = 0.0
        self.order = 0
        """Of its last transmission, among all."""
        self.repeats = -1
        self.arrived = False
        self.lost = False
        self.is_out = False
        """Whether it counts as in flight."""


class TcpSender:
    """One connection's outgoing half.

    Args:
        round_trip: seconds that the handshake took.

    Attributes:
        retransmissions, time_outs, probes: how often.
    """

    def __init__(self, round_trip: float) -> None:
        self.cubic = Cubic()
        self.retransmissions = 0
        self.time_outs = 0
        self.probes = 0
        self.smoothed = round_trip
        self._variance = round_trip / 2
        self._least = max(round_trip, 0.0001)
        self._written = 0
        self._next = 0
        self._flight: deque[Segment] = deque()  # bounded by the window
        self._out = 0
        self._to_repeat = 0
        self._arrived_beyond = 0
        self._order = 0
        self._last_sent_at = -math.inf
        self._was_limited = False
        self._recovers_at: int | None = None
        self._reduction: Reduction | None = None
        self._newest = (0, 0.0)  # RACK: order and round trip of the latest transmission that is known to have arrived
        self._backoff = 0
        self._time_out_at: float | None = None
        self._probe_at: float | None = None
        self._reorder_at: float | None = None
        self._probed_upto: int | None = None
        self._probe_repeated = False
        self._probe_now = False

    @property
    def unsent(self) -> int:
        """Octets that were written and have not left."""
        return self._written - self._next

    @property
    def in_flight(self) -> int:
        """Octets that left and are not acknowledged."""
        return self._next - (self._flight[0].start if self._flight else self._next)

    @property
    def time_out(self) -> float:
        """The retransmission time-out, in seconds."""
        return self.smoothed + max(LEAST_VARIANCE, 4 * self._variance)

    def write(self, octets: int) -> None:
        """The application wrote."""
        self._written += octets

    def next_segment(self, now: float) -> Segment | None:
        """What leaves now, None if the window is full or nothing waits; it counts as sent."""
        if self._out >= int(self.cubic.window) and not self._probe_now:
            self._was_limited = self._was_limited or bool(self.unsent or self._to_repeat)
            return None
        if self._to_repeat and not self._probe_now:
            segment = next(segment for segment in self._flight if segment.lost)
            self._repeat(segment, now)
        elif self.unsent:
            segment = self._new_segment(now)
        elif self._probe_now:
            segment = next(segment for segment in reversed(self._flight) if not segment.arrived)
            self._probe_repeated = True
            self._repeat(segment, now)
        else:
            return None
        self._transmitted(segment, now)
        return segment

    def _new_segment(self, now: float) -> Segment:
        if not self._flight and now - self._last_sent_at > self.time_out and math.isfinite(self._last_sent_at):
            self.cubic.idle(int((now - self._last_sent_at) / self.time_out))
        segment = Segment(self._next, min(self._next + SEGMENT, self._written))
        self._next = segment.end
        if not self._flight:
            self._time_out_at = now + self.time_out
        self._flight.append(segment)
        return segment

    def _repeat(self, segment: Segment, now: float) -> None:
        self.retransmissions += 1
        if segment.lost:
            segment.lost = False
            self._to_repeat -= 1
        if self._time_out_at is None:
            self._time_out_at = now + self.time_out

    def _transmitted(self, segment: Segment, now: float) -> None:
        self._order += 1
        segment.order = self._order
        segment.repeats += 1
        segment.sent_at = self._last_sent_at = now
        if not segment.is_out:
            segment.is_out = True
            self._out += 1
        if self._reduction is not None:
            self._reduction.sent += 1
        if self._probe_now:
            self._probe_now = False
            self._probed_upto = self._next
            self._time_out_at = now + self.time_out
        elif segment.repeats == 0:
            self._plan_probe(now, self._flight[0].sent_at + self.time_out)

    def take_ack(self, ack: Ack, now: float) -> None:
        """The far end acknowledged."""
        arrived: list[Segment] = []
        advanced = False
        while self._flight and self._flight[0].end <= ack.upto:
            segment = self._flight.popleft()
            advanced = True
            if segment.arrived:
                self._arrived_beyond -= 1
            else:
                arrived.append(segment)
        if ack.beyond:
            for segment in self._flight:
                if not segment.arrived and segment.start in ack.beyond:
                    segment.arrived = True
                    self._arrived_beyond += 1
                    arrived.append(segment)
        if not arrived and not advanced:
            return
        for segment in arrived:
            self._out -= segment.is_out
            self._to_repeat -= segment.lost
            segment.is_out = segment.lost = False
        self._measure(arrived, now)
        self._end_of_recovery(ack, now)
        if self._reduction is None and (self._recovers_at is None or self.cubic.window < self.cubic.threshold):
            if self._was_limited:
                self.cubic.acknowledged(len(arrived), self.smoothed, now)
            self._was_limited = False
        self._find_losses(now)
        if self._reduction is not None:
            self.cubic.window = self._reduction.window(len(arrived), self._out)
        if not self._flight:
            self._time_out_at = self._probe_at = self._reorder_at = None
        elif advanced:
            self._time_out_at = now + self.time_out * 2**self._backoff
            self._plan_probe(now, self._time_out_at)

    def _measure(self, arrived: list[Segment], now: float) -> None:
        first = [segment.sent_at for segment in arrived if segment.repeats == 0]
        if first:
            sample = now - min(first)
            self._variance += (abs(sample - self.smoothed) - self._variance) / 4
            self.smoothed += (sample - self.smoothed) / 8
            self._least = min(self._least, now - max(first))
            self._backoff = 0
        for segment in arrived:
            round_trip = now - segment.sent_at
            # An answer faster than the path is one to an earlier transmission.
            if segment.order > self._newest[0] and (segment.repeats == 0 or round_trip >= self._least):
                self._newest = segment.order, round_trip

    def _end_of_recovery(self, ack: Ack, now: float) -> None:
        if self._probed_upto is not None and ack.upto >= self._probed_upto:
            if self._probe_repeated and not ack.repeated and self._recovers_at is None:
                self.cubic.lost()
            self._probed_upto = None
            self._probe_repeated = False
        if self._recovers_at is not None and ack.upto >= self._recovers_at:
            self._recovers_at = None
            if self._reduction is not None:
                self._reduction = None
                self.cubic.window = self.cubic.threshold

    def _find_losses(self, now: float) -> None:
        self._reorder_at = None
        order, round_trip = self._newest
        at_once = self._arrived_beyond >= _MANY or self._recovers_at is not None
        patience = round_trip + (0.0 if at_once else min(self._least / 4, self.smoothed / 8))
        found = False
        for segment in self._flight:
            if not segment.is_out or segment.order >= order:
                continue
            due = segment.sent_at + patience
            # Sums of times of which one was subtracted before: equal ones differ in their last digits.
            if due <= now + 1e-9:
                self._lose(segment)
                found = True
            elif self._reorder_at is None or due < self._reorder_at:
                self._reorder_at = due
        if found:
            self._probe_at = None
            if self._recovers_at is None:
                self._recovers_at = self._next
                prior = self.cubic.window
                self.cubic.lost()
                self._reduction = Reduction(prior, self.cubic.threshold)
                self.cubic.window = self._reduction.window(0, self._out)

    def _lose(self, segment: Segment) -> None:
        segment.lost = True
        segment.is_out = False
        self._out -= 1
        self._to_repeat += 1

    def _plan_probe(self, now: float, latest: float) -> None:
        """A probe comes when an answer is overdue; not while losses are known or one was sent without an answer."""
        self._probe_at = None
        if not self._flight or self._recovers_at is not None or self._arrived_beyond or self._probed_upto is not None:
            return
        slack = LEAST_VARIANCE if len(self._flight) == 1 else _PROBE_SLACK
        self._probe_at = max(now, min(now + 2 * self.smoothed + slack, latest))

    def next_timeout(self) -> float | None:
        """When ``handle_timeout`` has to be called."""
        return min((at for at in (self._time_out_at, self._probe_at, self._reorder_at) if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Do what is due; then ``next_segment`` has something."""
        if self._reorder_at is not None and now >= self._reorder_at:
            self._find_losses(now)
        if self._probe_at is not None and now >= self._probe_at:
            self._probe_at = None
            self._probe_now = True
            self.probes += 1
        elif self._time_out_at is not None and now >= self._time_out_at:
            self._timed_out(now)

    def _timed_out(self, now: float) -> None:
        self.time_outs += 1
        for segment in self._flight:
            if segment.is_out:
                self._lose(segment)
        self._reduction = None
        self.cubic.timed_out()
        self._recovers_at = self._next
        self._probe_at = self._reorder_at = self._probed_upto = None
        self._probe_repeated = False
        self._backoff = min(self._backoff + 1, _MOST_BACKOFF)
        self._time_out_at = now + self.time_out * 2**self._backoff
