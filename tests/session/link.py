"""Two sessions joined by an emulated network on a virtual clock: delay, rate, stalls, cuts; always the same run.

Each direction has one bottleneck that all lanes share and a FIFO per lane; whatever a session writes is taken at once,
as by a kernel's buffer. With ``up`` and ``down`` (``TcpDirection``) each lane is a TCP connection over a link that
loses packets. Nothing sleeps: ``run`` moves the clock from one event to the next.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.link.model import Way
from benchmarks.link.virtual import TcpDirection, VirtualTcpLink
from wsmedia.errors import AdmissionError
from wsmedia.session import Event, Role, Session, SessionLimits, SessionRegistry, WelcomeInfo
from wsmedia.wire import Close, Hello, WireLimits, decode, encode

SESSION_ID = "0123456789abcdef0123456789abcdef"
KEY = "00112233445566778899aabbccddeeff"


def hello(**changed: object) -> Hello:
    """What the client of these tests says."""
    return Hello(**({"lane_id": 0, "key": KEY, "room": "r", "name": "Alice"} | changed))


@dataclass
class Direction:
    """One way of the network."""

    delay: float
    rate_bps: float | None
    busy_until: float = 0.0
    stalled_until: float = 0.0
    last_arrival: dict[int, float] = field(default_factory=dict)
    bytes_carried: int = 0

    def arrival(self, lane_id: int, size: int, now: float) -> float:
        """When a message that is written now arrives."""
        self.bytes_carried += size
        if self.rate_bps is not None:
            # 60 octets: what TLS, TCP and IP add to a small message.
            self.busy_until = max(self.busy_until, now) + (size + 60) * 8 / self.rate_bps
            now = self.busy_until
        at = max(now + self.delay, self.stalled_until, self.last_arrival.get(lane_id, 0.0))
        self.last_arrival[lane_id] = at
        return at


class Link:
    """A client session and the gateway's registry at the two ends of a network.

    Args:
        delay, rate_bps: of both directions, where lanes lose nothing.
        up, down: instead of these, lanes that are TCP connections; a direction that is None then only has the other's
            delay.
    """

    def __init__(
        self,
        *,
        delay: float = 0.04,
        rate_bps: float | None = None,
        limits: SessionLimits | None = None,
        client: Session | None = None,
        up: TcpDirection | None = None,
        down: TcpDirection | None = None,
    ) -> None:
        self.now = 100.0
        self.limits = limits or SessionLimits()
        self.client = client or Session(Role.CLIENT, SESSION_ID, key=KEY, now=self.now, hello=hello())
        self.registry = SessionRegistry()
        self.gateway: Session | None = None
        self.up: Direction | TcpDirection = Direction(delay, rate_bps)
        self.down: Direction | TcpDirection = Direction(delay, rate_bps)
        self.client_events: list[Event] = []
        self.gateway_events: list[Event] = []
        self.on_client_event: Callable[[Event], None] = self.client_events.append
        self.on_gateway_event: Callable[[Event], None] = self.gateway_events.append
        self.refusals: list[Close] = []
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._carriers: set[int] = set()
        self._gateway_lanes: set[int] = set()
        self._wake_at: float | None = None
        self._tcp: VirtualTcpLink | None = None
        if up is not None or down is not None:
            self._join(up, down)

    def _join(self, up: TcpDirection | None, down: TcpDirection | None) -> None:
        given = up or down
        assert given is not None
        idle = Way(delay_ms=given.way.delay_ms)
        self.up, self.down = up or TcpDirection(idle), down or TcpDirection(idle)
        self._tcp = VirtualTcpLink(self, self.up, self.down, to_server=self._to_gateway, to_client=self._to_client)

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Do something at that time."""
        heapq.heappush(self._queue, (when, next(self._order), action))

    def every(self, interval: float, action: Callable[[], None]) -> None:
        """Do something now and again and again."""

        def tick() -> None:
            action()
            self.at(self.now + interval, tick)

        self.at(self.now, tick)

    def run(self, seconds: float) -> None:
        """Let that much time pass."""
        end = self.now + seconds
        self._settle()
        while self._queue and self._queue[0][0] <= end:
            when, _, action = heapq.heappop(self._queue)
            self.now = max(self.now, when)
            action()
            self._settle()
        self.now = end

    def open_lane(self, lane_id: int) -> None:
        """The client gets a new carrier."""
        self._carriers.add(lane_id)
        self.client.open_lane(lane_id, "websocket", self.now)
        self._settle()

    def cut(self, lane_id: int, gateway_notices_after: float = 0.0) -> None:
        """A carrier breaks; all that is under way on it is gone. The gateway may learn of it later."""
        self._carriers.discard(lane_id)
        if self._tcp is not None:
            self._tcp.cut(lane_id)
        self.client.lane_lost(lane_id, self.now)
        self.at(self.now + gateway_notices_after, lambda: self._gateway_loses(lane_id))
        self._settle()

    def _gateway_loses(self, lane_id: int) -> None:
        self._gateway_lanes.discard(lane_id)
        if self.gateway is not None:
            self.gateway.lane_lost(lane_id, self.now)

    def _settle(self) -> None:
        """Do what a transport does after each call: write, hand out events, set the timer."""
        for _ in range(1000):
            busy = self._write(self.client, self.up, self._to_gateway, self._carriers)
            if self.gateway is not None:
                busy |= self._write(self.gateway, self.down, self._to_client, self._gateway_lanes)
                for event in self.gateway.events_received():
                    self.on_gateway_event(event)
                    busy = True
            for event in self.client.events_received():
                self.on_client_event(event)
                busy = True
            if not busy:
                break
        else:
            raise AssertionError("the sessions never come to rest")
        due = [at for session in (self.client, self.gateway) if session and (at := session.next_timeout()) is not None]
        if due and (self._wake_at is None or min(due) < self._wake_at):
            self._wake_at = max(min(due), self.now)
            self.at(self._wake_at, self._timeout)

    def _timeout(self) -> None:
        self._wake_at = None
        for session in (self.client, self.gateway):
            if session is not None and (due := session.next_timeout()) is not None and due <= self.now:
                session.handle_timeout(self.now)

    def _write(
        self,
        session: Session,
        direction: Direction | TcpDirection,
        deliver: Callable[[int, bytes], None],
        lanes: set[int],
    ) -> bool:
        wrote = False
        for lane_id in sorted(lanes):
            # In turn, as a transport does.
            if isinstance(direction, TcpDirection) and not direction.is_writable(lane_id):
                continue
            if (data := session.next_message(lane_id, self.now)) is not None:
                wrote = True
                if isinstance(direction, TcpDirection):
                    direction.write(lane_id, data)
                    continue
                at = direction.arrival(lane_id, len(data), self.now)
                self.at(at, lambda lane_id=lane_id, data=data: deliver(lane_id, data))
        return wrote

    def _to_gateway(self, lane_id: int, data: bytes) -> None:
        if lane_id not in self._carriers:
            return
        if lane_id in self._gateway_lanes and self.gateway is not None:
            self.gateway.receive_message(lane_id, data, self.now)
            return
        first = decode(data, WireLimits())
        if not isinstance(first, Hello):
            return
        try:
            session, _ = self.registry.attach(SESSION_ID, first, now=self.now, limits=self.limits)
        except AdmissionError as error:
            refusal = Close(error.code, error.code.reason, str(error))
            self.refusals.append(refusal)
            self._to_client(lane_id, encode(refusal))
            return
        self.gateway = session
        self._gateway_lanes.add(lane_id)
        session.attach_lane(lane_id, first, WelcomeInfo("p-1"), self.now)

    def _to_client(self, lane_id: int, data: bytes) -> None:
        if lane_id in self._carriers:
            self.client.receive_message(lane_id, data, self.now)
