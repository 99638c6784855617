"""``/v1/check/…``: what the network check talks to (docs/http-api.md). Anybody may ask, so everything is bounded.

Nothing here touches rooms or sessions; picture and sound are tried in a room of its own that ``check_rooms`` gives out.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from wsmedia import __version__
from wsmedia.app.access import Access
from wsmedia.app.arrival import Certificate, describe_arrival
from wsmedia.app.problems import Problem, problem
from wsmedia.app.settings import Settings
from wsmedia.clock import Clock
from wsmedia.limits import AddressRates

CHECK_PATH = "/v1/check"
SUBPROTOCOL = "wsmedia.v1"
"""The tunnel's own: what a network does to it is what counts."""

MAX_UPLOAD_BYTES = 122_880
"""Of one request; the listener cuts what is larger than 128 kB with its headers."""
MAX_DOWNLOAD_BYTES = 2_000_000
MAX_SILENCE_S = 600.0

_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no", "Pragma": "no-cache"}
_OCTETS = "application/octet-stream"
_PIECES = 6
_PIECE_INTERVAL_S = 0.25
_FIRST_PIECE_BYTES = 2048  # what the tunnel's streams begin with, for proxies that hold back the first few
# Sent again and again; compressors do not look back so far.
_RANDOM = secrets.token_bytes(65_536)
_MAX_MESSAGES = 64
_MAX_ECHOED_BYTES = 1_000_000
_ECHO_PATIENCE_S = 10.0
_SILENCE = re.compile(r"silent (\d{1,3})")
_PROBE_ID = re.compile(r"[0-9a-f]{32}")
_MAX_PROBES = 256
_MAX_WAITING = 200
"""Connections that are silent at once; more are refused."""


