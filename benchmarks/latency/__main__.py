"""Glass to glass through an emulated link, Chromium to Chromium: ``python -m benchmarks.latency --help``."""

from __future__ import annotations

import shutil

from benchmarks.latency.cell import DRAIN_SECONDS, measure
from benchmarks.latency.command import Benchmark, run
from benchmarks.latency.conditions import CARRIERS, FULL, Cell
from benchmarks.latency.store import Settings
from tests.support import browser

_START_SECONDS = 7.0
"""Namespaces, servers, two browsers, and their end."""


def _missing(cells: list[Cell]) -> str | None:
    if any(cell.carrier.relay is not None for cell in cells) and shutil.which("turnserver") is None:
        return "needs coturn (apt-get install coturn), or --carriers without it"
    return browser.unavailable_reason()


BENCHMARK = Benchmark(
    program="python -m benchmarks.latency",
    description="Glass to glass through an emulated link, Chromium to Chromium: WebRTC, TURN, WebSockets, wsmedia.",
    carriers=CARRIERS,
    usual_carriers=tuple(CARRIERS),
    quick_carriers=("turn-udp", "turn-tcp", "naive", "wsmedia"),
    headline_carriers=("wsmedia", "turn-udp", "turn-tcp", "turn-tls", "udp", "naive"),
    links=FULL,
    quick=Settings(warm_up=5.0, seconds=8.0),
    usual=Settings(warm_up=12.0, seconds=30.0),
    extra_seconds=_START_SECONDS + DRAIN_SECONDS,
    folder=".cache/benchmarks/latency",
    latency="glass to glass",
    measured="Chromium to Chromium, 640×360, 30 pictures a second, at most 1 Mb/s.",
    measure=measure,
    missing=_missing,
)

if __name__ == "__main__":
    run(BENCHMARK)
