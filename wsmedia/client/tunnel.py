"""One tunnel session of the client, over as many lanes as it wants, until it ends."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake
from websockets.typing import Subprotocol

from wsmedia import __version__
from wsmedia.client.address import GatewayAddress
from wsmedia.client.carrier import Carrier, WebSocketCarrier
from wsmedia.client.http_carrier import HttpPolls, HttpStream
from wsmedia.client.lane_keeper import LaneKeeper
from wsmedia.client.lane_kinds import STREAM, WEBSOCKET, KindLadder
from wsmedia.clock import Clock
from wsmedia.session import MAX_LANES, Closed, Event, LaneLost, LanesWantedChanged, Role, Session
from wsmedia.transport import Pump
from wsmedia.wire import Capabilities, Hello

SUBPROTOCOL = Subprotocol("wsmedia.v1")
OPEN_TIMEOUT = 10.0

# A poll is answered within eight seconds; a gateway keeps an idle connection for five.
_REQUEST_TIMEOUT = 12.0
_KEEP_ALIVE = 4.0
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
        ladder: which kind of lane to use.
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
        ladder: KindLadder | None = None,
        clock: Clock,
        on_event: Callable[[Event], None],
    ) -> None:
        self._address = address
        self._tls = address.ssl_context(insecure)
        self._proxy = address.proxy
        self._http: httpx.AsyncClient | None = None
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
        self._keeper = LaneKeeper(address, self._connect, ladder or KindLadder(None), self.pump, clock)

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
            if self._http is not None:
                await self._http.aclose()

    async def _connect(self, kind: str) -> Carrier:
        return await (self._connect_websocket() if kind == WEBSOCKET else self._connect_http(kind))

    async def _connect_http(self, kind: str) -> Carrier:
        if self._http is None:
            self._http = httpx.AsyncClient(
                verify=True if self._tls is None else self._tls,
                # The environment has been read, for WebSockets and requests alike.
                proxy=None if self._proxy is None else self._proxy.url,
                trust_env=False,
                timeout=_REQUEST_TIMEOUT,
                limits=httpx.Limits(max_connections=None, keepalive_expiry=_KEEP_ALIVE),
                headers={"User-Agent": f"wsmedia-python/{__version__}"},
            )
        url = f"{self._address.http_url(self.session.session_id)}/{secrets.token_hex(16)}"
        carrier = (HttpStream if kind == STREAM else HttpPolls)(url, self._http)
        await carrier.open()
        return carrier

    async def _connect_websocket(self) -> Carrier:
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
        return WebSocketCarrier(websocket)

    def _handle_event(self, event: Event) -> None:
        if isinstance(event, LaneLost):
            self._keeper.given_up(event.lane_id)
        elif isinstance(event, LanesWantedChanged):
            self._keeper.wake()
        self._on_event(event)
