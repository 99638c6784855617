"""How much the way carries, and how long an answer takes. Run by itself: it would disturb the other checks."""

from __future__ import annotations

import asyncio
import secrets
import time

import httpx

from wsmedia.doctor.site import Site
from wsmedia.findings import Check, Outcome, Result

_SMALL_BYTES = 150_000
_LARGE_BYTES = 2_000_000
_POST_BYTES = 49_152
_POSTS = 12
_AT_ONCE = 3
_PATIENCE = 6.0
_ENOUGH_BPS = 1_000_000
_NARROW_BPS = 200_000
_LONGEST_ROUND_TRIP_S = 0.4


async def check_throughput(site: Site) -> Result:
    """Measure the round trip, then down, then up; seconds at most, on a slow way less than the whole amounts."""
    try:
        async with asyncio.timeout(4 * _PATIENCE), site.http() as http:
            trips = [await _timed(http, "/v1/check") for _ in range(4)]
            down = await _download(http, _SMALL_BYTES)
            if down > _ENOUGH_BPS:
                down = await _download(http, _LARGE_BYTES)
            up = await _upload(http)
    except _BusyError:
        return Result(Check.THROUGHPUT, Outcome.UNTESTED, "busy")
    except (TimeoutError, httpx.HTTPError, OSError):
        return Result(Check.THROUGHPUT, Outcome.HINDERED, "broken")
    return judge_throughput(down, up, min(trips))


def judge_throughput(down_bps: float, up_bps: float, round_trip: float) -> Result:
    """The result, from bits per second and seconds."""
    figures = {
        "down_bps": round(down_bps),
        "up_bps": round(up_bps),
        "round_trip_ms": round(round_trip * 1000, 1),
    }
    least = min(down_bps, up_bps)
    if least < _NARROW_BPS:
        return Result(Check.THROUGHPUT, Outcome.HINDERED, "very-narrow", figures)
    if least < _ENOUGH_BPS:
        return Result(Check.THROUGHPUT, Outcome.HINDERED, "narrow", figures)
    if round_trip > _LONGEST_ROUND_TRIP_S:
        return Result(Check.THROUGHPUT, Outcome.HINDERED, "far", figures)
    return Result(Check.THROUGHPUT, Outcome.WELL, "enough", figures)


class _BusyError(Exception):
    """The gateway allows no more for now."""


async def _timed(http: httpx.AsyncClient, path: str) -> float:
    began = time.monotonic()
    _expect(await http.get(path))
    return time.monotonic() - began


async def _download(http: httpx.AsyncClient, octets: int) -> float:
    """Bits per second."""
    began = time.monotonic()
    read = 0
    async with http.stream("GET", f"/v1/check/download?octets={octets}") as response:
        _expect(response)
        async for chunk in response.aiter_raw():
            read += len(chunk)
            if time.monotonic() - began > _PATIENCE:
                break
    return read * 8 / max(1e-4, time.monotonic() - began)


async def _upload(http: httpx.AsyncClient) -> float:
    body = secrets.token_bytes(_POST_BYTES)
    headers = {"Content-Type": "application/octet-stream"}
    began = time.monotonic()
    left = _POSTS
    taken = 0

    async def post() -> None:
        nonlocal left, taken
        while left > 0 and time.monotonic() - began < _PATIENCE:
            left -= 1
            _expect(await http.post("/v1/check/upload", content=body, headers=headers))
            taken += len(body)

    await asyncio.gather(*(post() for _ in range(_AT_ONCE)))
    return taken * 8 / max(1e-4, time.monotonic() - began)


def _expect(answer: httpx.Response) -> None:
    if answer.status_code == 429:
        raise _BusyError
    answer.raise_for_status()
