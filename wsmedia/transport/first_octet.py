"""Tells by a connection's first octet what is spoken on it, so that one port serves HTTPS, WebSocket and TURN.

HTTP begins with a letter, STUN and with it TURN with an octet below 4 (RFC 7983 §7). ``Acceptor`` makes one of these
for each connection, behind TLS or not; it hands the connection on with its first octets.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from collections.abc import Callable
from typing import cast

from wsmedia.stun import begins_stun


class FirstOctet(asyncio.Protocol):
    """A connection of which nothing is known yet.

    Attributes:
        transport: the connection; None before there is one.

    Args:
        make_http: a protocol for HTTP.
        make_turn: a protocol for TURN; None where it is not served.
        connections: where the connection is counted until somebody else does.
        timeout: seconds that a connection may say nothing.
    """

    def __init__(
        self,
        make_http: Callable[[], asyncio.Protocol],
        make_turn: Callable[[], asyncio.Protocol] | None,
        connections: set[asyncio.Protocol],
        timeout: float,
    ) -> None:
        self._make_http = make_http
        self._make_turn = make_turn
        self._connections = connections
        self._timeout = timeout
        self.transport: asyncio.Transport | None = None
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first octet, but not for ever."""
        self.transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        self._timer = asyncio.get_running_loop().call_later(self._timeout, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        """Hand the connection on."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        speaks_turn = self._make_turn is not None and begins_stun(data[0])
        protocol = self._make_turn() if speaks_turn and self._make_turn is not None else self._make_http()
        self._forget()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """It never said anything."""
        self._forget()

    def shutdown(self) -> None:
        """The server stops."""
        if self.transport is not None:
            self.transport.close()

    def _forget(self) -> None:
        self._connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
