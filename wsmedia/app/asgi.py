"""The ASGI application: routes and middleware around the parts that do the work."""

from __future__ import annotations

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wsmedia import __version__
from wsmedia.app.access import LoopbackOnly
from wsmedia.app.check import CHECK_PATH
from wsmedia.app.networks import network_of
from wsmedia.app.page import page_route
from wsmedia.app.parts import Parts
from wsmedia.app.problems import Problem, on_http_exception, on_unexpected
from wsmedia.auth import is_origin_allowed

_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]


def make_app(parts: Parts) -> Starlette:
    """The gateway's HTTP side.

    Args:
        parts: what the routes work on; started and stopped by the server.
    """
    settings = parts.settings

    async def config(request: Request) -> Response:
        """What the page has to know before it can join."""
        body = {
            "version": __version__,
            "adapter": settings.adapter,
            "token_required": not settings.loopback_only,
            "native_mode": parts.embedded is not None,
            "policy": settings.policy,
            "network": network_of(request.client.host if request.client else None),
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def health(_: Request) -> Response:
        """200 as long as the process answers."""
        return PlainTextResponse("ok\n")

    async def unknown(_: Request) -> Response:
        raise Problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")

    middleware = [Middleware(SecurityHeaders)]
    if settings.loopback_only:
        middleware.append(Middleware(LoopbackOnly))
    if settings.allowed_origin:
        middleware.append(
            Middleware(
                CrossOrigin,
                allow_origins=settings.allowed_origin,
                allow_methods=["GET", "POST", "PATCH", "DELETE"],
                allow_headers=["Authorization", "Content-Type", "If-Match", "Wsmedia-Handover", "Wsmedia-Probe"],
                expose_headers=["Location", "ETag", "Link", "Wsmedia-Participant"],
            )
        )
    routes = [
        WebSocketRoute("/v1/sessions/{session_id}/ws", parts.sessions.serve),
        *parts.http_lanes.routes,
        Route("/v1/config", config),
        Route("/v1/ice", parts.ice.servers),
        Route("/v1/rooms/{room}", parts.rooms.look),
        Route("/v1/rooms/{room}/events", parts.rooms.events),
        Route("/v1/rooms/{room}/whip", parts.native.publish, methods=["POST"]),
        Route("/v1/rooms/{room}/whep/{participant_id}", parts.native.subscribe, methods=["POST"]),
        Route("/v1/probe", parts.native.probe, methods=["POST"]),
        Route("/v1/resources/{resource_id}", parts.native.change, methods=["PATCH"]),
        Route("/v1/resources/{resource_id}", parts.native.end, methods=["DELETE"]),
        *(_check_routes(parts) if settings.check else []),
        Route("/healthz", health),
        Route("/v1/{path:path}", unknown),
        page_route(with_check=settings.check),
    ]
    return Starlette(
        routes=routes,
        middleware=middleware,
        exception_handlers={HTTPException: on_http_exception, Exception: on_unexpected},
    )


def _check_routes(parts: Parts) -> list[BaseRoute]:
    """What the network check talks to."""
    check = parts.check
    return [
        Route(CHECK_PATH, check.info),
        Route(f"{CHECK_PATH}/echo", check.echo),
        Route(f"{CHECK_PATH}/stream", check.stream),
        Route(f"{CHECK_PATH}/idle", check.idle),
        Route(f"{CHECK_PATH}/upload", check.upload, methods=["POST"]),
        Route(f"{CHECK_PATH}/download", check.download),
        WebSocketRoute(f"{CHECK_PATH}/ws", check.websocket),
        Route(f"{CHECK_PATH}/ws", check.no_upgrade),
        Route(f"{CHECK_PATH}/room", parts.check_rooms.create, methods=["POST"]),
        Route("/v1/reports", parts.reports.take, methods=["POST"]),
    ]


class CrossOrigin(CORSMiddleware):
    """CORS by the same rule as the WebSocket's Origin: default ports, upper case and a trailing slash do not matter."""

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether a page of ``origin`` may read our answers."""
        return is_origin_allowed(origin, None, self.allow_origins)


class SecurityHeaders:
    """ASGI middleware: headers that every response has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add headers to its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
