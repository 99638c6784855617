"""A TCP connection, behind TLS or not, on which a client speaks TURN; joins it to ``turn.TurnClient``.

Relayed datagrams are media: they are late after a moment and worth nothing then. So what the connection cannot take at
once waits a little in a queue of our own, where it can still be dropped, oldest first, and never in the kernel.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import TimerHandle
from collections import deque
from typing import cast

from wsmedia.clock import Clock
from wsmedia.errors import StunError
from wsmedia.stun import Deframer
from wsmedia.transport.buffers import WRITE_BUFFER_HIGH, keep_short
from wsmedia.turn import TurnClient, TurnServer

MAX_WAITING_BYTES = 262_144
MAX_WAITING_SECONDS = 0.4
MAX_UNREAD_ANSWERS = 32

logger = logging.getLogger(__name__)


class TurnCarrier(asyncio.Protocol):
    """One connection.

    Attributes:
        read_timeout: seconds that a client may leave everything unread.
        unit_timeout: seconds that a message may take from its first octet to its last.
        datagrams_dropped: those that the client was too slow for.
        transport: the connection; None before there is one.

    Args:
        server: the TURN server.
        clock: time.
        connections: where the connection is counted.
    """

    read_timeout = 30.0
    unit_timeout = 10.0

    def __init__(self, server: TurnServer, clock: Clock, connections: set[asyncio.Protocol]) -> None:
        self._server = server
        self._clock = clock
        self._connections = connections
        self._deframer = Deframer()
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._waiting_bytes = 0
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._unread_answers = 0
        self._paused = False
        self._client: TurnClient | None = None
        self.transport: asyncio.Transport | None = None
        self._timer: TimerHandle | None = None
        self._timer_due = 0.0
        self._unread: TimerHandle | None = None
        self._unit: TimerHandle | None = None
        self.datagrams_dropped = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        keep_short(self.transport)
        host, port = (self.transport.get_extra_info("peername") or ("0.0.0.0", 0))[:2]  # noqa: S104 - not bound
        # A scope belongs to a link and not to the address; over IPv6 sockets IPv4 comes in its clothes.
        host = host.partition("%")[0].removeprefix("::ffff:")
        self._client = TurnClient(self._server, self, (host, port), self._clock.monotonic())
        self._schedule(self._client)

    def data_received(self, data: bytes) -> None:
        """Take what came: requests, and datagrams to relay."""
        client = self._client
        if client is None:
            return
        now, wall_s = self._clock.monotonic(), self._clock.wall_us() / 1e6
        try:
            units = self._deframer.push(data)
            for unit in units:
                answer = client.receive(unit, now, wall_s)
                if answer is not None:
                    self._answer(answer)
                if client.is_over:
                    break
        except StunError as error:
            logger.debug("a TURN client is at fault: %s", error)
            self._abort()
            return
        if client.is_over:
            self._close()
        else:
            self._expect_rest(begins=bool(units))
            self._schedule(client)

    def eof_received(self) -> bool:
        """The client is done; nothing is left to say."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Give everything back."""
        self._connections.discard(self)
        for timer in (self._timer, self._unread, self._unit):
            if timer is not None:
                timer.cancel()
        client, self._client = self._client, None
        if client is not None:
            client.close()
        self._waiting.clear()
        self._waiting_bytes = 0

    def shutdown(self) -> None:
        """The server stops."""
        self._close()

    def send_datagram(self, unit: bytes) -> None:
        """Write a relayed datagram; it waits while the client does not read, and is dropped when it has waited long."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if not self._paused:
            self._gather(unit)
            return
        now = self._clock.monotonic()
        self._drop_stale(now)
        self._waiting.append((now, unit))
        self._waiting_bytes += len(unit)
        while self._waiting_bytes > MAX_WAITING_BYTES:
            self._drop_oldest()

    def _gather(self, unit: bytes) -> None:
        """Write what comes in one turn of the loop at once: the packets of a frame share a TLS record then."""
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._write_gathered)
        self._gathered.append(unit)
        self._gathered_bytes += len(unit)
        if self._gathered_bytes >= WRITE_BUFFER_HIGH:
            self._write_gathered()

    def _write_gathered(self) -> None:
        units, self._gathered, self._gathered_bytes = self._gathered, [], 0
        if units and self.transport is not None and not self.transport.is_closing():
            self.transport.write(b"".join(units))

    def pause_writing(self) -> None:
        """The client does not read as fast as we write."""
        self._paused = True
        if self._unread is None:
            self._unread = asyncio.get_running_loop().call_later(self.read_timeout, self._abort)

    def resume_writing(self) -> None:
        """The client has read; what waited and is still worth something follows."""
        self._paused = False
        self._unread_answers = 0
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        self._drop_stale(self._clock.monotonic())
        while self._waiting and not self._paused and self.transport is not None:
            _, unit = self._waiting.popleft()
            self._waiting_bytes -= len(unit)
            self.transport.write(unit)

    def _answer(self, answer: bytes) -> None:
        """Write an answer. Who asks and does not read is put out: answers cannot be dropped."""
        if self.transport is None or self.transport.is_closing():
            return
        if self._paused:
            self._unread_answers += 1
            if self._unread_answers > MAX_UNREAD_ANSWERS:
                self._abort()
                return
        self.transport.write(answer)

    def _drop_stale(self, now: float) -> None:
        while self._waiting and now - self._waiting[0][0] > MAX_WAITING_SECONDS:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, unit = self._waiting.popleft()
        self._waiting_bytes -= len(unit)
        self.datagrams_dropped += 1

    def _expect_rest(self, *, begins: bool) -> None:
        """A message that has begun must end: one timer for each that is cut, from its first octet."""
        within = self._deframer.is_within_unit
        if self._unit is not None and (begins or not within):
            self._unit.cancel()
            self._unit = None
        if within and self._unit is None:
            self._unit = asyncio.get_running_loop().call_later(self.unit_timeout, self._abort)

    def _schedule(self, client: TurnClient) -> None:
        """Look again when something may be over; a timer that is too early looks and waits on."""
        due = client.next_timeout()
        if self._timer is not None and due < self._timer_due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer_due = due
            delay = max(0.001, due - self._clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer, client)

    def _on_timer(self, client: TurnClient) -> None:
        self._timer = None
        client.handle_timeout(self._clock.monotonic())
        if client.is_over:
            self._close()
        else:
            self._schedule(client)

    def _close(self) -> None:
        if self._client is not None:
            self._client.close()
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()
            # What is unsent may never be read.
            if self._unread is None:
                self._unread = asyncio.get_running_loop().call_later(self.read_timeout, self._abort)

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()
