"""What a bad link does to packets, without any I/O: time and sizes in, decisions out, the same for the same seed.

A packet first waits for its turn in a bounded queue that drains at the link's rate, may then be lost, and travels for
the delay. ``forwarder`` uses it between two network namespaces, ``virtual`` on a virtual clock. Times are seconds on
one clock that never goes back; sizes are octets of an IP packet.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

MOST_PACKETS = 20_000
"""A link holds no more in one direction, whatever its rate; the next are dropped as by a full queue."""

_JITTER_PERIOD = 0.02

T = TypeVar("T")


class ConditionError(ValueError):
    """A link was described that cannot be; says which figure is at fault."""


def _check(good: bool, message: str) -> None:
    if not good:
        raise ConditionError(message)


@dataclass(frozen=True)
class Bursts:
    """Periods in which packets are lost together (Gilbert–Elliott in time, so that a thin flow gets through them too).

    Attributes:
        mean_ms: a bad period's mean length; lengths are exponentially distributed, those of good periods too.
        share: of all time that is bad, above 0 and below 1.
        loss: the probability that a packet within a bad period is lost.
    """

    mean_ms: float = 50.0
    share: float = 0.02
    loss: float = 0.8

    def __post_init__(self) -> None:
        _check(self.mean_ms > 0, f"bursts need a length above 0 ms, not {self.mean_ms:g}")
        _check(0 < self.share < 1, f"bursts take a share of time above 0 and below 1, not {self.share:g}")
        _check(0 <= self.loss <= 1, f"loss within bursts is a share from 0 to 1, not {self.loss:g}")


@dataclass(frozen=True)
class Way:
    """One direction of a link.

    Attributes:
        delay_ms: from the end of the queue to the far end.
        jitter_ms: the delay wanders between ``delay_ms`` and so much more, without packets overtaking each other.
        loss: share of packets lost at random, outside of bursts, 0 to 1.
        bursts: of loss, besides.
        rate_bps: bits a second of whole IP packets; None: no limit.
        queue_ms: how long a packet may wait for its turn at the present rate, else it is dropped.
        queue_octets: the queue's bound in octets instead.
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    bursts: Bursts | None = None
    rate_bps: float | None = None
    queue_ms: float = 200.0
    queue_octets: int | None = None

    def __post_init__(self) -> None:
        _check(0 <= self.delay_ms <= 10_000, f"a delay is from 0 to 10000 ms, not {self.delay_ms:g}")
        _check(0 <= self.jitter_ms <= 10_000, f"jitter is from 0 to 10000 ms, not {self.jitter_ms:g}")
        _check(0 <= self.loss <= 1, f"loss is a share from 0 to 1, not {self.loss:g}")
        _check(self.rate_bps is None or self.rate_bps >= 1000, f"a rate is at least 1000 b/s, not {self.rate_bps}")
        _check(self.queue_ms > 0, f"a queue holds more than 0 ms, not {self.queue_ms:g}")
        _check(self.queue_octets is None or self.queue_octets > 0, "a queue holds at least 1 octet")

    def queue_bound(self) -> float:
        """Octets that may wait, the packet on the wire included, when there is a rate."""
        if self.queue_octets is not None:
            return self.queue_octets
        return self.queue_ms / 1000 * (self.rate_bps or 0) / 8


@dataclass
class Counters:
    """What became of the packets of one direction so far.

    Attributes:
        packets, octets: that entered the link: bytes on the wire.
        delivered_packets, delivered_octets: that came out.
        lost: by chance.
        queue_dropped: because the queue was full.
        queue_ms_max: the longest time until a packet's turn came that the queue stood for.
    """

    packets: int = 0
    octets: int = 0
    delivered_packets: int = 0
    delivered_octets: int = 0
    lost: int = 0
    queue_dropped: int = 0
    queue_ms_max: float = 0.0


@dataclass
class _BadPeriods:
    """When it is bad, decided as time goes on."""

    bursts: Bursts
    random: random.Random
    bad: bool = False
    until: float = field(default=0.0)

    def begin(self, now: float) -> None:
        self.bad = self.random.random() < self.bursts.share
        self.until = now + self._length()

    def _length(self) -> float:
        mean = self.bursts.mean_ms / 1000
        if not self.bad:
            mean *= (1 - self.bursts.share) / self.bursts.share
        return self.random.expovariate(1 / mean)

    def is_bad(self, now: float) -> bool:
        while now >= self.until:
            self.bad = not self.bad
            self.until += self._length()
        return self.bad


