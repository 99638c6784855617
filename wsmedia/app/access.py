"""Who may do what: tokens in messages and headers, origins, and loopback where no token keys are configured."""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from wsmedia.app.problems import Problem, admission_problem, problem
from wsmedia.app.settings import Settings
from wsmedia.auth import (
    EVERYTHING,
    Grant,
    TokenVerifier,
    is_loopback_address,
    is_loopback_host,
    is_origin_allowed,
)
from wsmedia.clock import Clock
from wsmedia.errors import AdmissionError, CloseCode


class Access:
    """Decides admission from the settings.

    Args:
        settings: keys and allowed origins.
        clock: tells whether a token has expired.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._allowed_origins = settings.allowed_origin
        self._verifier = TokenVerifier(settings.token_keys) if settings.token_keys else None
        self._clock = clock

    def grant(self, token: str | None, room: str | None) -> Grant:
        """What a bearer of ``token`` may do in ``room``; everything where no keys are configured.

        Args:
            token: as the client gave it.
            room: its name; None for whichever room the token is for.

        Raises:
            AdmissionError: the token does not let anybody into that room.
        """
        if self._verifier is None:
            return EVERYTHING
        return self._verifier.verify(token, room, self._clock.wall_us() / 1e6)

    def grant_request(self, request: HTTPConnection, room: str | None) -> Grant:
        """The same for the bearer token of an HTTP request (RFC 6750 §2.1).

        Raises:
            Problem: 401 or 403.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            return self.grant(token.strip() if scheme.lower() == "bearer" else None, room)
        except AdmissionError as error:
            raise admission_problem(error) from error

    def require_any_token(self, request: HTTPConnection) -> None:
        """Refuse who has no token at all; which room it opens does not matter.

        Raises:
            Problem: 401.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            self.grant(token.strip() if scheme.lower() == "bearer" else None, "*")
        except AdmissionError as error:
            # A token for another room than "every room" has passed all other tests.
            if error.code is not CloseCode.FORBIDDEN:
                raise admission_problem(error) from error

    def is_origin_allowed(self, headers: Headers) -> bool:
        """Whether the page that a request comes from may talk to the gateway."""
        return is_origin_allowed(headers.get("origin"), headers.get("host"), self._allowed_origins)

    def check_origin(self, request: HTTPConnection) -> None:
        """Refuse a page that may not talk to the gateway.

        Raises:
            Problem: 403.
        """
        if not self.is_origin_allowed(request.headers):
            raise Problem(HTTPStatus.FORBIDDEN, "Pages of this origin may not use the gateway (see allowed_origin).")


class LoopbackOnly:
    """ASGI middleware: serve this machine and nobody else.

    The Host header counts too: a foreign page can make its own name point to 127.0.0.1, and would pass for the
    gateway's own origin (DNS rebinding).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with 403."""
        if scope["type"] in ("http", "websocket"):
            client = scope.get("client")
            host = Headers(scope=scope).get("host")
            if not (is_loopback_address(client[0] if client else None) and is_loopback_host(host)):
                refusal = problem(
                    HTTPStatus.FORBIDDEN,
                    "This gateway has no token keys configured, so it serves its own machine only, as localhost.",
                )
                if scope["type"] == "websocket":
                    await WebSocket(scope, receive, send).send_denial_response(refusal)
                else:
                    await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)
