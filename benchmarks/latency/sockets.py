"""What the gateway's socket settings do for a subscriber: ``python -m benchmarks.latency.sockets --help``.

The same call without browsers, down a bad link, with other congestion controls of the kernel (the gateway's setting
``tcp_congestion_control``) and other bounds of what may wait unsent in a socket (TCP_NOTSENT_LOWAT, which is no
setting: the gateway's process is given another constant before it begins). It prints a table, and writes it and
``results.json``.
"""

from __future__ import annotations

import argparse
import functools
from dataclasses import dataclass
from pathlib import Path

from benchmarks.latency import trials
from benchmarks.latency.conditions import CARRIERS, Cell, Condition, Direction
from benchmarks.latency.figures import median
from benchmarks.latency.network import Network
from benchmarks.latency.protocol import cell as protocol
from benchmarks.latency.store import Settings
from benchmarks.latency.trials import Result, Trial

LINKS = {
    condition.name: condition for condition in (Condition(80, 2.0), Condition(80, 0.0, 1.2), Condition(80, 2.0, 1.2))
}

_FOLDER = ".cache/benchmarks/sockets"
_USUAL = Settings(warm_up=5.0, seconds=20.0)
_QUICK = Settings(warm_up=3.0, seconds=6.0)
_OFFERED = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")
_LOW_WATER = "import wsmedia.transport.buffers as buffers; buffers.NOT_SENT_LOW_WATER = {}"


@dataclass(frozen=True)
class Variant:
    """Settings of the gateway's sockets.

    Attributes:
        title: for people.
        arguments, prelude: what its process is given.
        congestion_control: the kernel must offer it.
    """

    title: str
    arguments: tuple[str, ...] = ()
    prelude: str = ""
    congestion_control: str = "cubic"


def _controlled(name: str) -> Variant:
    return Variant(f"{name}, unsent at most 16 kB", ("--tcp-congestion-control", name), congestion_control=name)


VARIANTS = {
    "cubic": Variant("cubic, unsent at most 16 kB (as it comes)"),
    "bbr": _controlled("bbr"),
    "reno": _controlled("reno"),
    "unsent-4k": Variant("cubic, unsent at most 4 kB", prelude=_LOW_WATER.format(4096)),
    "unsent-64k": Variant("cubic, unsent at most 64 kB", prelude=_LOW_WATER.format(65_536)),
    # The kernel's own value: as much as the socket's buffer holds.
    "unsent-any": Variant("cubic, no bound of what is unsent", prelude=_LOW_WATER.format(-1)),
}
_QUICK_VARIANTS = ("cubic", "bbr", "unsent-any")
_QUICK_LINKS = ("80ms-2%-20M", "80ms-0%-1.2M")


def _summary(result: Result) -> str:
    latency = " / ".join(_text(result["latency_ms"][name]) for name in ("p50", "p95", "p99"))
    trouble = "; machine overloaded" if result["machine"]["overloaded"] else ""
    return f"{latency} ms, {result['video_kbps']:.0f} kb/s{trouble}"


def _text(value: float | None, form: str = ".0f") -> str:
    return "–" if value is None else format(value, form)


_HEAD = """\
| | latency p50 / p95 / p99, ms | shown, % | sound p99, ms | video, kb/s | down the wire, kb/s | |
| --- | --- | --- | --- | --- | --- | --- |"""


def markdown(results: list[Result], line: str) -> str:
    """The report: medians over the seeds that could be measured."""
    parts = ["# Sockets of the gateway", line]
    for condition in dict.fromkeys(result["condition"] for result in results):
        here = [result for result in results if result["condition"] == condition]
        names = dict.fromkeys(result["name"] for result in here)
        lines = [_line(name, [result for result in here if result["name"] == name]) for name in names]
        parts += [f"## {condition}, down", "\n".join([_HEAD, *lines])]
    return "\n\n".join(parts) + "\n"


def _line(name: str, runs: list[Result]) -> str:
    good = [run for run in runs if "error" not in run]
    shown = median([run["frames"]["share"] for run in good])
    overloaded = sum(run["machine"]["overloaded"] for run in good)
    notes = [
        f"overloaded in {overloaded} of {len(good)}" if overloaded else "",
        f"{len(runs) - len(good)} failed" if len(good) < len(runs) else "",
    ]
    cells = [
        VARIANTS[name].title,
        " / ".join(_text(median([run["latency_ms"][which] for run in good])) for which in ("p50", "p95", "p99")),
        _text(None if shown is None else 100 * shown, ".1f"),
        _text(median([run["audio"]["delay_ms"]["p99"] for run in good])),
        _text(median([run["video_kbps"] for run in good])),
        _text(median([run["wire_kbps"]["down"] for run in good])),
        ", ".join(note for note in notes if note),
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.latency.sockets",
        description="What the gateway's socket settings do for a subscriber behind a bad link.",
        epilog=f"Variants: {', '.join(VARIANTS)}. Links: {', '.join(LINKS)}.",
    )
    trials.add_options(parser, _USUAL, _FOLDER)
    parser.add_argument("--variants", help="as cubic,bbr")
    parser.add_argument("--links", help="as 80ms-2%%-20M")
    parser.add_argument("--carrier", default="wsmedia", choices=[n for n, c in CARRIERS.items() if c.lanes is not None])
    options = parser.parse_args()
    usual = _QUICK if options.quick else _USUAL
    settings = Settings(usual.warm_up, options.seconds or usual.seconds)
    names = options.variants.split(",") if options.variants else _QUICK_VARIANTS if options.quick else tuple(VARIANTS)
    links = options.links.split(",") if options.links else _QUICK_LINKS if options.quick else tuple(LINKS)
    unknown = [name for name in names if name not in VARIANTS] + [name for name in links if name not in LINKS]
    if unknown:
        parser.error(f"there is no {unknown[0]!r}")
    offered = _OFFERED.read_text().split()
    for name in [name for name in names if VARIANTS[name].congestion_control not in offered]:
        print(f"{name} is left out: this kernel offers {', '.join(offered)}")
    todo = []
    for seed in range(1, (options.seeds or (1 if options.quick else 3)) + 1):
        for link in links:
            cell = Cell(LINKS[link], CARRIERS[options.carrier], Direction.DOWN, seed)
            for name in names:
                variant = VARIANTS[name]
                if variant.congestion_control in offered:
                    todo.append(Trial(name, cell, functools.partial(_measure, cell, settings, variant)))
    folder = options.output or Path(_FOLDER + ("-quick" if options.quick else ""))
    results = trials.run(todo, settings, folder, _summary)
    line = (
        f"{CARRIERS[options.carrier].title}, without browsers, at most {protocol.BITRATE_BPS / 1e6:g} Mb/s of video; "
        f"windows of {settings.seconds:g} s, medians over seeds; {trials.machine()}."
    )
    if results:
        trials.report(folder, markdown(results, line))


async def _measure(cell: Cell, settings: Settings, variant: Variant, network: Network) -> Result:
    return await protocol.measure(cell, network, settings, arguments=variant.arguments, prelude=variant.prelude)


if __name__ == "__main__":
    main()
