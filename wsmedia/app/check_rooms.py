"""``POST /v1/check/room``: a room of its own for one network check, and the token that opens it for a minute."""

from __future__ import annotations

import secrets
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wsmedia.app.access import Access
from wsmedia.app.problems import Problem
from wsmedia.app.settings import Settings
from wsmedia.auth import issue_token
from wsmedia.clock import Clock
from wsmedia.limits import AddressRates

_VALID_S = 60.0


class CheckRooms:
    """Gives out rooms whose names nobody can guess.

    Args:
        settings: keys, and whether a token is needed for a check.
        access: origins and tokens.
        media_possible: whether rooms are the gateway's own: those of another SFU are not ours to make.
        clock: time.
    """

    def __init__(self, settings: Settings, access: Access, media_possible: bool, clock: Clock) -> None:
        self._settings = settings
        self._access = access
        self._media_possible = media_possible
        self._clock = clock
        self._rates = AddressRates(per_second=0.1, burst=6, overall_per_second=1, overall_burst=30)

    async def create(self, request: Request) -> Response:
        """A room's name, and a token for it where tokens are in use.

        Who has a token for any room gets one. Who has none gets one only where ``check_without_token`` is on: media
        costs more than the rest of a check.
        """
        self._access.check_origin(request)
        if not self._media_possible:
            raise Problem(HTTPStatus.NOT_FOUND, "Rooms belong to another SFU here; picture and sound are not checked.")
        if not self._settings.check_without_token:
            self._access.require_any_token(request)
        address = request.client.host if request.client is not None else ""
        wait = self._rates.take(address, 1.0, self._clock.monotonic())
        if wait > 0.0:
            headers = {"Retry-After": str(int(wait) + 1)}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many checks; wait a little.", headers)
        room = f"check-{secrets.token_hex(16)}"
        token = None
        if self._settings.token_keys:
            token = issue_token(self._settings.token_keys[0], room, self._clock.wall_us() / 1e6 + _VALID_S)
        return JSONResponse({"room": room, "token": token}, headers={"Cache-Control": "no-store"})
