"""Measures a list of trials one after the other, tells how far it is, and keeps what came: for the smaller questions.

``fairness`` and ``sockets`` use it; the benchmark proper has ``command`` and ``store``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.latency.conditions import Cell
from benchmarks.latency.network import Network, joined
from benchmarks.latency.store import Settings
from benchmarks.link import unavailable_reason

_DEADLINE_SECONDS = 120.0

Result = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """One measurement.

    Attributes:
        name: of what is compared, as on the command line.
        cell: the link, the carrier, the direction and the seed.
        measure: gives the figures.
    """

    name: str
    cell: Cell
    measure: Callable[[Network], Awaitable[Result]]

    @property
    def title(self) -> str:
        """For progress."""
        return f"{self.cell.condition.name} {self.cell.direction} seed {self.cell.seed}, {self.name}"


def add_options(parser: argparse.ArgumentParser, usual: Settings, folder: str) -> None:
    """The options that all such benchmarks have."""
    parser.add_argument("--quick", action="store_true", help="the telling ones, one seed, short: under three minutes")
    parser.add_argument("--seeds", type=int, help="how many runs of each, with other losses; 3, quick 1")
    parser.add_argument("--seconds", type=float, help=f"length of each measurement; {usual.seconds:g}")
    parser.add_argument("--output", type=Path, help=f"folder for results; {folder}[-quick]")


def run(trials: list[Trial], settings: Settings, folder: Path, summary: Callable[[Result], str]) -> list[Result]:
    """Measure them all; whatever was measured is in ``results.json`` there, also when it is broken off.

    Returns:
        One entry for each, with its ``name``, ``condition``, ``direction`` and ``seed``, and figures or an ``error``.
    """
    reason = unavailable_reason()
    if reason is not None:
        raise SystemExit(f"cannot measure: {reason}")
    folder.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    try:
        asyncio.run(_run(trials, settings, folder, summary, results))
    except KeyboardInterrupt:
        print("\nbroken off; this is what there is", file=sys.stderr)
    return results


async def _run(
    trials: list[Trial], settings: Settings, folder: Path, summary: Callable[[Result], str], results: list[Result]
) -> None:
    began = time.monotonic()
    for done, trial in enumerate(trials, 1):
        cell = trial.cell
        key = {"name": trial.name, "condition": cell.condition.name, "direction": str(cell.direction)}
        result = key | {"seed": cell.seed} | await _measure(trial, settings)
        results.append(result)
        content = {"settings": asdict(settings), "machine": machine(), "results": results}
        partial = folder / "results.part"
        partial.write_text(json.dumps(content, indent=1) + "\n")
        os.replace(partial, folder / "results.json")
        left = (time.monotonic() - began) / done * (len(trials) - done)
        text = result["error"] if "error" in result else summary(result)
        print(f"[{done}/{len(trials)}, {left / 60:.0f} min left] {trial.title}: {text}", flush=True)


async def _measure(trial: Trial, settings: Settings) -> Result:
    try:
        async with (
            asyncio.timeout(_DEADLINE_SECONDS + settings.warm_up + settings.seconds),
            joined(trial.cell.condition, trial.cell.seed) as network,
        ):
            return await trial.measure(network)
    except Exception as problem:
        # Whatever it is, the next one does not depend on it.
        return {"error": f"{type(problem).__name__}: {problem}".splitlines()[0]}


def machine() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} processors, Linux {platform.release()}"


def report(folder: Path, text: str) -> None:
    """Print a report and write it beside the results."""
    path = folder / "report.md"
    path.write_text(text)
    print(f"\n{text}\nwritten: {path}, {folder / 'results.json'}")
