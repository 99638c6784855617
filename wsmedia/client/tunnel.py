"""One tunnel session of the client: opens a WebSocket lane, opens another when it is cut, until the session ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from wsmedia import __version__
from wsmedia.client.address import GatewayAddress
from wsmedia.client.errors import ClientError
from wsmedia.client.refusal import failure_text
from wsmedia.clock import Clock
from wsmedia.errors import CloseCode
from wsmedia.session import AllLanesLost, Closed, Event, Role, Session
from wsmedia.transport import AwaitingLane, Pump
from wsmedia.wire import Capabilities, Hello

SUBPROTOCOL = Subprotocol("wsmedia.v1")
OPEN_TIMEOUT = 10.0
FIRST_BACK_OFF = 0.1
LAST_BACK_OFF = 4.0

_MAX_MESSAGE_BYTES = 4 * 1024 * 1024
_CLOSE_TIMEOUT = 1.0

logger = logging.getLogger(__name__)


class Tunnel:
    """One session.

    Args:
        address: the gateway.
        room, name, token: what HELLO says.
        insecure: accept any certificate.
        clock: drives the session.
        on_event: gets every session event, on the event loop.
    """

    def __init__(
        self,
        address: GatewayAddress,
        *,
        room: str,
        name: str,
        token: str | None,
        insecure: bool,
        clock: Clock,
        on_event: Callable[[Event], None],
    ) -> None:
        self._address = address
        self._insecure = insecure
        self._clock = clock
        self._on_event = on_event
        self._next_lane_id = 0
        self._lane_lost = asyncio.Event()
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
        self.session = Session(Role.CLIENT, secrets.token_hex(16), key=key, now=clock.monotonic(), hello=hello)
        self.pump = Pump(self.session, clock, self._handle_event)

    async def run(self, patience: float) -> Closed:
        """Carry the session until it ends.

        Args:
            patience: seconds to go on trying to open the first lane; with 0 the first failure counts. Later lanes are
                tried for as long as the session allows.
        Raises:
            ClientError: the first lane could not be opened.
        """
        deadline = self._clock.monotonic() + patience
        back_off = FIRST_BACK_OFF
        try:
            while not self.pump.ended.done():
                try:
                    websocket = await self._open()
                except (OSError, InvalidHandshake, EOFError, ConnectionClosed) as error:
                    sentence = failure_text(self._address, error)
                    if not self.session.is_established and self._clock.monotonic() >= deadline:
                        raise ClientError(sentence) from error
                    logger.info("No connection: %s; next try in %.1f s", sentence, back_off)
                    await asyncio.wait([self.pump.ended], timeout=back_off)
                    back_off = min(back_off * 2, LAST_BACK_OFF)
                    continue
                if websocket is None:
                    break
                started = self._clock.monotonic()
                await self._carry(websocket)
                if self._clock.monotonic() - started > LAST_BACK_OFF:
                    back_off = FIRST_BACK_OFF
                elif not self.pump.ended.done():
                    # A server that accepts and cuts at once must not be asked in a tight loop.
                    await asyncio.wait([self.pump.ended], timeout=back_off)
                    back_off = min(back_off * 2, LAST_BACK_OFF)
            return self.pump.ended.result()
        finally:
            self.pump.stop()

    async def _open(self) -> ClientConnection | None:
        """Open a WebSocket; None if the session ended meanwhile."""
        opening = asyncio.ensure_future(self._connect())
        try:
            either: list[asyncio.Future[Any]] = [opening, self.pump.ended]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if opening.done():
                return opening.result()
            return None
        finally:
            if not opening.done():
                opening.cancel()
                await asyncio.gather(opening, return_exceptions=True)

    async def _connect(self) -> ClientConnection:
        websocket = await connect(
            self._address.session_url(self.session.session_id),
            ssl=self._address.ssl_context(self._insecure),
            subprotocols=[SUBPROTOCOL],
            compression=None,
            max_size=_MAX_MESSAGE_BYTES,
            ping_interval=None,  # the session has pings of its own
            open_timeout=OPEN_TIMEOUT,
            close_timeout=_CLOSE_TIMEOUT,
            user_agent_header=f"wsmedia-python/{__version__}",
            proxy=None if self._address.is_loopback else True,
        )
        if websocket.subprotocol != SUBPROTOCOL:
            await websocket.close()
            raise InvalidHandshake("the server does not know the subprotocol wsmedia.v1")
        return websocket

    async def _carry(self, websocket: ClientConnection) -> None:
        """Move messages over one lane until it or the session ends."""
        lane_id = self._next_lane_id
        self._next_lane_id += 1
        lane = AwaitingLane(lane_id, websocket.send, lambda code, reason: websocket.close(code, reason[:100]))
        self._lane_lost.clear()
        self.session.open_lane(lane_id, "websocket", self._clock.monotonic())
        writing = asyncio.ensure_future(lane.run(self.pump.writable))
        reading = asyncio.ensure_future(self._read(websocket, lane_id))
        given_up = asyncio.ensure_future(self._lane_lost.wait())
        tasks = [writing, reading, given_up]
        try:
            self.pump.attach(lane)
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self.pump.ended.done() and not writing.done():
                # The last message is on its way, and so is the close frame behind it.
                await asyncio.wait([writing], timeout=_CLOSE_TIMEOUT)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.pump.detach(lane_id, lane)
            websocket.transport.abort()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(websocket.wait_closed(), _CLOSE_TIMEOUT)
        self._end_if_refused(websocket)

    async def _read(self, websocket: ClientConnection, lane_id: int) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in websocket:
                if isinstance(message, str):
                    return  # PROTOCOL.md §2.1: malformed; the lane is useless
                self.pump.receive(lane_id, message)

    def _handle_event(self, event: Event) -> None:
        if isinstance(event, AllLanesLost):
            self._lane_lost.set()
        self._on_event(event)

    def _end_if_refused(self, websocket: ClientConnection) -> None:
        """End the session if the gateway closed the WebSocket with a close code, but no CLOSE message arrived."""
        code = websocket.close_code
        if code is None or self.pump.ended.done() or code not in set(CloseCode):
            return
        reason = websocket.close_reason or CloseCode(code).reason
        self.pump.ended.set_result(Closed(code=code, reason=reason, by_remote=True))
