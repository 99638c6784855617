"""Pictures of the results: ``python -m benchmarks.latency.plot``, from the files that a run has left.

``latency.svg``: for each link, which share of the pictures was shown within how many ms of being made; a curve that
ends below 100 % lost the rest. ``step.svg``: latency and bitrate while the link's rate falls and recovers.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.latency.conditions import ALL_CARRIERS, STEP, Carrier, Condition, Direction
from benchmarks.latency.report import Results
from benchmarks.latency.store import Store

_COLOURS = {
    "udp": "#8a8a8a",
    "turn-udp": "#4c72b0",
    "turn-tcp": "#c44e52",
    "turn-tls": "#dd8452",
    "naive": "#937860",
    "udp-nack": "#4c72b0",
    "naive-tcp": "#937860",
    "wsmedia": "#1a7f37",
}
_LANES = plt.get_cmap("summer")
_POINTS = 200
_LATENCIES_MS = np.geomspace(10, 10_000, _POINTS)
_COLUMNS = 3


def _colour(carrier: Carrier) -> Any:
    return _COLOURS.get(carrier.name) or _LANES(np.log2(carrier.lanes or 1) / 6)


def _latencies(runs: list[dict[str, Any]]) -> np.ndarray:
    """Of all pictures of all seeds; infinite where one was never shown."""
    values = [value for run in runs for value in run["series"]["latency_ms"]]
    return np.array([np.inf if value is None else value for value in values], float)


def _good(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [run for run in runs if "error" not in run]


def distributions(results: Results, path: Path, latency: str) -> None:
    """Draw one panel for each link and direction."""
    panels = [key for key in results if key[0].rate != STEP]
    if not panels:
        return
    columns = min(_COLUMNS, len(panels))
    height = -(-len(panels) // columns)
    figure, axes = plt.subplots(
        height, columns, figsize=(4.2 * columns, 3.1 * height + 0.6), squeeze=False, sharey=True
    )
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, key in zip(axes.flat, panels, strict=False):
        condition, direction = key
        for carrier, runs in results[key].items():
            values = np.sort(_latencies(_good(runs)))
            if len(values) == 0:
                continue
            share = np.searchsorted(values, _LATENCIES_MS, side="right") / len(values)
            width = 2.2 if carrier.name.startswith("wsmedia") else 1.3
            axis.plot(_LATENCIES_MS, 100 * share, color=_colour(carrier), label=carrier.title, linewidth=width)
        axis.axvline(condition.rtt_ms / 2, color="#bbbbbb", linewidth=0.8, linestyle=":")
        axis.set_xscale("log")
        axis.set_xlim(max(10, condition.rtt_ms / 3), 5000)
        axis.set_ylim(0, 101)
        axis.set_title(f"{condition.title}, {_WAYS[direction]}", fontsize=9)
        axis.grid(visible=True, which="major", alpha=0.3)
        axis.xaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
        axis.set_xlabel(f"{latency}, ms", fontsize=8)
    for row in axes:
        row[0].set_ylabel("pictures shown by then, %", fontsize=8)
    _legend(figure, axes.flat)
    _save(figure, path)


_WAYS = {Direction.UP: "up", Direction.DOWN: "down"}


def steps(results: Results, path: Path, latency: str) -> None:
    """Draw latency and bitrate over time on a link whose rate changes."""
    panels = [key for key in results if key[0].rate == STEP]
    if not panels:
        return
    figure, axes = plt.subplots(2, len(panels), figsize=(5.2 * len(panels), 5.6), squeeze=False, sharex="col")
    for column, key in enumerate(panels):
        condition, direction = key
        above, below = axes[0][column], axes[1][column]
        seconds = 0.0
        for carrier, runs in results[key].items():
            for index, run in enumerate(_good(runs)[:1]):
                seconds = max(seconds, run["settings"]["seconds"])
                _draw_run(above, below, run, _colour(carrier), carrier.title if index == 0 else None)
        for axis in (above, below):
            axis.axvspan(seconds / 3, 2 * seconds / 3, color="#eeeeee", zorder=0)
            axis.grid(visible=True, alpha=0.3)
        above.set_yscale("log")
        above.yaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
        above.yaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
        above.yaxis.set_minor_formatter(mpl.ticker.NullFormatter())
        above.set_title(f"{condition.title}, {_WAYS[direction]}", fontsize=9)
        below.set_xlabel("s; shaded: 0.6 Mb/s", fontsize=8)
    axes[0][0].set_ylabel(f"{latency}, ms", fontsize=8)
    axes[1][0].set_ylabel("video that arrives, kb/s", fontsize=8)
    _legend(figure, axes.flat)
    _save(figure, path)


def _draw_run(above: Axes, below: Axes, run: dict[str, Any], colour: Any, label: str | None) -> None:
    series = run["series"]
    latency = [np.nan if value is None else value for value in series["latency_ms"]]
    above.plot(series["made_s"], latency, ".", markersize=2.5, color=colour, label=label)
    times = np.array([time for time, _ in series["rate"]])
    rates = np.array([rate for _, rate in series["rate"]], float)
    if len(rates) >= 4:
        below.plot(times, np.convolve(rates, np.ones(4) / 4, "same"), color=colour, linewidth=1.3)


def _legend(figure: Any, axes: Any) -> None:
    found: dict[str, Any] = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    order = [carrier.title for carrier in ALL_CARRIERS.values() if carrier.title in found]
    handles = [found[label] for label in order]
    figure.legend(
        handles, order, loc="lower center", ncols=min(6, len(order)), fontsize=8, frameon=False, markerscale=4
    )


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without a date and with steady ids, so that the same results give the same file.
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)


def draw(results: Results, folder: Path, latency: str, suffix: str = "svg") -> list[Path]:
    """Draw everything that there are results for; gives the files."""
    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "wsmedia"
    mpl.rcParams["svg.fonttype"] = "none"
    made = [folder / f"latency.{suffix}", folder / f"step.{suffix}"]
    for path in made:
        path.unlink(missing_ok=True)
    distributions(results, made[0], latency)
    steps(results, made[1], latency)
    return [path for path in made if path.exists()]


def only(results: Results, links: list[str], carriers: list[str] | None) -> Results:
    """A part of the results.

    Args:
        links: as ``80ms-2%-20M`` or ``80ms-2%-20M:up``; all if none is named.
        carriers: None for all.
    """

    def wanted(condition: Condition, direction: Direction) -> bool:
        return not links or condition.name in links or f"{condition.name}:{direction}" in links

    return {
        key: {carrier: runs for carrier, runs in of.items() if carriers is None or carrier.name in carriers}
        for key, of in results.items()
        if wanted(*key)
    }


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description="Draw what a run of the latency benchmark has measured.")
    parser.add_argument("links", nargs="*", help="only these, as 80ms-2%%-20M or 80ms-2%%-20M:up")
    parser.add_argument("--carriers", type=lambda text: text.split(","), help="only these, as wsmedia,turn-tcp")
    parser.add_argument("--results", type=Path, default=Path(".cache/benchmarks/latency"), help="the run's folder")
    parser.add_argument("--output", type=Path, default=Path("docs/figures"), help="where pictures go")
    parser.add_argument("--png", action="store_true", help="PNG instead of SVG")
    options = parser.parse_args()
    results = only(Store(options.results).results(), options.links, options.carriers)
    if not results:
        raise SystemExit(f"no results of these links in {options.results}; make bench-latency measures them")
    print("\n".join(map(str, draw(results, options.output, "glass to glass", "png" if options.png else "svg"))))


if __name__ == "__main__":
    main()
