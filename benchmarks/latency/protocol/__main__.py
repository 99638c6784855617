"""Capture to decodable through an emulated link, without browsers: ``python -m benchmarks.latency.protocol --help``."""

from __future__ import annotations

from benchmarks.latency.command import Benchmark, run
from benchmarks.latency.conditions import HEADLINE, PROTOCOL_CARRIERS
from benchmarks.latency.protocol.cell import measure
from benchmarks.latency.store import Settings

_EXTRA_SECONDS = 5.0
"""Namespaces, the gateway, two processes, and what is still on its way at the end."""

_TELLING = ("udp-nack", "naive-tcp", "wsmedia")

BENCHMARK = Benchmark(
    program="python -m benchmarks.latency.protocol",
    description="Capture to decodable through an emulated link: the Python client beside UDP with NACK and plain TCP.",
    carriers=PROTOCOL_CARRIERS,
    usual_carriers=_TELLING,
    quick_carriers=_TELLING,
    headline_carriers=tuple(PROTOCOL_CARRIERS),
    links=HEADLINE,
    quick=Settings(warm_up=2.0, seconds=5.0),
    usual=Settings(warm_up=3.0, seconds=10.0),
    extra_seconds=_EXTRA_SECONDS,
    folder=".cache/benchmarks/latency-protocol",
    latency="capture to decodable",
    measured="Without browsers: from capture until a frame and all that it refers to had come; 1 Mb/s at most.",
    measure=measure,
    missing=lambda _: None,
)

if __name__ == "__main__":
    run(BENCHMARK)
