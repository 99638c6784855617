"""What a lane's carrier is to its slot, whatever kind it is of; and the WebSocket as one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from wsmedia.transport import AwaitingLane, Lane


class RunningLane(Lane, Protocol):
    """A lane that somebody has to run."""

    async def run(self, writable: Callable[[int], None]) -> None:
        """Write until closed or until the carrier fails; ``writable`` is ``Pump.writable``."""


class Carrier(Protocol):
    """A carrier that is open: HELLO may follow."""

    @property
    def close_code(self) -> int | None:
        """The close code that the gateway gave; None if it gave none."""

    @property
    def close_reason(self) -> str:
        """The word beside it."""

    def lane(self, lane_id: int) -> RunningLane:
        """The lane over this carrier, for the pump; called once."""

    def messages(self) -> AsyncIterator[bytes]:
        """What comes, until the carrier is gone."""

    async def wait_closed(self) -> None:
        """Wait until the carrier is gone."""

    def abort(self) -> None:
        """Cut it."""


class WebSocketCarrier:
    """One WebSocket (PROTOCOL.md §2.1)."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket

    @property
    def close_code(self) -> int | None:
        """See ``Carrier``."""
        return self._websocket.close_code

    @property
    def close_reason(self) -> str:
        """See ``Carrier``."""
        return self._websocket.close_reason or ""

    def lane(self, lane_id: int) -> AwaitingLane:
        """See ``Carrier``."""
        websocket = self._websocket
        return AwaitingLane(lane_id, websocket.send, lambda code, reason: websocket.close(code, reason[:100]))

    async def messages(self) -> AsyncIterator[bytes]:
        """Ends early with a text message: it is malformed (PROTOCOL.md §2.1), and the lane is useless."""
        with contextlib.suppress(ConnectionClosed):
            async for message in self._websocket:
                if isinstance(message, str):
                    return
                yield message

    async def wait_closed(self) -> None:
        """See ``Carrier``."""
        await self._websocket.wait_closed()

    def abort(self) -> None:
        """See ``Carrier``."""
        self._websocket.transport.abort()
