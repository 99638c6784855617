"""One measurement without browsers: a link, two processes, and figures like those of the browsers' cells."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.latency import figures, places
from benchmarks.latency.conditions import Cell, Direction
from benchmarks.latency.connections import LaneCount
from benchmarks.latency.load import Load
from benchmarks.latency.network import Network, is_inexact, step_recovery
from benchmarks.latency.store import Settings
from wsmedia.app.tls import ensure_certificate
from wsmedia.auth.tokens import issue_token

BITRATE_BPS = 1_000_000
_PORT = 5600
_ROOM = "protocol"
_VIDEO = 0
_END_SECONDS = 20.0
"""For what is still on its way when the time is over."""


class Call:
    """Both ends of a call, which frames go through until its time is over.

    Args:
        folder: where the ends write to.
        ends: what each should do, and its process.
    """

    def __init__(self, folder: Path, ends: list[tuple[str, asyncio.subprocess.Process]]) -> None:
        self._folder = folder
        self._ends = ends

    async def outcome(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the sender made, and what came to the receiver, when both have ended.

        Raises:
            RuntimeError: one of them failed; says which and why.
            TimeoutError: one of them does not end.
        """
        async with asyncio.timeout(_END_SECONDS):
            for role, process in self._ends:
                if await process.wait() != 0:
                    last = (self._folder / f"{role}.log").read_text().strip().rpartition("\n")[2]
                    raise RuntimeError(f"the end that should {role}: {last}")
        sent, received = (json.loads((self._folder / f"{name}.json").read_text()) for name in ("send", "receive"))
        return sent, received


@contextlib.asynccontextmanager
async def calling(
    cell: Cell,
    network: Network,
    settings: Settings,
    *,
    bitrate_bps: int = BITRATE_BPS,
    arguments: tuple[str, ...] = (),
    prelude: str = "",
) -> AsyncIterator[Call]:
    """A call that begins now and lasts for the warm-up and the window.

    Args:
        bitrate_bps: of video, at most.
        arguments: more of them for the gateway.
        prelude: see ``places.gateway``.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wsmedia-protocol-")))
        server = network.server
        options: dict[str, Any] = {
            "carrier": cell.carrier.name,
            "lanes": cell.carrier.lanes or 0,
            "seconds": settings.warm_up + settings.seconds,
            "seed": cell.seed,
            "sound": settings.sound,
            "bitrate_bps": bitrate_bps,
            "rtt_ms": cell.condition.rtt_ms,
            "address": server.address,
            "port": _PORT,
        }
        if cell.carrier.lanes is not None:
            key = secrets.token_hex(20)
            certificate = ensure_certificate(folder, (server.address,))
            await stack.enter_async_context(
                places.gateway(server, certificate, key, folder, *arguments, prelude=prelude)
            )
            options |= {
                "url": f"https://{server.address}:{places.GATEWAY_PORT}",
                "room": _ROOM,
                "token": issue_token(key, _ROOM, time.time() + 3600),
            }
        up = cell.direction is Direction.UP
        receiving, sending = (network.server, network.client) if up else (network.client, network.server)
        ends = [(receiving, "receive", up), (sending, "send", not up)]
        if cell.carrier.lanes is None and not up:
            ends.reverse()  # who listens is there first
        module = "benchmarks.latency.protocol.end"
        started = []
        for place, role, listens in ends:
            what = json.dumps(options | {"role": role, "listens": listens, "output": str(folder / f"{role}.json")})
            command = (sys.executable, "-m", module, what)
            process = await stack.enter_async_context(
                places.server(place, "ready", *command, log=folder / f"{role}.log")
            )
            started.append((role, process))
        yield Call(folder, started)


async def measure(
    cell: Cell, network: Network, settings: Settings, *, arguments: tuple[str, ...] = (), prelude: str = ""
) -> dict[str, Any]:
    """The same kind of result as ``benchmarks.latency.cell.measure``; "shown" is "decodable".

    Args:
        arguments, prelude: see ``calling``.
    """
    warm_up, seconds = settings.warm_up, settings.seconds
    async with calling(cell, network, settings, arguments=arguments, prelude=prelude) as call:
        load = Load()
        await asyncio.sleep(warm_up)
        lanes = LaneCount(network.client)
        network.window_begins(seconds)
        before, began = network.wire_bytes(), time.monotonic()
        await asyncio.sleep(seconds - 0.5)
        after, elapsed = network.wire_bytes(), time.monotonic() - began
        lanes_used = lanes.used() if cell.carrier.lanes is not None else None
        used, link = load.figures(), network.figures()
        sent, received = await call.outcome()
    wire = {way: round((count - before[way]) * 8 / 1000 / elapsed, 1) for way, count in after.items()}
    result = media_figures(sent, received, warm_up)
    return result | {
        "recovered_s": step_recovery(cell.condition, result["series"]["rate"], seconds),
        "wire_kbps": wire,
        "lanes": lanes_used,
        "link": link,
        "machine": used | {"overloaded": used["busy"] > Load.OVERLOADED or is_inexact(link)},
    }


def media_figures(sent: dict[str, Any], received: dict[str, Any], warm_up: float) -> dict[str, Any]:
    """Latency, frames, freezes, sound and rate of what a call's ends tell, without its first ``warm_up`` seconds."""
    begin_us = sent["made"][0][2] + round(warm_up * 1e6)
    video = [(number, at) for kind, number, at, _ in sent["made"] if kind == _VIDEO and at >= begin_us]
    audio = [(number, at) for kind, number, at, _ in sent["made"] if kind != _VIDEO and at >= begin_us]
    end_us = video[-1][1]

    def latencies(made: list[tuple[int, int]], came: dict[str, int]) -> np.ndarray:
        return np.array([(came[str(n)] - at) / 1000 if str(n) in came else np.nan for n, at in made])

    latency, delay = latencies(video, received["video"]), latencies(audio, received["audio"])
    there = [(number, at) for number, at in video if str(number) in received["video"]]
    shown = sorted((received["video"][str(number)] / 1000, number) for number, _ in there)
    sizes = np.array([received["sizes"][str(number)] for number, _ in there], float)
    seconds = (end_us - begin_us) / 1e6
    half_seconds = np.array([(at - begin_us) // 500_000 for _, at in there], int)
    rates: np.ndarray | list[float] = np.bincount(half_seconds, sizes) * 16 / 1000 if there else []
    return {
        "latency_ms": figures.quantiles(latency),
        "within_200_ms": round(float(np.mean(np.nan_to_num(latency, nan=np.inf) <= 200)), 4),
        "frames": {"made": len(video), "shown": len(there), "share": round(len(there) / len(video), 4)},
        "freeze": figures.freezes(shown, begin_us / 1000, end_us / 1000),
        "audio": {"delay_ms": figures.quantiles(delay), "gap_ms": 20 * int(np.isnan(delay).sum())},
        "video_kbps": round(float(sizes.sum()) * 8 / 1000 / seconds, 1),
        "series": {
            "made_s": [round((at - begin_us) / 1e6, 3) for _, at in video],
            "latency_ms": [None if value != value else round(float(value), 1) for value in latency],
            "rate": [(0.5 * index + 0.25, round(float(rate))) for index, rate in enumerate(rates)],
        },
    }
