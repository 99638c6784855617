"""One measurement: a link, two browsers, a call, a window of time, and figures of it.

Everything is made anew for each cell, so that no congestion window, cache or jitter buffer knows of the one before.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from benchmarks.latency import calls, figures, places
from benchmarks.latency.conditions import Cell
from benchmarks.latency.connections import LaneCount
from benchmarks.latency.load import Load
from benchmarks.latency.network import Network, is_inexact, step_recovery
from benchmarks.latency.store import Settings
from tests.support.chirp import Recording
from wsmedia.app.tls import ensure_certificate

DRAIN_SECONDS = 2.0
"""For how long a picture that was made at the window's end may still be shown."""

OVERLOADED_SHARE = 0.03
"""From this share of captures on that were left out or late, the figures may be the machine's."""


@contextlib.asynccontextmanager
async def _servers(cell: Cell, network: Network, folder: Path) -> AsyncIterator[calls.Servers]:
    """Start what this carrier needs beside the far end."""
    place = network.server
    certificate = ensure_certificate(folder, (place.address,))
    key = secrets.token_hex(20)
    async with contextlib.AsyncExitStack() as stack:
        if cell.carrier.relay is not None:
            await stack.enter_async_context(places.turn(place, certificate, folder))
        elif cell.carrier.name == "naive":
            await stack.enter_async_context(places.relay(place, certificate, folder))
        elif cell.carrier.lanes is not None:
            await stack.enter_async_context(places.gateway(place, certificate, key, folder))
        yield calls.Servers(place.address, key)


async def measure(cell: Cell, network: Network, settings: Settings) -> dict[str, Any]:
    """Hold the call and give its figures.

    Returns:
        What is written to the cell's file; see docs/benchmarks.md.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wsmedia-latency-")))
        servers = await stack.enter_async_context(_servers(cell, network, folder))
        playwright = await stack.enter_async_context(async_playwright())
        behind, beside = [
            await stack.enter_async_context(places.chromium(playwright, place, folder))
            for place in (network.client, network.server)
        ]
        began = time.monotonic()
        call = await calls.connect(cell.carrier, cell.direction, servers, (behind, beside), settings.sound)
        set_up = time.monotonic() - began
        await call.watch(settings.warm_up + settings.seconds + DRAIN_SECONDS + 10)
        await asyncio.sleep(settings.warm_up)
        return {"set_up_seconds": round(set_up, 2)} | await _window(cell, network, call, settings)


async def _window(cell: Cell, network: Network, call: calls.Call, settings: Settings) -> dict[str, Any]:
    before = network.wire_bytes()
    lanes = LaneCount(network.client)
    load = Load()
    network.window_begins(settings.seconds)
    begin: float = await call.receiver.evaluate("latencyWatch.now()")
    await asyncio.sleep(settings.seconds)
    end: float = await call.receiver.evaluate("latencyWatch.now()")
    wire = {way: count - before[way] for way, count in network.wire_bytes().items()}
    lanes_used = lanes.used()
    used, link = load.figures(), network.figures()
    way = await call.way()
    await asyncio.sleep(DRAIN_SECONDS)

    camera = await call.sender.evaluate("latencyCamera.figures()")
    noted = await call.receiver.evaluate("latencyWatch.end()")
    shown = figures.match(camera["made"], noted["seen"], begin, end)
    heard = figures.sound(None if noted["sound"] is None else Recording.of(noted["sound"]), begin, end)
    rates = figures.rate_series(noted["samples"], begin)
    samples = [sample for sample in noted["samples"] if begin - 500 <= sample["at"] <= end + 500]
    made, there = len(shown.made), int((shown.latency == shown.latency).sum())
    expected = (end - begin) * calls.PICTURES.fps / 1000
    trouble = used | {
        "captures_missing": round(max(0.0, 1 - made / expected), 4),
        "captures_late": round(camera["late"] / max(1, len(camera["made"])), 4),
    }
    return {
        "latency_ms": figures.quantiles(shown.latency),
        "frames": {"made": made, "shown": there, "share": round(there / max(1, made), 4)},
        "freeze": figures.freezes(noted["seen"], begin, end),
        "audio": {key: value for key, value in heard.items() if key != "delays"},
        "video_kbps": figures.mean_rate(noted["samples"], begin, end),
        "recovered_s": step_recovery(cell.condition, rates, settings.seconds),
        "wire_kbps": {name: round(count * 8 / (end - begin), 1) for name, count in wire.items()},
        "lanes": lanes_used if cell.carrier.lanes is not None else None,
        "way": way,
        "receiver": samples[-1] if samples else None,
        "unreadable": noted["unreadable"],
        "link": link,
        "machine": trouble | {"overloaded": _is_overloaded(trouble) or is_inexact(link)},
        "series": {
            "made_s": [round(float(value) / 1000, 3) for value in shown.made],
            "latency_ms": [None if value != value else round(float(value), 1) for value in shown.latency],
            "rate": [one for one in rates if one[0] <= settings.seconds + DRAIN_SECONDS and one[0] >= 0],
            "audio_delay_ms": heard["delays"],
        },
    }


def _is_overloaded(trouble: dict[str, float]) -> bool:
    """Whether the machine, not the link, may have made these figures."""
    return trouble["busy"] > Load.OVERLOADED or any(
        trouble[name] > OVERLOADED_SHARE for name in ("captures_missing", "captures_late")
    )
