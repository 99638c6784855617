"""The command line of both benchmarks, with browsers and without: chooses cells, measures what is missing, reports."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.latency import conditions as matrix
from benchmarks.latency import plot, report
from benchmarks.latency.conditions import Carrier, Cell, Condition, Direction
from benchmarks.latency.network import Network, joined
from benchmarks.latency.store import Settings, Store
from benchmarks.link import unavailable_reason

_ATTEMPTS = 2
_DEADLINE_SECONDS = 120.0

Measure = Callable[[Cell, Network, Settings], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Benchmark:
    """What one of the two benchmarks is.

    Attributes:
        program: how it is called.
        description: what it measures, in a sentence.
        carriers: all that it knows.
        usual_carriers, quick_carriers, headline_carriers: those that are measured when nobody names any.
        links: what is measured when nobody names any.
        quick, usual: how long to measure each cell.
        extra_seconds: what a cell takes besides.
        folder: for results; ``-quick`` is added for quick ones.
        latency: the name of what is measured, for tables and pictures.
        measured: how, in a sentence.
        missing: what these cells need that is not here; None if nothing.
    """

    program: str
    description: str
    carriers: dict[str, Carrier]
    usual_carriers: tuple[str, ...]
    quick_carriers: tuple[str, ...]
    headline_carriers: tuple[str, ...]
    links: list[Condition]
    quick: Settings
    usual: Settings
    extra_seconds: float
    folder: str
    latency: str
    measured: str
    measure: Measure
    missing: Callable[[list[Cell]], str | None]


def _numbers(text: str, words: tuple[str, ...]) -> list[float | str]:
    try:
        return [part if part in words else float(part) for part in text.split(",")]
    except ValueError:
        known = f" or {', '.join(words)}" if words else ""
        raise argparse.ArgumentTypeError(f"expected numbers{known} with commas between, got {text!r}") from None


def _parser(benchmark: Benchmark) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=benchmark.program,
        description=benchmark.description,
        epilog=f"Carriers: {', '.join(benchmark.carriers)}. What was measured is not measured again without --again.",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="two links, the telling carriers, up, one seed: minutes")
    which.add_argument("--direct", action="store_true", help="no link between: what the benchmark itself adds")
    which.add_argument("--headline", action="store_true", help="the links and carriers of the aims: some hours")
    parser.add_argument("--rtt", type=lambda text: [int(n) for n in _numbers(text, ())], help="ms, as 30,80,150")
    parser.add_argument("--loss", type=lambda text: _numbers(text, (matrix.BURSTS,)), help="percent, as 0,2,bursts")
    parser.add_argument("--rate", type=lambda text: _numbers(text, ("step",)), help="Mb/s, as 20,1.2,step")
    parser.add_argument("--carriers", type=lambda text: text.split(","), help="as wsmedia,turn-tcp")
    parser.add_argument("--directions", type=lambda text: [Direction(one) for one in text.split(",")], help="up,down")
    parser.add_argument("--seeds", type=int, help="how many runs of each, with other losses; 3, quick 1")
    parser.add_argument("--seconds", type=float, help=f"length of each measurement; {benchmark.usual.seconds:g}")
    parser.add_argument("--warm-up", type=float, help="seconds before it, for congestion control to find its place")
    parser.add_argument("--silent", action="store_true", help="without sound: pictures need not wait for it")
    parser.add_argument("--again", action="store_true", help="measure also what was measured already")
    parser.add_argument("--output", type=Path, help=f"folder for results; {benchmark.folder}[-quick][-silent]")
    parser.add_argument("--list", action="store_true", help="say what would be measured, and how long it takes")
    parser.add_argument("--report", action="store_true", help="only write tables and pictures of what there is")
    return parser


def _cells(benchmark: Benchmark, options: argparse.Namespace) -> list[Cell]:
    chosen = matrix.QUICK if options.quick else matrix.HEADLINE if options.headline else benchmark.links
    if options.direct:
        chosen = [matrix.WITHOUT_LINK]
    elif options.rtt or options.loss or options.rate:
        rtts = options.rtt or [80]
        rates = options.rate or [matrix.WIDE_MBPS]
        steady = [rate for rate in rates if rate != "step"]
        losses = options.loss if options.loss is not None else [0.0]
        chosen = matrix.conditions(rtts, losses, steady, rtts if "step" in rates else [])
    names = options.carriers or (
        benchmark.quick_carriers
        if options.quick
        else benchmark.headline_carriers
        if options.headline
        else benchmark.usual_carriers
    )
    unknown = [name for name in names if name not in benchmark.carriers]
    if unknown:
        raise SystemExit(f"unknown carrier {unknown[0]!r}; there are {', '.join(benchmark.carriers)}")
    directions = options.directions or ([Direction.UP] if options.quick else list(Direction))
    seeds = list(range(1, (options.seeds or (1 if options.quick else 3)) + 1))
    return matrix.cells(chosen, [benchmark.carriers[name] for name in names], directions, seeds)


def run(benchmark: Benchmark) -> None:
    """Read the command line and do what it says."""
    options = _parser(benchmark).parse_args()
    usual = benchmark.quick if options.quick else benchmark.usual
    settings = Settings(
        warm_up=usual.warm_up if options.warm_up is None else options.warm_up,
        seconds=options.seconds or usual.seconds,
        sound=not options.silent,
    )
    kind = ("-quick" if options.quick else "") + ("-silent" if options.silent else "")
    store = Store(options.output or Path(benchmark.folder + kind))
    todo = _cells(benchmark, options)
    missing = [cell for cell in todo if options.again or not store.has(cell, settings)]
    each = settings.warm_up + settings.seconds + benchmark.extra_seconds
    if not options.report:
        print(
            f"{len(todo)} cells, {len(todo) - len(missing)} of them measured before; {len(missing)} × {each:.0f} s: "
            f"about {_duration(each * len(missing))}",
            flush=True,
        )
    if options.list:
        print("\n".join(cell.name for cell in missing))
        return
    if not options.report and missing:
        what = unavailable_reason() or benchmark.missing(missing)
        if what is not None:
            raise SystemExit(f"cannot measure: {what}")
        try:
            asyncio.run(_measure_all(benchmark, missing, settings, store))
        except KeyboardInterrupt:
            print("\nbroken off; the same command goes on from here", file=sys.stderr)
    _report(benchmark, store, settings)


def _duration(seconds: float) -> str:
    minutes = -(-seconds // 60)
    return f"{minutes // 60:.0f} h {minutes % 60:02.0f} min" if minutes >= 60 else f"{minutes:.0f} min"


async def _measure_all(benchmark: Benchmark, cells: list[Cell], settings: Settings, store: Store) -> None:
    began = time.monotonic()
    for done, cell in enumerate(cells, 1):
        result = await _measure(benchmark, cell, settings)
        store.put(cell, settings, result)
        left = (time.monotonic() - began) / done * (len(cells) - done)
        print(f"[{done}/{len(cells)}, {_duration(left)} left] {cell.name}: {_summary(result)}", flush=True)


async def _measure(benchmark: Benchmark, cell: Cell, settings: Settings) -> dict[str, Any]:
    """The cell's figures, or the error of the last of two attempts: browsers now and then do not start."""
    error = ""
    for _ in range(_ATTEMPTS):
        try:
            async with (
                asyncio.timeout(_DEADLINE_SECONDS + settings.warm_up + settings.seconds),
                joined(cell.condition, cell.seed) as network,
            ):
                return await benchmark.measure(cell, network, settings)
        except Exception as problem:
            # Whatever it is, the next cell does not depend on it.
            error = f"{type(problem).__name__}: {problem}".splitlines()[0]
            print(f"  {cell.name}: {error}", flush=True)
    return {"error": error}


