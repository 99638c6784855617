"""The measurements: codecs alone, then two pages of one Chromium with a real gateway between them.

Time codes are in the clip that Chromium plays as its camera, so both pages can say when they saw which picture, on the
one clock of the machine. Used by ``__main__``.
"""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import statistics
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, Route

from benchmarks.hop.cpu import seconds_used
from tests.support import clip_time_code
from tests.support.browser import browser, gateway_process, mark_of
from tests.support.clip import Clip
from tests.support.starver import renderers

BACKENDS = ("webcodecs", "wasm")
_BUILT = Path(".cache/benchmarks/browser-page")
_READER = Path(clip_time_code.__file__).with_name("time_code.js")
_CLIP_SECONDS = 4
_SETTLE_SECONDS = 4.0


@dataclass(frozen=True)
class Size:
    """A picture's size and what may be spent on it."""

    name: str
    width: int
    height: int
    bitrate_bps: int


SIZES = (Size("360p", 640, 360, 800_000), Size("720p", 1280, 720, 1_500_000))


def quantiles(values: list[float]) -> dict[str, float]:
    """p50, p95 and how many there are."""
    if len(values) < 2:
        return {"p50": float("nan"), "p95": float("nan"), "count": len(values)}
    hundredths = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": hundredths[49], "p95": hundredths[94], "count": len(values)}


async def _serve(route: Route) -> None:
    path = _BUILT / (route.request.url.partition("/bench/")[2].partition("?")[0] or "index.html")
    if path.is_file():
        kind = mimetypes.guess_type(path.name)[0] or "application/wasm"
        await route.fulfill(body=path.read_bytes(), content_type=kind)
    else:
        await route.fulfill(status=404)


async def _open(context: BrowserContext, url: str) -> Page:
    await context.route("**/bench/**", _serve)
    page = await context.new_page()
    page.set_default_timeout(60_000)
    # As a script of its own: what an init script declares, modules see too.
    await page.add_init_script(f"{_READER.read_text()}\nglobalThis.readTimeCode = readTimeCode;")
    await page.goto(f"{url}bench/")
    await page.wait_for_function("window.benchReady === true")
    return page


async def run_codecs(backend: str, size: Size, frames: int) -> dict[str, Any]:
    """Encode, decode and paint pictures one at a time in a worker; milliseconds each."""
    async with gateway_process() as url, browser(Path(), None) as running:
        page = await _open(await running.new_context(), url)
        setting = {
            "backend": backend,
            "width": size.width,
            "height": size.height,
            "bitrateBps": size.bitrate_bps,
            "count": frames,
        }
        figures = await page.evaluate("(setting) => bench.codecs(setting)", setting)
    skip = min(30, frames // 3)  # the first ones warm the compilers up
    return {
        "encode_ms": quantiles(figures["encodeMs"][skip:]),
        "decode_ms": quantiles(figures["decodeMs"][skip:]),
        "paint_ms": quantiles(figures["paintMs"][skip:]),
        "kbps": figures["bytes"] * 8 * 30 / frames / 1000,
    }


@contextlib.asynccontextmanager
async def _calls(backend: str, size: Size) -> AsyncIterator[tuple[Browser, Page, Page, dict[str, list[int]]]]:
    """A sending and a receiving page in a room, nothing published yet, and each one's renderers."""
    clip = Clip(width=size.width, height=size.height, fps=30, seconds=_CLIP_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        async with gateway_process() as url, browser(Path(folder), clip) as running:
            pages = []
            present: list[set[int]] = [set()]
            for name in ("sender", "receiver"):
                page = await _open(await running.new_context(), url)
                await page.evaluate("([name, codecs]) => bench.join(name, codecs)", [name, backend])
                pages.append(page)
                present.append(set(renderers(mark_of(running))))
            # Processes that only helped to open a page have ended by now.
            processes = {
                "sender": sorted(present[1] & present[2]),
                "receiver": sorted(present[2] - present[1]),
            }
            yield running, pages[0], pages[1], processes


def _used(processes: dict[str, list[int]]) -> dict[str, float]:
    living = {name: [pid for pid in pids if Path(f"/proc/{pid}").exists()] for name, pids in processes.items()}
    return {name: sum(seconds_used(pid) for pid in pids) for name, pids in living.items()}


async def _shares(processes: dict[str, list[int]], seconds: float) -> dict[str, float]:
    """Shares of one core that pages' renderers take."""
    loop = asyncio.get_running_loop()
    assert all(processes.values())
    before, began = _used(processes), loop.time()
    await asyncio.sleep(seconds)
    elapsed = loop.time() - began
    return {name: (used - before[name]) / elapsed for name, used in _used(processes).items()}


async def run_loop(backend: str, size: Size, seconds: float) -> dict[str, Any]:
    """Capture → encode → tunnel → decode → canvas: delays in ms, shares of a core."""
    async with _calls(backend, size) as (_, sender, receiver, processes):
        await sender.evaluate("([width, height]) => bench.camera(width, height)", [size.width, size.height])
        await asyncio.sleep(_SETTLE_SECONDS / 2)  # until opening the pages costs nothing any more
        idle = await _shares(processes, seconds / 4)
        await sender.evaluate("(rate) => bench.publish(rate)", size.bitrate_bps)
        await receiver.wait_for_function("bench.live()")
        await asyncio.sleep(_SETTLE_SECONDS)  # until the rates have found their place

        # Costs first: what reads the pictures costs something itself.
        busy_task = asyncio.create_task(_shares(processes, seconds))
        delays: list[float] = []
        while not busy_task.done():
            [reading] = await receiver.evaluate("bench.readings()")
            if reading["delayMs"] is not None:
                delays.append(reading["delayMs"])
            await asyncio.sleep(0.25)
        busy = await busy_task
        [sent] = await sender.evaluate("bench.readings()")
        [received] = await receiver.evaluate("bench.readings()")

        await sender.evaluate("(geometry) => bench.watchCamera(geometry)", clip_time_code.GEOMETRY)
        await receiver.evaluate("(geometry) => bench.watchCanvas(geometry)", clip_time_code.GEOMETRY)
        await asyncio.sleep(seconds)
        glass = _matched(await sender.evaluate("bench.seen"), await receiver.evaluate("bench.seen"))
    return {
        "loop_ms": quantiles(delays),
        "glass_ms": quantiles(glass),
        "cpu": {name: {"idle": idle[name], "busy": busy[name]} for name in processes},
        "cpu_loop": sum(busy.values()),
        "sent": sent,
        "received": received,
    }


def _matched(source: list[list[float]], shown: list[list[float]]) -> list[float]:
    """Milliseconds from a time code's first sight at the source to its first sight on the canvas.

    The clip repeats, so a code means the latest sight of it before it was shown.
    """
    found: list[float] = []
    for at, code in shown:
        earlier = [then for then, other in source if other == code and 0 <= at - then < 1000 * _CLIP_SECONDS / 2]
        if earlier:
            found.append(at - earlier[-1])
    return found
