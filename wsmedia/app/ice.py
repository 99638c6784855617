"""``GET /v1/ice``: which STUN and TURN servers a native WebRTC client may use, with credentials that expire."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wsmedia.app.access import Access
from wsmedia.app.ice_servers import IceServer, turn_url_of
from wsmedia.app.settings import Settings
from wsmedia.app.turn import TurnHost
from wsmedia.clock import Clock

# A proxy that ends HTTP in front of the gateway passes no TURN; what is behind its port is not ours.
_PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")


class IceRoutes:
    """``/v1/ice``, and the same as ``Link`` headers.

    Args:
        settings: the operator's servers, and where TURN is reached.
        access: checks tokens and origins.
        turn: the embedded TURN server; None when it is off.
        clock: tells when credentials expire.
    """

    def __init__(self, settings: Settings, access: Access, turn: TurnHost | None, clock: Clock) -> None:
        self._settings = settings
        self._access = access
        self._turn = turn
        self._clock = clock

    async def servers(self, request: Request) -> Response:
        """The servers for whoever may enter any room."""
        self._access.check_origin(request)
        self._access.grant_request(request, None)
        body = {
            "ice_servers": [server.as_json() for server in self.servers_for(request)],
            "policy": self._settings.ice_policy,
            "ttl": int(self._settings.turn_lifetime),
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    def servers_for(self, request: Request) -> list[IceServer]:
        """The servers, the gateway's own last; credentials are new each time."""
        label = secrets.token_hex(8)
        expires_at_s = int(self._clock.wall_us() / 1e6 + self._settings.turn_lifetime)
        servers = [server.for_client(label, expires_at_s) for server in self._settings.ice_servers]
        urls = self._own_urls(request)
        if self._turn is not None and urls:
            own = self._turn.credentials(label)
            servers.append(IceServer(urls, own.username, own.password))
        return servers

    def add_links(self, request: Request, response: Response) -> None:
        """Name the servers in an answer of WHIP or WHEP (RFC 9725 §4.6)."""
        for server in self.servers_for(request):
            for link in server.as_links():
                response.headers.append("Link", link)

    def _own_urls(self, request: Request) -> tuple[str, ...]:
        if self._settings.turn_url:
            return self._settings.turn_url
        if any(name in request.headers for name in _PROXIED):
            return ()
        url = turn_url_of(request.url.scheme, request.headers.get("host"))
        return () if url is None else (url,)
