"""One tunnel session of the client, over as many WebSockets as it wants, until it ends."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake
from websockets.typing import Subprotocol

from wsmedia import __version__
from wsmedia.client.address import GatewayAddress
from wsmedia.client.lane_keeper import LaneKeeper
from wsmedia.clock import Clock
from wsmedia.session import MAX_LANES, Closed, Event, LaneLost, LanesWantedChanged, Role, Session
from wsmedia.transport import Pump
from wsmedia.wire import Capabilities, Hello

SUBPROTOCOL = Subprotocol("wsmedia.v1")
OPEN_TIMEOUT = 10.0

_MAX_MESSAGE_BYTES = 4 * 1024 * 1024
_CLOSE_TIMEOUT = 1.0
# What waits in our own process or in the kernel unsent can no longer be dropped nor sent on another lane.
_WRITE_BUFFER = (1, 0)  # high and low water; asyncio's TLS never resumes after a high water of 0
_NOT_SENT_LOW_WATER = 16_384


class Tunnel:
    """One session.

    Args:
        address: the gateway.
        room, name, token: what HELLO says.
        insecure: accept any certificate.
        lanes: hold always so many lanes; None: as the path demands.
        max_lanes: how many lanes may be held at once where ``lanes`` does not say it.
        clock: drives the session.
        on_event: gets every session event, on the event loop.

    Raises:
        ClientError: the environment names a proxy that is none.
    """

    def __init__(
        self,
        address: GatewayAddress,
        *,
        room: str,
        name: str,
        token: str | None,
        insecure: bool,
        lanes: int | None = None,
        max_lanes: int = MAX_LANES,
        clock: Clock,
        on_event: Callable[[Event], None],
    ) -> None:
        self._address = address
        self._tls = address.ssl_context(insecure)
        self._proxy = address.proxy
        self._on_event = on_event
        key = secrets.token_hex(32)
        hello = Hello(
            lane_id=0,
            key=key,
            room=room,
            name=name,
            token=token,
            client=f"wsmedia-python/{__version__}",
            capabilities=Capabilities(audio=("opus",), video=("h264",)),
        )
        self.session = Session(
            Role.CLIENT,
            secrets.token_hex(16),
            key=key,
            now=clock.monotonic(),
            hello=hello,
            max_lanes=max(max_lanes, lanes or 1),
            fixed_lanes=lanes,
        )
        self.pump = Pump(self.session, clock, self._handle_event)
        self._keeper = LaneKeeper(address, self._connect, self.pump, clock)

    async def run(self, patience: float) -> Closed:
        """Carry the session until it ends.

        Args:
            patience: seconds to go on trying to open the first lane; with 0 the first failure counts. Later lanes are
                tried for as long as the session allows.
        Raises:
            ClientError: the first lane could not be opened.
        """
        try:
            return await self._keeper.run(patience)
        finally:
            self.pump.stop()

    async def _connect(self) -> ClientConnection:
        websocket = await connect(
            self._address.session_url(self.session.session_id),
            ssl=self._tls,
            subprotocols=[SUBPROTOCOL],
            compression=None,
            max_size=_MAX_MESSAGE_BYTES,
            write_limit=_WRITE_BUFFER,
            ping_interval=None,  # the session has pings of its own
            open_timeout=OPEN_TIMEOUT,
            close_timeout=_CLOSE_TIMEOUT,
            user_agent_header=f"wsmedia-python/{__version__}",
            proxy=None if self._proxy is None else self._proxy.url,
        )
        if websocket.subprotocol != SUBPROTOCOL:
            await websocket.close()
            raise InvalidHandshake("the server does not know the subprotocol wsmedia.v1")
        tcp = websocket.transport.get_extra_info("socket")
        if tcp is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _NOT_SENT_LOW_WATER)
        return websocket

    def _handle_event(self, event: Event) -> None:
        if isinstance(event, LaneLost):
            self._keeper.given_up(event.lane_id)
        elif isinstance(event, LanesWantedChanged):
            self._keeper.wake()
        self._on_event(event)
