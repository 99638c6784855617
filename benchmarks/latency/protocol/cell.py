"""One measurement without browsers: a link, two processes, and figures like those of the browsers' cells."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sys
import tempfile
import time
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


async def measure(cell: Cell, network: Network, settings: Settings) -> dict[str, Any]:
    """The same kind of result as ``benchmarks.latency.cell.measure``; "shown" is "decodable"."""
    warm_up, seconds = settings.warm_up, settings.seconds
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wsmedia-protocol-")))
        server = network.server
        options: dict[str, Any] = {
            "carrier": cell.carrier.name,
            "lanes": cell.carrier.lanes or 0,
            "seconds": warm_up + seconds,
            "seed": cell.seed,
            "sound": settings.sound,
            "bitrate_bps": BITRATE_BPS,
            "rtt_ms": cell.condition.rtt_ms,
            "address": server.address,
            "port": _PORT,
        }
        if cell.carrier.lanes is not None:
            key = secrets.token_hex(20)
            certificate = ensure_certificate(folder, (server.address,))
            await stack.enter_async_context(places.gateway(server, certificate, key, folder))
            options |= {
                "url": f"https://{server.address}:{places.GATEWAY_PORT}",
                "room": _ROOM,
                "token": issue_token(key, _ROOM, time.time() + 3600),
            }
        up = cell.direction is Direction.UP
        receiving, sending = (network.server, network.client) if up else (network.client, network.server)
        receiver = options | {"role": "receive", "listens": up, "output": str(folder / "received.json")}
        sender = options | {"role": "send", "listens": not up, "output": str(folder / "sent.json")}
        module = "benchmarks.latency.protocol.end"
        ends = [(receiving, receiver), (sending, sender)] if up else [(sending, sender), (receiving, receiver)]
        if cell.carrier.lanes is not None:
            ends = [(receiving, receiver), (sending, sender)]
        processes = [
            await stack.enter_async_context(
                places.server(
                    place, "ready", sys.executable, "-m", module, json.dumps(what), log=folder / f"{what['role']}.log"
                )
            )
            for place, what in ends
        ]
        load = Load()
        await asyncio.sleep(warm_up)
        lanes = LaneCount(network.client)
        network.window_begins(seconds)
        before, began = network.wire_bytes(), time.monotonic()
        await asyncio.sleep(seconds - 0.5)
        after, elapsed = network.wire_bytes(), time.monotonic() - began
        lanes_used = lanes.used() if cell.carrier.lanes is not None else None
        used, link = load.figures(), network.figures()
        async with asyncio.timeout(20):
            for process, (_, what) in zip(processes, ends, strict=True):
                if await process.wait() != 0:
                    last = (folder / f"{what['role']}.log").read_text().strip().rpartition("\n")[2]
                    raise RuntimeError(f"the end that should {what['role']}: {last}")
        sent, received = (json.loads((folder / name).read_text()) for name in ("sent.json", "received.json"))
    wire = {way: round((count - before[way]) * 8 / 1000 / elapsed, 1) for way, count in after.items()}
    result = _figures(sent, received, warm_up)
    return result | {
        "recovered_s": step_recovery(cell.condition, result["series"]["rate"], seconds),
        "wire_kbps": wire,
        "lanes": lanes_used,
        "link": link,
        "machine": used | {"overloaded": used["busy"] > Load.OVERLOADED or is_inexact(link)},
    }


def _figures(sent: dict[str, Any], received: dict[str, Any], warm_up: float) -> dict[str, Any]:
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
