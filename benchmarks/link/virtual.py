"""A bad link in memory, on a virtual clock: whole messages over any number of TCP connections (lanes) that share it.

Tests of the session engine carry calls over it in milliseconds of real time (``tests/session/link.py``). The packets go
through the same ``model`` as those between two namespaces; what the kernels would do at both ends is ``tcp_sender`` and
``tcp_receiver``. A lane exists from its first message on: handshakes take no time here. Acknowledgements are lost like
anything else, and data carries them, as in TCP.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from benchmarks.link.model import OneWay, Way
from benchmarks.link.tcp_receiver import Ack, TcpReceiver
from benchmarks.link.tcp_sender import TcpSender

HEADERS = 52
"""Octets of IP and TCP headers, with time stamps, on each packet."""
MESSAGE_OVERHEAD = 28
"""Octets that TLS (22) and WebSocket add to a message; a TLS record holds 16 kB, a larger message pays again."""
_TLS_RECORD = 16_384
BUFFER = 65_536
"""Octets that a lane takes before they can leave: then it is not writable."""


class Clock(Protocol):
    """Time that somebody moves, in seconds."""

    now: float

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Do something at that time."""
        ...


class VirtualClock:
    """A ``Clock`` that ``run`` moves from one event to the next."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Do something at that time."""
        heapq.heappush(self._queue, (when, next(self._order), action))

    def run(self, seconds: float) -> None:
        """Let that much time pass."""
        end = self.now + seconds
        while self._queue and self._queue[0][0] <= end:
            when, _, action = heapq.heappop(self._queue)
            self.now = max(self.now, when)
            action()
        self.now = end


class _Alarm:
    """One time at which something is to be done, that may be moved."""

    def __init__(self, clock: Clock, action: Callable[[], None]) -> None:
        self._clock = clock
        self._action = action
        self._due: float | None = None
        self._planned: float | None = None

    def set(self, due: float | None) -> None:
        self._due = due
        if due is not None and (self._planned is None or due < self._planned):
            self._planned = planned = max(due, self._clock.now)
            self._clock.at(planned, lambda: self._ring(planned))

    def _ring(self, planned: float) -> None:
        if self._planned != planned:
            return  # moved forward meanwhile, and has rung
        self._planned = None
        if self._due is None:
            return
        if self._due > self._clock.now:
            self.set(self._due)
            return
        self._due = None
        self._action()


@dataclass
class _Lane:
    """One connection's half: its sender here, its receiver at the far end, and the messages between."""

    sender: TcpSender
    timer: _Alarm
    ack_timer: _Alarm
    receiver: TcpReceiver = field(default_factory=TcpReceiver)
    written: int = 0
    messages: deque[tuple[int, bytes]] = field(default_factory=deque)  # bounded by the buffer and the window


@dataclass(frozen=True)
class _Packet:
    lane_id: int
    start: int
    end: int
    ack: Ack | None


