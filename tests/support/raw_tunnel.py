"""A tunnel client without a session engine: it sends what it likes and reads how that ends."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import websockets

from tests.support.gateway import session_url
from wsmedia.app.server import Gateway
from wsmedia.errors import CloseCode
from wsmedia.wire import Close, Hello, WireLimits, decode, encode


def hello(**members: Any) -> bytes:
    fields: dict[str, Any] = {"lane_id": 0, "key": secrets.token_hex(16), "room": "r", "name": "Mallory", **members}
    return encode(Hello(**fields))


async def opened(gateway: Gateway, session_id: str | None = None, **options: Any) -> websockets.ClientConnection:
    url = session_url(gateway, session_id or secrets.token_hex(16))
    return await websockets.connect(url, subprotocols=["wsmedia.v1"], compression=None, **options)


async def ending(websocket: websockets.ClientConnection) -> tuple[list[int], int | None]:
    """The codes of the CLOSE messages until the end, and the WebSocket's close code."""
    codes = []
    async with asyncio.timeout(10):
        try:
            while True:
                message = decode(await websocket.recv(), WireLimits())  # type: ignore[arg-type]
                if isinstance(message, Close):
                    codes.append(message.code)
        except websockets.ConnectionClosed:
            await websocket.wait_closed()
            return codes, websocket.close_code


async def assert_ends(websocket: websockets.ClientConnection, code: CloseCode) -> None:
    assert await ending(websocket) == ([code], code)
