"""Run all stages one after the other, print a table, write JSON: ``python -m benchmarks.hop --help``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from rich.console import Console

from benchmarks.hop.report import show, verdicts

_REALTIME_PRIORITY = 1


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="Added latency and cost of the gateway, beside aiortc's cost.")
    parser.add_argument(
        "--sessions", type=int, nargs="+", default=[1, 10, 50], help="concurrent sessions, one stage each"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each measurement")
    parser.add_argument(
        "--connections", type=int, nargs="*", default=[10, 40], help="in the comparison with aiortc, one stage each"
    )
    parser.add_argument("--json", type=Path, default=Path(".cache/benchmarks/hop.json"), help="where results go")
    parser.add_argument(
        "--realtime", action="store_true", help="run everything under SCHED_RR, so that other programs do not disturb"
    )
    options = parser.parse_args()
    if options.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_REALTIME_PRIORITY))
    console = Console()
    results: dict[str, Any] = {
        "machine": {"processors": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version(),
                    "load_before": os.getloadavg()[0], "realtime": options.realtime},
        "hop": [],
        "passthrough": [],
    }  # fmt: skip
    for sessions in options.sessions:
        console.print(f"gateway, {sessions} sessions, {options.seconds:.0f} s …")
        results["hop"].append(_hop(sessions, options.seconds))
    for connections in options.connections:
        for direction in ("send", "receive"):
            figures: dict[str, Any] = {"connections": connections, "direction": direction}
            for stack in ("ours", "aiortc"):
                console.print(f"{stack}, {direction}, {connections} connections …")
                figures[stack] = _passthrough(stack, direction, connections, options.seconds)
            figures["ratio"] = figures["ours"] / figures["aiortc"]
            results["passthrough"].append(figures)
    show(results, console)
    for line in verdicts(results):
        console.print(line)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(results, indent=1) + "\n")
    console.print(f"written to {options.json}")


def _hop(sessions: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/signaling"
        with _running("gateway", "--socket", path) as (gateway, output):
            port = output.readline().strip()
            figures = _result(
                "load", "--socket", path, "--port", port, "--gateway-pid", str(gateway.pid),
                "--sessions", str(sessions), "--seconds", str(seconds),
            )  # fmt: skip
    figures["us_per_packet"] = 1e6 * figures["gateway_cpu_seconds"] / (figures["packets_in"] + figures["packets_out"])
    return figures


def _passthrough(stack: str, direction: str, sessions: int, seconds: float) -> float:
    """Microseconds of processor time per packet."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/signaling"
        arguments = ("--socket", path, "--stack", stack, "--direction", direction, "--sessions", str(sessions))
        with _running("passthrough", *arguments) as (endpoint, _):
            figures = _result(
                "counterpart", "--socket", path, "--pid", str(endpoint.pid), "--sessions", str(sessions),
                "--seconds", str(seconds), *(["--sending"] if direction == "receive" else []),
            )  # fmt: skip
    return float(1e6 * figures["cpu_seconds"] / figures["packets"])


def _command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.hop.{module}", *arguments]


@contextlib.contextmanager
def _running(module: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    process = subprocess.Popen(_command(module, *arguments), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, process.stdout
    finally:
        process.terminate()
        process.wait(timeout=30)


def _result(module: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(_command(module, *arguments), stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