class TcpDirection:
    """One way of a virtual link, shared by all lanes. ``VirtualTcpLink`` joins two.

    Args:
        way: what the link does to packets; ``change`` it once it is joined.
        seed: of all that is left to chance.
        buffer: octets that a lane takes before they can leave; at least one message is taken.
    """

    def __init__(self, way: Way, *, seed: int | str = 1, buffer: int = BUFFER) -> None:
        self.way = way
        self._seed = seed
        self._buffer = buffer
        self._lanes: dict[int, _Lane] = {}
        self._cut: set[int] = set()
        self._clock: Clock
        self._reverse: TcpDirection
        self._deliver: Callable[[int, bytes], None]
        self._packets: OneWay[_Packet]
        self._arrivals: _Alarm

    def join(self, clock: Clock, reverse: TcpDirection, deliver: Callable[[int, bytes], None]) -> None:
        """Begin: ``reverse`` carries acknowledgements back, ``deliver`` gets each message at the far end."""
        self._clock = clock
        self._reverse = reverse
        self._deliver = deliver
        self._packets = OneWay(self.way, self._seed, clock.now)
        self._arrivals = _Alarm(clock, self._arrive)

    def change(self, way: Way) -> None:
        """Be another link from now on."""
        self.way = way
        self._packets.change(self._clock.now, way)
        self._arrivals.set(self._packets.next_due())

    @property
    def rate_bps(self) -> float | None:
        """Bits a second of whole IP packets, None: no limit. May be set."""
        return self.way.rate_bps

    @rate_bps.setter
    def rate_bps(self, rate_bps: float | None) -> None:
        self.change(replace(self.way, rate_bps=rate_bps))

    @property
    def delay(self) -> float:
        """Seconds. May be set."""
        return self.way.delay_ms / 1000

    @delay.setter
    def delay(self, seconds: float) -> None:
        self.change(replace(self.way, delay_ms=seconds * 1000))

    @property
    def bytes_carried(self) -> int:
        """Octets on the wire so far: headers, repetitions and acknowledgements of the other direction included."""
        return self._packets.counters.octets

    @property
    def packets_lost(self) -> int:
        """So far, by chance or because the queue was full."""
        return self._packets.counters.lost + self._packets.counters.queue_dropped

    def sender(self, lane_id: int) -> TcpSender:
        """A lane's sender, to look at."""
        return self._lane(lane_id).sender

    def is_writable(self, lane_id: int) -> bool:
        """Whether the lane takes another message; it may again after any event of the clock."""
        lane = self._lanes.get(lane_id)
        return lane is None or lane.sender.unsent < self._buffer

    def write(self, lane_id: int, message: bytes) -> None:
        """Send a message; on a lane that was cut it is lost."""
        if lane_id in self._cut:
            return
        lane = self._lane(lane_id)
        size = len(message)
        size += MESSAGE_OVERHEAD * max(1, -(-size // _TLS_RECORD))
        lane.written += size
        lane.messages.append((lane.written, message))
        lane.sender.write(size)
        self._send(lane_id, lane)

    def cut(self, lane_id: int) -> None:
        """The connection breaks: nothing more arrives on it. An id is used once."""
        self._cut.add(lane_id)
        self._lanes.pop(lane_id, None)

    def _lane(self, lane_id: int) -> _Lane:
        lane = self._lanes.get(lane_id)
        if lane is None:
            sender = TcpSender(self.delay + self._reverse.delay)
            timer = _Alarm(self._clock, lambda: self._timeout(lane_id))
            ack_timer = _Alarm(self._clock, lambda: self._acknowledge(lane_id))
            lane = self._lanes[lane_id] = _Lane(sender, timer, ack_timer)
        return lane

    def _send(self, lane_id: int, lane: _Lane) -> None:
        now = self._clock.now
        while (segment := lane.sender.next_segment(now)) is not None:
            self._offer(_Packet(lane_id, segment.start, segment.end, self._reverse._pending_ack(lane_id)))
        lane.timer.set(lane.sender.next_timeout())

    def _timeout(self, lane_id: int) -> None:
        lane = self._lanes.get(lane_id)
        if lane is not None:
            lane.sender.handle_timeout(self._clock.now)
            self._send(lane_id, lane)

    def _offer(self, packet: _Packet) -> None:
        self._packets.offer(self._clock.now, HEADERS + packet.end - packet.start, packet)
        self._arrivals.set(self._packets.next_due())

    def _arrive(self) -> None:
        for _, packet in self._packets.take(self._clock.now):
            if packet.lane_id in self._cut:
                continue
            if packet.ack is not None:
                self._reverse._acknowledged(packet.lane_id, packet.ack)
            if packet.end > packet.start:
                self._received(packet)
        self._arrivals.set(self._packets.next_due())

    def _acknowledged(self, lane_id: int, ack: Ack) -> None:
        lane = self._lanes.get(lane_id)
        if lane is not None:
            lane.sender.take_ack(ack, self._clock.now)
            self._send(lane_id, lane)

    def _received(self, packet: _Packet) -> None:
        lane = self._lanes.get(packet.lane_id)
        if lane is None:
            return
        lane.receiver.receive(packet.start, packet.end, self._clock.now)
        if lane.receiver.ack_at == self._clock.now:
            self._acknowledge(packet.lane_id)
        else:
            lane.ack_timer.set(lane.receiver.ack_at)
        while lane.messages and lane.messages[0][0] <= lane.receiver.upto:
            self._deliver(packet.lane_id, lane.messages.popleft()[1])

    def _pending_ack(self, lane_id: int) -> Ack | None:
        """What the far end's receiver has to say, for a packet that leaves there anyway."""
        lane = self._lanes.get(lane_id)
        if lane is None or lane.receiver.ack_at is None:
            return None
        lane.ack_timer.set(None)
        return lane.receiver.take_ack()

    def _acknowledge(self, lane_id: int) -> None:
        ack = self._pending_ack(lane_id)
        if ack is not None:
            self._reverse._offer(_Packet(lane_id, 0, 0, ack))


class VirtualTcpLink:
    """Both ways of a virtual link.

    Args:
        clock: drives everything; nothing happens until it moves.
        up, down: the ways; with different seeds, or they lose the same packets.
        to_server, to_client: called with each message that arrives, and its lane.
    """

    def __init__(
        self,
        clock: Clock,
        up: TcpDirection,
        down: TcpDirection,
        *,
        to_server: Callable[[int, bytes], None],
        to_client: Callable[[int, bytes], None],
    ) -> None:
        self.up = up
        self.down = down
        up.join(clock, down, to_server)
        down.join(clock, up, to_client)

    def cut(self, lane_id: int) -> None:
        """A connection breaks, both ways."""
        self.up.cut(lane_id)
        self.down.cut(lane_id)
