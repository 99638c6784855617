"""Whether answers flow as they are written, or somebody on the way collects them first."""

from __future__ import annotations

import time
from collections.abc import Sequence

import httpx

from wsmedia.doctor.site import Site
from wsmedia.findings import Check, Outcome, Result

_PIECES = 6
_SPREAD_S = 1.25  # five quarters of a second between the first piece and the last
_LATE_S = 0.4
_BUFFERED_S = 0.9


async def check_buffering(site: Site) -> Result:
    """Read the stream of timed pieces."""
    arrivals: list[float] = []
    try:
        async with site.http() as http, http.stream("GET", "/v1/check/stream") as response:
            if response.status_code == 429:
                return Result(Check.BUFFERING, Outcome.UNTESTED, "busy")
            async for chunk in response.aiter_raw():
                arrivals += [time.monotonic()] * chunk.count(b"\n")
    except (httpx.HTTPError, OSError):
        pass
    return judge_buffering(arrivals)


def judge_buffering(arrivals: Sequence[float]) -> Result:
    """The result, from when each piece was there, in seconds."""
    if not arrivals:
        return Result(Check.BUFFERING, Outcome.BLOCKED, "no-answer")
    if len(arrivals) != _PIECES:
        return Result(Check.BUFFERING, Outcome.BLOCKED, "cut", {"pieces": len(arrivals)})
    held = max(0.0, _SPREAD_S - (arrivals[-1] - arrivals[0]))
    figures: dict[str, float] = {"held_ms": round(held * 1000)}
    if held > _BUFFERED_S:
        return Result(Check.BUFFERING, Outcome.BLOCKED, "buffered", figures)
    if held > _LATE_S:
        return Result(Check.BUFFERING, Outcome.HINDERED, "late", figures)
    return Result(Check.BUFFERING, Outcome.WELL, "flows", figures)
