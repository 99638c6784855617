"""HTTP lanes over HTTP: finds the carrier that a request belongs to, and admits its HELLO (PROTOCOL.md §2.2, §2.3)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wsmedia.app.access import Access
from wsmedia.app.problems import Problem
from wsmedia.app.sessions import TRY_AGAIN_LATER, SessionHost, TooManyLanesError
from wsmedia.app.settings import Settings
from wsmedia.errors import AdmissionError, CloseCode, RemoteProtocolError
from wsmedia.transport.http_lane import POLL, STREAM, Download, HttpLane
from wsmedia.transport.http_poll import MAX_WAIT, PollDownload, PollOrderError
from wsmedia.transport.http_stream import StreamDownload
from wsmedia.transport.upload_order import UploadGapError
from wsmedia.wire import Close, Hello, decode, encode, is_session_id

_MAKERS: dict[str, Callable[[HttpLane], Download]] = {STREAM: StreamDownload, POLL: PollDownload}
# How long what is left of a lane that is over may still be fetched, and requests are told that it is.
_MEMORY = 10.0
_MAX_NUMBER = 2**53
_CLOSE_CODES = frozenset(CloseCode)
_HEADERS = {
    "Cache-Control": "no-store, no-transform",
    "Pragma": "no-cache",
    "X-Accel-Buffering": "no",
}

logger = logging.getLogger(__name__)


class HttpLaneRoutes:
    """``/v1/sessions/{session_id}/http/{carrier_id}/…``.

    Args:
        settings: limits.
        access: checks origins; tokens come in HELLO.
        sessions: admits lanes.
    """

    def __init__(self, settings: Settings, access: Access, sessions: SessionHost) -> None:
        self._settings = settings
        self._access = access
        self._sessions = sessions
        self._limits = settings.session_limits.wire
        self._lanes: dict[tuple[str, str], HttpLane] = {}
        base = "/v1/sessions/{session_id}/http/{carrier_id}"
        self.routes = [
            Route(base + "/up/{offset}", self._upload, methods=["POST"]),
            Route(base + "/stream", self._stream, methods=["GET"]),
            Route(base + "/poll/{number}", self._poll, methods=["GET"]),
            Route(base + "/end/{code}", self._end, methods=["POST"]),
        ]

    def close(self) -> None:
        """End the lanes that belong to no session; the others end with theirs."""
        for lane in list(self._lanes.values()):
            if lane.pump is None:
                lane.end()

    async def _upload(self, request: Request) -> Response:
        """Messages of the client: octets of the lane, from ``offset`` on."""
        lane = self._lane(request)
        offset = _number(request, "offset")
        try:
            body = await request.body()
        except ClientDisconnect:
            return _nothing()
        if lane.ended is not None:
            return _over(lane)
        try:
            messages = lane.take(offset, body)
            if messages:
                self._receive(request.path_params["session_id"], lane, messages)
        except UploadGapError as error:
            raise Problem(HTTPStatus.CONFLICT, f"{error}.") from error
        except (AdmissionError, RemoteProtocolError) as error:
            if lane.pump is None:
                logger.info("session %s refused: %s", request.path_params["session_id"][:6], error)
            lane.refuse(error)
        except TooManyLanesError:
            lane.close(TRY_AGAIN_LATER, "too many lanes")
        return _nothing()

    async def _stream(self, request: Request) -> ASGIApp:
        """One long response with everything for the client."""
        lane = self._lane(request)
        download = lane.use(STREAM, StreamDownload)
        if not isinstance(download, StreamDownload) or download.is_open:
            raise Problem(HTTPStatus.CONFLICT, "The lane has another download.")
        return download.respond

    async def _poll(self, request: Request) -> Response:
        """What there is for the client, as soon as there is anything."""
        lane = self._lane(request)
        download = lane.use(POLL, PollDownload)
        if not isinstance(download, PollDownload):
            raise Problem(HTTPStatus.CONFLICT, "The lane has another download.")
        wait = request.query_params.get("wait", "")
        try:
            octets = await download.poll(
                _number(request, "number"), int(wait) / 1000 if wait.isdecimal() and len(wait) < 9 else MAX_WAIT
            )
        except PollOrderError as error:
            raise Problem(HTTPStatus.CONFLICT, f"{error}.".capitalize()) from error
        if octets:
            return Response(octets, headers=_HEADERS, media_type="application/octet-stream")
        return _nothing() if lane.ended is None else _over(lane)

    async def _end(self, request: Request) -> Response:
        """The client closes the lane, with a close code of RFC 6455; one of ours ends the session.

        The CLOSE itself may wait for an upload that a page took with it when it went away.
        """
        lane = self._lane(request)
        code = _number(request, "code")
        if lane.pump is not None and lane.ended is None and code in _CLOSE_CODES:
            lane.receive([encode(Close(code, CloseCode(code).reason))])
        lane.end(code, "")
        return _nothing()

    def _lane(self, request: Request) -> HttpLane:
        """The lane of a request; the first one makes it."""
        self._access.check_origin(request)
        session_id, carrier_id = request.path_params["session_id"], request.path_params["carrier_id"]
        # Both have the same form.
        if not (is_session_id(session_id) and is_session_id(carrier_id)):
            raise Problem(
                HTTPStatus.NOT_FOUND, "The ids of a session and a carrier have 32 lower-case hexadecimal digits."
            )
        key = (session_id, carrier_id)
        lane = self._lanes.get(key)
        if lane is not None:
            return lane
        if _is_later(request):
            raise Problem(HTTPStatus.NOT_FOUND, "The gateway does not know this lane any more.")
        if len(self._lanes) >= self._settings.max_connections:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The gateway has as many HTTP lanes as it may.")
        loop = asyncio.get_running_loop()

        def lost(lane: HttpLane) -> None:
            silence.cancel()
            # Of one that nobody fetched from, and that said nothing, nobody wants to hear why it is over.
            loop.call_later(_MEMORY if lane.kind is not None else 0.0, self._lanes.pop, key, None)
            if lane.pump is not None and lane.ended is not None:
                self._sessions.leave(lane.pump, lane, lane.ended[0])

        lane = self._lanes[key] = HttpLane(self._limits.max_message_bytes, lost)
        silence = loop.call_later(self._settings.hello_timeout, self._expect_hello, lane)
        return lane

    def _expect_hello(self, lane: HttpLane) -> None:
        if lane.pump is None:
            lane.refuse(AdmissionError("No HELLO came in time.", CloseCode.TIMEOUT))

    def _receive(self, session_id: str, lane: HttpLane, messages: list[bytes]) -> None:
        if lane.pump is None:
            hello = decode(messages.pop(0), self._limits)
            if not isinstance(hello, Hello):
                raise RemoteProtocolError("the first message was not HELLO")
            make = _MAKERS.get(hello.lane_kind)
            if make is None or lane.use(hello.lane_kind, make) is None:
                raise RemoteProtocolError("HELLO of another kind of lane")
            lane.join(hello.lane_id, self._sessions.enter(session_id, hello))
        lane.receive(messages)


def _number(request: Request, name: str) -> int:
    text = request.path_params[name]
    if text.isascii() and text.isdecimal() and len(text) <= 16 and int(text) < _MAX_NUMBER:
        return int(text)
    raise Problem(HTTPStatus.NOT_FOUND, f"The {name} has to be a number.")


def _is_later(request: Request) -> bool:
    """Whether a request cannot be a lane's first one."""
    parameters = request.path_params
    return "code" in parameters or parameters.get("offset", "0") != "0" or parameters.get("number", "0") not in "01"


def _nothing() -> Response:
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=_HEADERS)


def _over(lane: HttpLane) -> Response:
    code, reason = lane.ended or (0, "")
    body = {
        "type": "about:blank",
        "title": HTTPStatus.GONE.phrase,
        "status": int(HTTPStatus.GONE),
        "detail": "The lane is over.",
        "code": code,
        "reason": reason,
    }
    return Response(json.dumps(body), HTTPStatus.GONE, _HEADERS, media_type="application/problem+json")
