"""HTTP errors as problem details (RFC 9457): a JSON object whose ``detail`` is a sentence for the user."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from wsmedia.errors import AdmissionError, CloseCode

_STATUS = {
    CloseCode.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    CloseCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    CloseCode.OVERLOADED: HTTPStatus.SERVICE_UNAVAILABLE,
    CloseCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    CloseCode.SFU_FAILED: HTTPStatus.BAD_GATEWAY,
}


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A problem response.

    Args:
        status: HTTP status code.
        detail: what is wrong, and what to do about it if anything can be done.
        headers: further response headers.
    """
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status), "detail": detail}
    return Response(json.dumps(body), status, headers, media_type="application/problem+json")


class Problem(HTTPException):
    """Raised by a route that cannot serve a request; becomes ``problem``."""


def admission_problem(error: AdmissionError) -> Problem:
    """The HTTP form of a refused token or a limit reached."""
    status = _STATUS.get(error.code, HTTPStatus.BAD_REQUEST)
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    return Problem(status, str(error), headers)


async def on_http_exception(_: Request | WebSocket, error: Exception) -> Response:
    """Starlette's handler for ``HTTPException``, its own 404 and 405 included."""
    if not isinstance(error, HTTPException):
        return await on_unexpected(_, error)
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, str(error.detail), headers)


async def on_unexpected(_: Request | WebSocket, __: Exception) -> Response:
    """Starlette's handler for everything else; the server's log has the traceback."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong in the gateway; its log says what.")
