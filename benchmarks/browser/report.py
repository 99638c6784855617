"""The results as a table for people, WebCodecs and WebAssembly side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

AIM_SHARE_720P = 0.5
AIM_RATIO = 1.3

Stage = dict[str, Any]

_ROWS: tuple[tuple[str, Callable[[Stage], float], str], ...] = (
    ("encode, p50 ms", lambda stage: stage["encode_ms"]["p50"], ".2f"),
    ("encode, p95 ms", lambda stage: stage["encode_ms"]["p95"], ".2f"),
    ("decode, p50 ms", lambda stage: stage["decode_ms"]["p50"], ".2f"),
    ("decode, p95 ms", lambda stage: stage["decode_ms"]["p95"], ".2f"),
    ("paint, p50 ms", lambda stage: stage["paint_ms"]["p50"], ".2f"),
    ("paint, p95 ms", lambda stage: stage["paint_ms"]["p95"], ".2f"),
    ("capture → canvas, p50 ms", lambda stage: stage["loop_ms"]["p50"], ".1f"),
    ("capture → canvas, p95 ms", lambda stage: stage["loop_ms"]["p95"], ".1f"),
    ("glass to glass, p50 ms", lambda stage: stage["glass_ms"]["p50"], ".1f"),
    ("glass to glass, p95 ms", lambda stage: stage["glass_ms"]["p95"], ".1f"),
    ("CPU of the sender, % of a core", lambda stage: 100 * stage["cpu"]["sender"]["busy"], ".0f"),
    ("CPU of the receiver, % of a core", lambda stage: 100 * stage["cpu"]["receiver"]["busy"], ".0f"),
    ("CPU of both, % of a core", lambda stage: 100 * stage["cpu_loop"], ".0f"),
    ("CPU of both before, % of a core", lambda stage: 100 * sum(c["idle"] for c in stage["cpu"].values()), ".0f"),
    ("pictures per second", lambda stage: stage["received"]["framesPerSecond"], ".1f"),
    ("bitrate, kb/s", lambda stage: stage["sent"]["bitrateBps"] / 1000, ".0f"),
)


def _stage(results: dict[str, Any], backend: str, size: str) -> Stage:
    return next(stage for stage in results["stages"] if (stage["backend"], stage["size"]) == (backend, size))


def show(results: dict[str, Any], console: Console) -> None:
    """Print the comparison."""
    sizes = list(dict.fromkeys(stage["size"] for stage in results["stages"]))
    table = Table(title="One Chromium, one gateway, 30 pictures per second")
    table.add_column("", no_wrap=True)
    for size in sizes:
        for heading in ("WebCodecs", "WASM", "ratio"):
            table.add_column(f"{size} {heading}", justify="right")
    for name, figure, form in _ROWS:
        cells = []
        for size in sizes:
            native, ours = (figure(_stage(results, backend, size)) for backend in ("webcodecs", "wasm"))
            cells += [format(native, form), format(ours, form), f"{ours / native:.2f}" if native else "–"]
        table.add_row(name, *cells)
    console.print(table)


def verdicts(results: dict[str, Any]) -> list[str]:
    """The aims and whether they were met, one line each; first of all whether the run is one to be judged."""
    lines = []
    for stage in results["stages"]:
        for side in ("sent", "received"):
            reading = stage[side]
            if reading["backend"] != stage["backend"] or reading["limitation"] not in (None, "none"):
                why = f"{side} by {reading['backend']}, {reading['size']}, limited by {reading['limitation']}"
                lines.append(f"not comparable: {stage['backend']} {stage['size']} was {why}")
    native, ours = (_stage(results, backend, "720p") for backend in ("webcodecs", "wasm"))
    share = ours["cpu_loop"]
    lines.append(
        _verdict(share < AIM_SHARE_720P, f"WASM loop at 720p takes {share:.2f} of a core, aim {AIM_SHARE_720P}")
    )
    for what in ("loop_ms", "glass_ms"):
        ratio = ours[what]["p50"] / native[what]["p50"]
        name = {"loop_ms": "capture → canvas", "glass_ms": "glass to glass"}[what]
        lines.append(
            _verdict(ratio <= AIM_RATIO, f"WASM at 720p, {name}: {ratio:.2f} of WebCodecs' p50, aim {AIM_RATIO}")
        )
    return lines


def _verdict(met: bool, text: str) -> str:
    return f"{'met     ' if met else 'not met '} {text}"
