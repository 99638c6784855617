"""What is left to a TCP flow on a narrow link beside a call: ``python -m benchmarks.latency.fairness --help``.

A bulk flow is measured alone, beside one and two more like it, and beside a call of wsmedia with several numbers of
lanes, whose encoder takes all that it is told to. Sixteen lanes are to leave it what two leave, and what two TCP flows
would. It prints a table, and writes it and ``results.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.latency import trials
from benchmarks.latency.conditions import CARRIERS, Carrier, Cell, Condition, Direction
from benchmarks.latency.connections import LaneCount, wire_octets_beside_lanes
from benchmarks.latency.figures import median
from benchmarks.latency.load import Load
from benchmarks.latency.network import Network, is_inexact
from benchmarks.latency.protocol import cell as protocol
from benchmarks.latency.store import Settings
from benchmarks.latency.trials import Result, Trial
from benchmarks.link import traffic

RATE_MBPS = 3.0
RTT_MS = 80
BITRATE_BPS = 2_500_000
"""The encoder's most: with what it costs on the wire, about all of the link, so that greed shows."""

LEAD_SECONDS = 4.0
"""For how long whatever is beside the flow has the link to itself, so that it knows the link's own delay."""

_FOLDER = ".cache/benchmarks/fairness"
_USUAL = Settings(warm_up=LEAD_SECONDS + 6.0, seconds=20.0)
_QUICK = Settings(warm_up=LEAD_SECONDS + 3.0, seconds=6.0)
_TOLERANCE = 0.95
"""From this share on, what is left counts as the same: cubic's own saw teeth are as large."""

_NOTHING = Carrier("none", "no call")


@dataclass(frozen=True)
class Rival:
    """What the flow shares the link with.

    Attributes:
        name, title: on the command line, and for people.
        flows: so many more bulk flows.
        carrier: of a call.
    """

    name: str
    title: str
    flows: int = 0
    carrier: Carrier | None = None


RIVALS = {
    rival.name: rival
    for rival in (
        Rival("alone", "nothing"),
        Rival("flow", "one more TCP flow", flows=1),
        Rival("two-flows", "two more TCP flows", flows=2),
        *(Rival(name, CARRIERS[name].title, carrier=CARRIERS[name]) for name in
          ("wsmedia-2", "wsmedia-8", "wsmedia-16", "wsmedia")),
    )
}  # fmt: skip
_QUICK_RIVALS = ("two-flows", "wsmedia-2", "wsmedia-16", "wsmedia")


async def measure(rival: Rival, cell: Cell, settings: Settings, network: Network) -> Result:
    """Figures of one run: rates in kb/s, latency from capture until a frame could be decoded, ms."""
    seconds, settle = settings.seconds, settings.warm_up - LEAD_SECONDS
    down = cell.direction is Direction.DOWN
    sending = network.server if down else network.client
    flow = functools.partial(traffic.bulk, network.link, seconds, down=down)
    async with contextlib.AsyncExitStack() as stack:
        call = None
        if rival.carrier is not None:
            call = await stack.enter_async_context(protocol.calling(cell, network, settings, bitrate_bps=BITRATE_BPS))
        load = Load()
        flows = [asyncio.create_task(asyncio.to_thread(flow, settings.warm_up)) for _ in range(rival.flows)]
        await asyncio.sleep(LEAD_SECONDS)
        flows.insert(0, asyncio.create_task(asyncio.to_thread(flow, settle)))
        await asyncio.sleep(settle)
        lanes = LaneCount(network.client)
        before, flows_before, began = network.wire_bytes(), wire_octets_beside_lanes(sending), time.monotonic()
        dropped_before = network.figures()
        await asyncio.sleep(seconds - 0.5)  # the flows' connections must be there still
        after, flows_after, elapsed = network.wire_bytes(), wire_octets_beside_lanes(sending), time.monotonic() - began
        lanes_used = lanes.used()
        used, link = load.figures(), network.figures()
        rates = [round(rate / 1000, 1) for rate in await asyncio.gather(*flows)]
        media = protocol.media_figures(*await call.outcome(), settings.warm_up) if call is not None else None
    way = str(cell.direction)
    everything = after[way] - before[way]
    of_flows = flows_after - flows_before
    return {
        "flow_kbps": rates[0],
        "other_flows_kbps": rates[1:],
        "flows_wire_kbps": round(of_flows * 8 / 1000 / elapsed, 1),
        "call_wire_kbps": round((everything - of_flows) * 8 / 1000 / elapsed, 1) if call is not None else None,
        "video_kbps": media and media["video_kbps"],
        "latency_ms": media and media["latency_ms"],
        "frames": media and media["frames"],
        "audio": media and media["audio"],
        "lanes": lanes_used if call is not None else None,
        "queue_dropped": link[f"{way}_queue_dropped"] - dropped_before[f"{way}_queue_dropped"],
        "link": link,
        "machine": used | {"overloaded": used["busy"] > Load.OVERLOADED or is_inexact(link)},
    }


