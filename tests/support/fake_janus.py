"""A scripted Janus on a loopback WebSocket, for what a real one cannot be made to do: silence, nonsense, odd orders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve

Send = Callable[[dict[str, Any]], Awaitable[None]]
Answer = Callable[[dict[str, Any], Send], Awaitable[None]]


class FakeJanus:
    """Answers the core's requests itself and gives plugin messages to ``answer(message, send)``.

    Attributes:
        url: where it listens.
        requests: everything that came.
        silent: the kinds of core request that stay unanswered.
    """

    def __init__(self, answer: Answer | None = None) -> None:
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self.silent: set[str] = set()
        self.arrived = asyncio.Event()
        self._answer = answer
        self._server: Server | None = None
        self._connection: ServerConnection | None = None

    async def __aenter__(self) -> FakeJanus:
        self._server = await serve(self._serve, "127.0.0.1", 0, subprotocols=["janus-protocol"])  # type: ignore[list-item]
        self.url = f"ws://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def send(self, message: dict[str, Any] | str) -> None:
        """Send to the last client."""
        assert self._connection is not None
        await self._connection.send(message if isinstance(message, str) else json.dumps(message))

    async def cut(self) -> None:
        """Break the last client's TCP connection."""
        assert self._connection is not None
        self._connection.transport.abort()

    async def _serve(self, connection: ServerConnection) -> None:
        self._connection = connection
        async for data in connection:
            message = json.loads(data)
            self.requests.append(message)
            self.arrived.set()
            kind, transaction = message["janus"], message["transaction"]
            if kind in self.silent:
                continue
            if kind == "message" and self._answer is not None:
                await self.send({"janus": "ack", "transaction": transaction})
                await self._answer(message, self.send)
            elif kind == "keepalive":
                await self.send({"janus": "ack", "transaction": transaction})
            else:
                await self.send({"janus": "success", "transaction": transaction, "data": {"id": len(self.requests)}})
