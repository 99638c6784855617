"""The results as a table for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

AIM_P50_US = 500
AIM_P99_US = 3000
AIM_RATIO = 0.5


def show(results: dict[str, Any], console: Console) -> None:
    """Print latencies, costs and the comparison."""
    latency = Table(title="Added latency of the gateway, µs (system call in → kernel time stamp out)")
    for heading in ("sessions", "way", "frames", "p50", "p90", "p99", "max"):
        latency.add_column(heading, justify="left" if heading == "way" else "right")
    for stage in results["hop"]:
        for way, figures in sorted(stage["latency_us"].items(), reverse=True):
            values = [f"{figures[name]:.0f}" for name in ("count", "p50", "p90", "p99", "max")]
            latency.add_row(str(stage["sessions"]), way, *values)
    console.print(latency)

    cost = Table(title="Cost of the gateway (WebSocket, session, RTP, SRTP; both ways)")
    for heading in ("sessions", "CPU, % of a core", "per session", "µs per packet", "packets/s", "frames/s"):
        cost.add_column(heading, justify="right")
    for stage in results["hop"]:
        share = 100 * stage["gateway_cpu_seconds"] / stage["seconds"]
        cost.add_row(
            str(stage["sessions"]),
            f"{share:.1f}",
            f"{share / stage['sessions']:.2f}",
            f"{stage['us_per_packet']:.1f}",
            f"{(stage['packets_in'] + stage['packets_out']) / stage['seconds']:.0f}",
            f"{(stage['frames_up'] + stage['frames_down']) / stage['seconds']:.0f}",
        )
    console.print(cost)

    compared = Table(title="Encoded frames through a peer connection alone, µs of CPU per packet")
    for heading in ("connections", "direction", "wsmedia", "aiortc", "ratio"):
        compared.add_column(heading, justify="right")
    for figures in results["passthrough"]:
        values = [f"{figures['ours']:.1f}", f"{figures['aiortc']:.1f}", f"{figures['ratio']:.2f}"]
        compared.add_row(str(figures["connections"]), figures["direction"], *values)
    console.print(compared)


def verdicts(results: dict[str, Any]) -> list[str]:
    """The aims and whether they were met, one line each."""
    lines = []
    for stage in results["hop"]:
        if stage["sessions"] == 10:
            p50 = max(figures["p50"] for figures in stage["latency_us"].values())
            p99 = max(figures["p99"] for figures in stage["latency_us"].values())
            lines.append(_verdict(p50 <= AIM_P50_US, f"p50 at 10 sessions {p50:.0f} µs, aim {AIM_P50_US}"))
            lines.append(_verdict(p99 <= AIM_P99_US, f"p99 at 10 sessions {p99:.0f} µs, aim {AIM_P99_US}"))
    for figures in results["passthrough"]:
        what = f"{figures['direction']}, {figures['connections']} connections"
        text = f"{what}: {figures['ratio']:.2f} of aiortc's CPU per packet, aim {AIM_RATIO}"
        lines.append(_verdict(figures["ratio"] <= AIM_RATIO, text))
    return lines


def _verdict(met: bool, text: str) -> str:
    return f"{'met     ' if met else 'not met '} {text}"
