"""Glass to glass through an emulated link, Chromium to Chromium: ``python -m benchmarks.latency --help``."""

from __future__ import annotations

from benchmarks.latency.cell import DRAIN_SECONDS, measure
from benchmarks.latency.command import Benchmark, run
from benchmarks.latency.conditions import CARRIERS, FULL
from benchmarks.latency.store import Settings

_START_SECONDS = 7.0
"""Namespaces, servers, two browsers, and their end."""

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
)

if __name__ == "__main__":
    run(BENCHMARK)
