"""What becomes of connections on which nothing is said: cut, forgotten, or kept for as long as we look."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from wsmedia.doctor.site import Site
from wsmedia.findings import Check, Outcome, Result

_GRACE = 4.0
# The tunnel says something at least every few seconds; who cuts later than this cuts nothing of it.
HARMLESS_S = 20.0


@dataclass(frozen=True, slots=True)
class Silence:
    """One connection that was silent.

    Attributes:
        kept: whether it lived on.
        seconds: for how long it was watched, or lived.
        closed: it was closed; else it was forgotten, and nobody said so.
    """

    kept: bool
    seconds: float
    closed: bool = False


async def check_idle(site: Site) -> Result:
    """Be silent on a WebSocket and in the middle of an answer."""
    seconds = site.silence_s
    both = await asyncio.gather(_in_answer(site, seconds), _on_websocket(site, seconds))
    return judge_idle([silence for silence in both if silence is not None], seconds)


def judge_idle(silences: list[Silence], seconds: float) -> Result:
    """The result; ``silences`` of connections that came to be at all, watched for ``seconds``."""
    if not silences:
        return Result(Check.IDLE, Outcome.UNTESTED, "no-connection")
    worst = min(silences, key=lambda one: (one.kept, one.seconds))
    if worst.kept:
        return Result(Check.IDLE, Outcome.WELL, "kept", {"watched_s": seconds})
    outcome = Outcome.WELL if worst.closed and worst.seconds >= HARMLESS_S else Outcome.HINDERED
    finding = "closed" if worst.closed else "forgotten"
    return Result(Check.IDLE, outcome, finding, {"after_s": round(worst.seconds, 1), "watched_s": seconds})


async def _in_answer(site: Site, seconds: int) -> Silence | None:
    silent_since: float | None = None
    try:
        async with (
            site.http(read_timeout=seconds + _GRACE) as http,
            http.stream("GET", f"/v1/check/idle?seconds={seconds}") as response,
        ):
            if response.status_code != 200:
                return None
            async for chunk in response.aiter_raw():
                if silent_since is None:
                    silent_since = time.monotonic()
                if chunk.endswith(b"end\n"):
                    # Held back until its end, it was never silent on the last part of the way.
                    lived = time.monotonic() - silent_since
                    return Silence(True, lived) if lived > seconds / 2 else None
    except httpx.ReadTimeout:
        return None if silent_since is None else Silence(False, time.monotonic() - silent_since)
    except (httpx.HTTPError, OSError):
        pass
    return None if silent_since is None else Silence(False, time.monotonic() - silent_since, closed=True)


async def _on_websocket(site: Site, seconds: int) -> Silence | None:
    silent_since: float | None = None
    try:
        async with connect(
            f"{site.address.base}/v1/check/ws",
            ping_interval=None,
            open_timeout=8.0,
            close_timeout=1.0,
            **site.websocket_options(),  # type: ignore[arg-type]
        ) as websocket:
            await websocket.send(f"silent {seconds}")
            silent_since = time.monotonic()
            async with asyncio.timeout(seconds + _GRACE):
                await websocket.recv()
            return Silence(True, time.monotonic() - silent_since)
    except TimeoutError:
        return None if silent_since is None else Silence(False, time.monotonic() - silent_since)
    except (WebSocketException, OSError, EOFError):
        return None if silent_since is None else Silence(False, time.monotonic() - silent_since, closed=True)
