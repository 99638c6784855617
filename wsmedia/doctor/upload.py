"""How large a request may be: where WebSockets do not come through, media goes up in requests."""

from __future__ import annotations

import secrets

import httpx

from wsmedia.doctor.site import Site
from wsmedia.findings import Check, Outcome, Result

SIZES = (8192, 24_576, 49_152, 98_304)
_BATCH_BYTES = 49_152  # what the tunnel puts into one request at most (PROTOCOL.md §2.2)


async def check_upload(site: Site) -> Result:
    """Post ever larger bodies until one is not taken."""
    largest, status = 0, 0
    try:
        async with site.http() as http:
            for size in SIZES:
                headers = {"Content-Type": "application/octet-stream"}
                answer = await http.post("/v1/check/upload", content=secrets.token_bytes(size), headers=headers)
                status = answer.status_code
                if status != 200 or answer.json().get("octets") != size:
                    break
                largest = size
    except (httpx.HTTPError, OSError, ValueError, AttributeError):
        status = 0
    return judge_upload(largest, status)


def judge_upload(largest: int, status: int) -> Result:
    """The result.

    Args:
        largest: octets of the largest body that was taken; 0 for none.
        status: HTTP status of the last try; 0 when there was no answer.
    """
    if status == 429:
        return Result(Check.UPLOAD, Outcome.UNTESTED, "busy")
    figures: dict[str, float] = {"largest_bytes": largest, "status": status}
    if largest == SIZES[-1]:
        return Result(Check.UPLOAD, Outcome.WELL, "whole", {"largest_bytes": largest})
    if largest >= _BATCH_BYTES:
        return Result(Check.UPLOAD, Outcome.WELL, "limited", figures)
    if largest > 0:
        return Result(Check.UPLOAD, Outcome.HINDERED, "small", figures)
    return Result(Check.UPLOAD, Outcome.BLOCKED, "refused", {"status": status})