@dataclass
class _Jitter:
    """A delay that goes straight from one random value to the next."""

    random: random.Random
    begin: float
    values: tuple[float, float]

    def share(self, now: float) -> float:
        """Of the most that there may be, 0 to 1."""
        while now >= self.begin + _JITTER_PERIOD:
            self.begin += _JITTER_PERIOD
            self.values = self.values[1], self.random.random()
        part = (now - self.begin) / _JITTER_PERIOD
        return self.values[0] + part * (self.values[1] - self.values[0])


class OneWay(Generic[T]):
    """The packets under way in one direction.

    Args:
        way: how the link is at first.
        seed: of all that is left to chance.
        now: when the link begins.
    """

    def __init__(self, way: Way, seed: int | str, now: float) -> None:
        self.way = way
        self.counters = Counters()
        # One source of chance each, so that to change one condition leaves what the others do.
        self._loss, self._burst_loss, self._periods, jitter = (random.Random(f"{seed}/{what}") for what in range(4))
        self._jitter = _Jitter(jitter, now, (jitter.random(), jitter.random()))
        self._bad: _BadPeriods | None = None
        self._queue: deque[tuple[int, T]] = deque()  # bounded by Way.queue_bound; drops what comes
        self._queued = 0
        self._turn_ends = now  # when the queue's first packet is wholly on the wire
        self._pipe: deque[tuple[float, int, T]] = deque()  # bounded with the queue by MOST_PACKETS
        self._begin_bursts(now)

    def _begin_bursts(self, now: float) -> None:
        if self.way.bursts is None:
            self._bad = None
        elif self._bad is None or self._bad.bursts != self.way.bursts:
            self._bad = _BadPeriods(self.way.bursts, self._periods)
            self._bad.begin(now)

    def offer(self, now: float, size: int, packet: T) -> bool:
        """A packet comes to the link; tells whether it was taken, which does not mean that it will arrive."""
        self._advance(now)
        counters = self.counters
        counters.packets += 1
        counters.octets += size
        full = len(self._queue) + len(self._pipe) >= MOST_PACKETS
        rate = self.way.rate_bps
        if rate is None and not full:
            self._travel(now, size, packet)
            return True
        # A packet that finds the queue empty always fits, however small the bound.
        if full or rate is None or (self._queue and self._queued + size > self.way.queue_bound()):
            counters.queue_dropped += 1
            return False
        if not self._queue:
            self._turn_ends = now + size * 8 / rate
        self._queue.append((size, packet))
        self._queued += size
        counters.queue_ms_max = max(counters.queue_ms_max, self._queued * 8000 / rate)
        return True

    def next_due(self) -> float | None:
        """When ``take`` is to be called next, None if nothing is under way."""
        due = self._pipe[0][0] if self._pipe else None
        if self._queue and (due is None or self._turn_ends < due):
            return self._turn_ends
        return due

    def take(self, now: float) -> list[tuple[float, T]]:
        """Packets that are at the far end by now, in their order, and when each was due there."""
        self._advance(now)
        arrived: list[tuple[float, T]] = []
        while self._pipe and self._pipe[0][0] <= now:
            due, size, packet = self._pipe.popleft()
            self.counters.delivered_packets += 1
            self.counters.delivered_octets += size
            arrived.append((due, packet))
        return arrived

    def change(self, now: float, way: Way) -> None:
        """Be another link from now on; what waits goes on at the new rate, what travels arrives as it would have."""
        self._advance(now)
        old, self.way = self.way.rate_bps, way
        if self._queue and old is not None:
            if way.rate_bps is None:
                self._turn_ends = now
                self._advance(now)
            else:
                self._turn_ends = now + (self._turn_ends - now) * old / way.rate_bps
        self._begin_bursts(now)

    def _advance(self, now: float) -> None:
        while self._queue and self._turn_ends <= now:
            size, packet = self._queue.popleft()
            self._queued -= size
            self._travel(self._turn_ends, size, packet)
            if self._queue and self.way.rate_bps is not None:
                self._turn_ends += self._queue[0][0] * 8 / self.way.rate_bps

    def _travel(self, now: float, size: int, packet: T) -> None:
        if self._is_lost(now):
            self.counters.lost += 1
            return
        due = now + self.way.delay_ms / 1000
        if self.way.jitter_ms:
            due += self.way.jitter_ms / 1000 * self._jitter.share(now)
        if self._pipe:
            due = max(due, self._pipe[-1][0])
        self._pipe.append((due, size, packet))

    def _is_lost(self, now: float) -> bool:
        lost = self._loss.random() < self.way.loss
        if self._bad is not None and self._bad.is_bad(now):
            return self._burst_loss.random() < self._bad.bursts.loss
        return lost
