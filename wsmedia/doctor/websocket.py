"""Whether WebSockets come through; if not, where on the way their handshake is lost."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from wsmedia.doctor.site import Site
from wsmedia.findings import Check, Outcome, Result

_PATIENCE = 8.0
_SIZES = (16, 1300, 49_152)
_SUBPROTOCOL = Subprotocol("wsmedia.v1")


async def check_websocket(site: Site) -> Result:
    """Open one, have messages echoed; after a failure ask the gateway what it saw of it."""
    probe = secrets.token_hex(16)
    opened = False
    try:
        async with (
            asyncio.timeout(_PATIENCE),
            connect(
                f"{site.address.base}/v1/check/ws?id={probe}",
                subprotocols=[_SUBPROTOCOL],
                **site.websocket_options(),  # type: ignore[arg-type]
            ) as websocket,
        ):
            opened = True
            times = []
            for size in _SIZES:
                message = secrets.token_bytes(size)
                began = time.monotonic()
                await websocket.send(message)
                echoed = await websocket.recv()
                times.append(time.monotonic() - began)
                if echoed != message:
                    return judge_websocket(opened, None, None)
            return judge_websocket(opened, min(times), None)
    except (WebSocketException, OSError, EOFError):
        return judge_websocket(opened, None, await _seen(site, probe))


def judge_websocket(opened: bool, round_trip: float | None, seen: Any) -> Result:
    """The result.

    Args:
        opened: whether the handshake succeeded.
        round_trip: seconds for a message and its echo; None if it did not come back as it was.
        seen: what the gateway saw of the handshake: None for nothing, else a dict with ``upgraded``.
    """
    if opened and round_trip is not None:
        return Result(Check.WEBSOCKET, Outcome.WELL, "works", {"round_trip_ms": round(round_trip * 1000, 1)})
    if opened:
        return Result(Check.WEBSOCKET, Outcome.BLOCKED, "broken")
    if not isinstance(seen, dict):
        return Result(Check.WEBSOCKET, Outcome.BLOCKED, "not-arrived")
    return Result(Check.WEBSOCKET, Outcome.BLOCKED, "answer-lost" if seen.get("upgraded") else "stripped")


async def _seen(site: Site, probe: str) -> Any:
    try:
        async with site.http() as http:
            return (await http.get(f"/v1/check/echo?probe={probe}")).json().get("probe")
    except (httpx.HTTPError, OSError, ValueError, AttributeError):
        return None