class CheckRoutes:
    """The routes of the network check.

    Args:
        settings: what is on.
        access: origins.
        media_possible: whether rooms are the gateway's own, so that a private one can be had.
        clock: for the rates.
    """

    def __init__(self, settings: Settings, access: Access, media_possible: bool, clock: Clock) -> None:
        self.certificate: Certificate | None = None
        self._settings = settings
        self._access = access
        self._media_possible = media_possible
        self._clock = clock
        self._requests = AddressRates(per_second=10, burst=80, overall_per_second=200, overall_burst=1000)
        self._octets = AddressRates(
            per_second=1_000_000, burst=16_000_000, overall_per_second=20_000_000, overall_burst=100_000_000
        )
        self._probes: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._waiting = 0
        self._closing = asyncio.Event()

    async def info(self, request: Request) -> Response:
        """What can be checked here."""
        self._admit(request)
        body = {
            "version": __version__,
            "adapter": self._settings.adapter,
            "media": self._media_possible,
            "token_required": not (self._settings.loopback_only or self._settings.check_without_token),
            "reports": self._settings.reports,
            "max_upload_bytes": MAX_UPLOAD_BYTES,
            "max_download_bytes": MAX_DOWNLOAD_BYTES,
        }
        return JSONResponse(body, headers=_HEADERS)

    async def echo(self, request: Request) -> Response:
        """The request as it arrived; with ``?probe=ID`` also how a WebSocket's handshake of that id did, if it did."""
        self._admit(request)
        body = describe_arrival(request, self.certificate)
        if (probe := request.query_params.get("probe")) is not None:
            body["probe"] = self._probes.get(probe)
        return JSONResponse(body, headers={**_HEADERS, "Wsmedia-Answer": "1"})

    async def stream(self, request: Request) -> Response:
        """Six pieces, a quarter of a second between them: whether they arrive so tells who holds answers back."""
        self._admit(request)

        async def pieces() -> AsyncIterator[bytes]:
            for number in range(_PIECES):
                if number:
                    await self._pause(_PIECE_INTERVAL_S)
                line = f"piece {number} of {_PIECES}".encode()
                yield (line if number else line.ljust(_FIRST_PIECE_BYTES - 1, b".")) + b"\n"

        return StreamingResponse(pieces(), media_type=_OCTETS, headers=_HEADERS)

    async def idle(self, request: Request) -> Response:
        """A line, so many seconds of silence, another line: what becomes of a connection on which nothing is said."""
        self._admit(request)
        seconds = _number(request, "seconds", 1, MAX_SILENCE_S)

        async def lines() -> AsyncIterator[bytes]:
            with self._silence():
                yield b"silent".ljust(_FIRST_PIECE_BYTES - 1, b".") + b"\n"
                await self._pause(seconds)
                yield b"end\n"

        if self._waiting >= _MAX_WAITING:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "As many such checks as may run at once are running.")
        return StreamingResponse(lines(), media_type=_OCTETS, headers=_HEADERS)

    async def upload(self, request: Request) -> Response:
        """Takes a body and says how long it was."""
        self._admit(request)
        count = 0
        async for chunk in request.stream():
            count += len(chunk)
            if count > MAX_UPLOAD_BYTES:
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MAX_UPLOAD_BYTES} octets.")
        self._admit(request, octets=count)
        return JSONResponse({"octets": count}, headers=_HEADERS)

    async def download(self, request: Request) -> Response:
        """As many octets as are asked for, that cannot be compressed."""
        octets = int(_number(request, "octets", 1, MAX_DOWNLOAD_BYTES))
        self._admit(request, octets=octets)

        async def chunks() -> AsyncIterator[bytes]:
            left = octets
            while left > 0:
                yield _RANDOM[: min(left, len(_RANDOM))]
                left -= len(_RANDOM)
                await asyncio.sleep(0)  # frames of calls go first

        headers = {**_HEADERS, "Content-Length": str(octets)}
        return StreamingResponse(chunks(), media_type=_OCTETS, headers=headers)

    async def websocket(self, websocket: WebSocket) -> None:
        """Echoes binary messages; the text ``silent N`` is answered by ``end`` after N seconds."""
        self._note_probe(websocket, upgraded=True)
        try:
            self._admit(websocket)
        except Problem as error:
            await websocket.send_denial_response(problem(error.status_code, str(error.detail)))
            return
        await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in websocket.scope["subprotocols"] else None)
        echoed = 0
        with contextlib.suppress(WebSocketDisconnect, TimeoutError):
            for _ in range(_MAX_MESSAGES):
                async with asyncio.timeout(_ECHO_PATIENCE_S):
                    message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                data, text = message.get("bytes"), message.get("text")
                if data is not None and echoed + len(data) <= _MAX_ECHOED_BYTES:
                    echoed += len(data)
                    await websocket.send_bytes(data)
                elif text is not None and (silent := _SILENCE.fullmatch(text)) and self._waiting < _MAX_WAITING:
                    with self._silence():
                        await self._pause(min(float(silent[1]), MAX_SILENCE_S))
                    await websocket.send_text("end")
                else:
                    break
            await websocket.close(1000)

    async def no_upgrade(self, request: Request) -> Response:
        """Where a WebSocket's handshake arrives that is none any more: remember it for ``echo``."""
        self._note_probe(request, upgraded=False)
        self._admit(request)
        detail = "This is for WebSockets, and the request has no Upgrade header any more."
        return problem(HTTPStatus.UPGRADE_REQUIRED, detail, {"Upgrade": "websocket", **_HEADERS})

    def close(self) -> None:
        """End what is silent."""
        self._closing.set()

    def _admit(self, request: HTTPConnection, octets: int = 0) -> None:
        self._access.check_origin(request)
        address = request.client.host if request.client is not None else ""
        now = self._clock.monotonic()
        rates, amount = (self._octets, octets) if octets else (self._requests, 1)
        wait = rates.take(address, float(amount), now)
        if wait > 0.0:
            detail = "Too many checks; wait a little."
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": str(int(wait) + 1)})

    def _note_probe(self, request: HTTPConnection, *, upgraded: bool) -> None:
        probe = request.query_params.get("id", "")
        if _PROBE_ID.fullmatch(probe) is None:
            return
        arrival = describe_arrival(request, None)
        self._probes[probe] = {"upgraded": upgraded, **arrival}
        while len(self._probes) > _MAX_PROBES:
            self._probes.popitem(last=False)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    @contextlib.contextmanager
    def _silence(self) -> Any:
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1


def _number(request: Request, name: str, least: float, most: float) -> float:
    try:
        value = float(request.query_params.get(name, ""))
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        raise Problem(HTTPStatus.BAD_REQUEST, f"{name} is a number from {least:g} to {most:g}.")
    return value