def _summary(result: Result) -> str:
    text = f"the flow {result['flow_kbps']:.0f} kb/s"
    if result["other_flows_kbps"]:
        text += f", others {' + '.join(f'{rate:.0f}' for rate in result['other_flows_kbps'])}"
    if result["latency_ms"] is not None:
        p50, p95 = (result["latency_ms"][name] for name in ("p50", "p95"))
        text += f"; video {result['video_kbps']:.0f} kb/s, {_text(p50)} / {_text(p95)} ms"
    return text + ("; machine overloaded" if result["machine"]["overloaded"] else "")


def _text(value: float | None, form: str = ".0f") -> str:
    return "–" if value is None else format(value, form)


def rows(results: list[Result]) -> list[dict[str, Any]]:
    """One row for each link, direction and rival: medians over the seeds that could be measured."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result["condition"], result["direction"], result["name"]), []).append(result)
    made = []
    for (condition, direction, name), runs in groups.items():
        good = [run for run in runs if "error" not in run]
        row: dict[str, Any] = {"condition": condition, "direction": direction, "name": name, "seeds": len(good)}
        row |= {"errors": len(runs) - len(good), "overloaded": sum(run["machine"]["overloaded"] for run in good)}
        for figure in ("flow_kbps", "flows_wire_kbps", "call_wire_kbps", "video_kbps", "lanes", "queue_dropped"):
            row[figure] = median([run[figure] for run in good])
        row["other_flows_kbps"] = median([sum(run["other_flows_kbps"]) for run in good])
        for name_of in ("p50", "p95"):
            row[name_of] = median([run["latency_ms"][name_of] for run in good if run["latency_ms"] is not None])
        made.append(row)
    return made


def left(every: list[dict[str, Any]], condition: str, direction: str, name: str, beside: str) -> float | None:
    """What a rival leaves to the flow in what another leaves; None if one of them was not measured."""
    found = {
        row["name"]: row["flow_kbps"] for row in every if (row["condition"], row["direction"]) == (condition, direction)
    }
    ours, theirs = found.get(name), found.get(beside)
    return None if ours is None or not theirs else float(ours / theirs)


_HEAD = """\
| beside the flow | the flow, kb/s | of it alone | of it beside 2 lanes | of it beside two flows \
| the rival's on the wire, kb/s | video, kb/s | latency p50 / p95, ms | queue's drops | |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def markdown(results: list[Result], line: str) -> str:
    """The report."""
    every = rows(results)
    parts = ["# What is left to a TCP flow", line]
    verdicts = []
    for condition, direction in dict.fromkeys((row["condition"], row["direction"]) for row in every):
        lines = [_line(every, row) for row in every if (row["condition"], row["direction"]) == (condition, direction)]
        parts += [f"## {condition}, {direction}", "\n".join([_HEAD, *lines])]
        for beside in ("wsmedia-2", "two-flows"):
            ratio = left(every, condition, direction, "wsmedia-16", beside)
            if ratio is not None:
                met = "met" if ratio >= _TOLERANCE else "NOT met"
                verdicts.append(
                    f"- {condition}, {direction}: {met}: 16 lanes leave {ratio:.2f} × what {_TITLES[beside]} leave "
                    f"(at least 1, {_TOLERANCE:g} counts); seed by seed {_each(results, condition, direction, beside)}"
                )
    return "\n\n".join([*parts, *(["## Aim", "\n".join(verdicts)] if verdicts else [])]) + "\n"


