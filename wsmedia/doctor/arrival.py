"""How our requests arrive at the gateway: by which version of HTTP, through which proxies, with all their headers."""

from __future__ import annotations

import secrets
from typing import Any

import httpx

from wsmedia.doctor.site import Site
from wsmedia.findings import Check, Outcome, Result

_PROXY_HEADERS = ("via", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip")
_MAX_NOTE = 200


async def check_arrival(site: Site) -> Result:
    """Ask the gateway how our request looked when it came."""
    probe = secrets.token_hex(8)
    try:
        async with site.http() as http:
            answer = await http.get("/v1/check/echo", headers={"Wsmedia-Probe": probe})
    except (httpx.HTTPError, OSError) as error:
        return Result(Check.HTTP, Outcome.BLOCKED, "no-answer", note=type(error).__name__)
    try:
        told = answer.json() if answer.status_code == 200 else None
    except ValueError:
        told = None
    return judge_arrival(answer.status_code, told, probe, dict(answer.headers))


def judge_arrival(status: int, told: Any, probe: str, answer_headers: dict[str, str]) -> Result:
    """The result.

    Args:
        status: of the answer.
        told: what the gateway told of the request; None when the answer is not the gateway's.
        probe: the value of a header that we made up.
        answer_headers: of the answer, names in lower case.
    """
    if status == 429:
        return Result(Check.HTTP, Outcome.UNTESTED, "busy")
    if status == 404 and answer_headers.get("content-type") == "application/problem+json":
        return Result(Check.HTTP, Outcome.UNTESTED, "not-offered")
    if not isinstance(told, dict) or not isinstance(told.get("headers"), list):
        return Result(Check.HTTP, Outcome.BLOCKED, "not-the-gateway", {"status": status})
    headers = {str(pair[0]): str(pair[1]) for pair in told["headers"] if isinstance(pair, list) and len(pair) == 2}
    via = headers.get("via") or answer_headers.get("via") or ""
    outcome, finding = Outcome.HINDERED, "headers-stripped"
    if told.get("http_version") == "1.0":
        finding = "old-version"
    elif headers.get("wsmedia-probe") == probe:
        outcome = Outcome.WELL
        finding = "proxied" if via or any(name in headers for name in _PROXY_HEADERS) else "direct"
    note = "".join(letter for letter in via if letter.isprintable())[:_MAX_NOTE]
    return Result(Check.HTTP, outcome, finding, note=note)
