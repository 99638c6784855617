"""A room of the check's own, as the gateway gives them out: picture and sound are tried there among ourselves."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from wsmedia.doctor.site import Site


@dataclass(frozen=True, slots=True)
class PrivateRoom:
    """The room's name, and the token that opens it for a minute; None where no token is needed."""

    room: str
    token: str | None


async def private_room(site: Site) -> PrivateRoom | str:
    """A new room; or why there is none, as the finding of a result."""
    headers = {"Authorization": f"Bearer {site.token}"} if site.token else {}
    try:
        async with site.http(verify=site.trusted()) as http:
            answer = await http.post("/v1/check/room", headers=headers)
            body = answer.json() if answer.status_code == 200 else {}
    except (httpx.HTTPError, OSError, ValueError):
        return "no-answer"
    if answer.status_code == 200 and isinstance(body.get("room"), str):
        return PrivateRoom(body["room"], body.get("token"))
    return {401: "needs-token", 404: "other-sfu", 429: "busy"}.get(answer.status_code, "no-answer")