def _each(results: list[Result], condition: str, direction: str, beside: str) -> str:
    """What 16 lanes leave in what the other leaves, of each seed: how much chance there is in the medians."""
    here = [run for run in results if (run["condition"], run["direction"]) == (condition, direction)]
    by_seed = {(run["name"], run["seed"]): run["flow_kbps"] for run in here if "error" not in run}
    ratios = [
        kbps / by_seed[beside, seed]
        for (name, seed), kbps in by_seed.items()
        if name == "wsmedia-16" and by_seed.get((beside, seed))
    ]
    return ", ".join(f"{ratio:.2f}" for ratio in ratios) or "–"


_TITLES = {"wsmedia-2": "2 lanes", "two-flows": "two more TCP flows"}


def _line(every: list[dict[str, Any]], row: dict[str, Any]) -> str:
    ratios = [
        _text(left(every, row["condition"], row["direction"], row["name"], beside), ".2f")
        for beside in ("alone", "wsmedia-2", "two-flows")
    ]
    is_call = row["call_wire_kbps"] is not None
    notes = [
        f"{row['lanes']:g} lanes" if row["lanes"] else "",
        f"overloaded in {row['overloaded']} of {row['seeds']}" if row["overloaded"] else "",
        f"{row['errors']} failed" if row["errors"] else "",
    ]
    cells = [
        RIVALS[row["name"]].title,
        _text(row["flow_kbps"]),
        *ratios,
        _text(row["call_wire_kbps"]) if is_call else f"{_text(row['other_flows_kbps'])} without headers",
        _text(row["video_kbps"]),
        f"{_text(row['p50'])} / {_text(row['p95'])}" if is_call else "",
        _text(row["queue_dropped"]),
        ", ".join(note for note in notes if note),
    ]
    return "| " + " | ".join(cells) + " |"


def _losses(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected numbers with commas between, got {text!r}") from None


def _directions(text: str) -> list[Direction]:
    try:
        return [Direction(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected up, down or up,down, got {text!r}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.latency.fairness",
        description=f"What is left to a TCP flow beside a call, {RATE_MBPS:g} Mb/s and {RTT_MS} ms.",
        epilog=f"Beside it: {', '.join(RIVALS)}.",
    )
    trials.add_options(parser, _USUAL, _FOLDER)
    parser.add_argument("--loss", type=_losses, help="percent, as 0,1", default="0,1")
    parser.add_argument("--rate", type=float, default=RATE_MBPS, help="Mb/s")
    parser.add_argument("--rtt", type=int, default=RTT_MS, help="ms")
    parser.add_argument("--beside", help="as two-flows,wsmedia-2,wsmedia-16")
    parser.add_argument(
        "--directions", type=_directions, default="up", help="which way the data go: up, down or up,down"
    )
    return parser


def main() -> None:
    """Measure and report."""
    parser = _parser()
    options = parser.parse_args()
    usual = _QUICK if options.quick else _USUAL
    settings = Settings(usual.warm_up, options.seconds or usual.seconds)
    names = options.beside.split(",") if options.beside else _QUICK_RIVALS if options.quick else tuple(RIVALS)
    unknown = [name for name in names if name not in RIVALS]
    if unknown:
        parser.error(f"argument --beside: there is no {unknown[0]!r}, but {', '.join(RIVALS)}")
    conditions = [Condition(options.rtt, loss, options.rate) for loss in options.loss]
    todo = []
    for seed in range(1, (options.seeds or (1 if options.quick else 3)) + 1):
        for condition in conditions:
            for direction in options.directions:
                for rival in (RIVALS[name] for name in names):
                    cell = Cell(condition, rival.carrier or _NOTHING, direction, seed)
                    todo.append(Trial(rival.name, cell, functools.partial(measure, rival, cell, settings)))
    folder = options.output or Path(_FOLDER + ("-quick" if options.quick else ""))
    results = trials.run(todo, settings, folder, _summary)
    line = (
        f"Cubic everywhere, a queue of 200 ms; video of at most {BITRATE_BPS / 1e6:g} Mb/s that follows the target "
        f"bitrate; windows of {settings.seconds:g} s, medians over seeds; {trials.machine()}."
    )
    if results:
        trials.report(folder, markdown(results, line))


if __name__ == "__main__":
    main()
