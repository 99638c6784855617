"""Run every stage with both kinds of codecs, print one table, write JSON: ``python -m benchmarks.browser``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.browser.report import show, verdicts
from benchmarks.browser.stages import BACKENDS, SIZES, run_codecs, run_loop

_HERE = Path(__file__).parent
_WIDTH = 120


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="WebCodecs and WebAssembly in real Chromium, capture to canvas.")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each measurement of the loop")
    parser.add_argument("--frames", type=int, default=600, help="pictures for each measurement of the codecs alone")
    parser.add_argument("--quick", action="store_true", help="five seconds and 90 pictures each: a trial, no result")
    parser.add_argument("--json", type=Path, default=Path(".cache/benchmarks/browser.json"), help="where results go")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.frames = 5.0, 90
    subprocess.run(["npx", "vite", "build", "--config", str(_HERE / "vite.config.mjs")], cwd="web", check=True)
    console = Console(width=_WIDTH)
    results = asyncio.run(_run(options.seconds, options.frames, console))
    show(results, console)
    for line in verdicts(results):
        console.print(line)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(results, indent=1) + "\n")
    console.print(f"written to {options.json}")


async def _run(seconds: float, frames: int, console: Console) -> dict[str, Any]:
    results: dict[str, Any] = {
        "machine": {"processors": os.cpu_count(), "kernel": platform.release(), "load_before": os.getloadavg()[0]},
        "seconds": seconds,
        "frames": frames,
        "stages": [],
    }
    for size in SIZES:
        for backend in BACKENDS:
            console.print(f"{backend}, {size.name}: codecs alone, {frames} pictures …")
            stage: dict[str, Any] = {"backend": backend, "size": size.name}
            stage |= await run_codecs(backend, size, frames)
            console.print(f"{backend}, {size.name}: the whole loop, {seconds:.0f} s …")
            stage |= await run_loop(backend, size, seconds)
            results["stages"].append(stage)
    return results


if __name__ == "__main__":
    main()