def _summary(result: dict[str, Any]) -> str:
    if "error" in result:
        return str(result["error"])
    latency = result["latency_ms"]
    figures = " / ".join("–" if latency[name] is None else f"{latency[name]:.0f}" for name in ("p50", "p95", "p99"))
    shown, frozen = result["frames"], result["freeze"]["ms"]
    trouble = "; machine overloaded" if result["machine"]["overloaded"] else ""
    pictures = f"{shown['shown']} of {shown['made']} shown, {frozen} ms frozen"
    return f"{figures} ms, {pictures}, {result['video_kbps']} kb/s{trouble}"


def _report(benchmark: Benchmark, store: Store, settings: Settings) -> None:
    results = store.results()
    if not results:
        return
    sound = "" if settings.sound else " without sound"
    line = (
        f"{benchmark.measured} Windows of {settings.seconds:g} s after {settings.warm_up:g} s{sound}, medians over "
        f"seeds; {os.cpu_count()} processors, Linux {platform.release()}."
    )
    text = report.markdown(results, line, benchmark.latency)
    (store.folder / "report.md").write_text(text)
    (store.folder / "rows.json").write_text(json.dumps(report.rows(results), indent=1) + "\n")
    drawn = plot.draw(results, store.folder, benchmark.latency)
    print(f"\n{text}")
    print("\n".join(f"written: {path}" for path in [store.folder / "report.md", store.folder / "rows.json", *drawn]))
