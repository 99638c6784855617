"""Holds the link emulator against what is asked of it: ``python -m benchmarks.link.check``; takes about a minute.

Echoes tell the delay, a flood of datagrams jitter, loss and the queue, a bulk TCP flow the rate. A row is what was
asked, what came, and how late the forwarder was. The exit status is 1 if one is further off than chance explains.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.link import traffic
from benchmarks.link.emulator import Link, LinkConfig
from benchmarks.link.model import Bursts
from benchmarks.link.namespaces import LinkError

_HEADERS = 1448 / 1500
"""What a full segment's data is of its packet, with TCP's time stamps."""


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        what: was measured.
        asked, got: in ``unit``.
        good: whether they agree.
        note: more of it.
        lateness_ms: p50, p99 and the most of both directions, the worse of the two.
        real_time: whether the forwarder had real-time priority.
    """

    what: str
    unit: str
    asked: float
    got: float
    good: bool
    note: str
    lateness_ms: tuple[float, float, float]
    real_time: bool


def _row(link: Link, what: str, unit: str, asked: float, got: float, tolerance: float, note: str = "") -> Row:
    figures = link.statistics()
    worst = tuple(
        max(figures[way][f"lateness_ms_{name}"] for way in ("up", "down")) for name in ("p50", "p99", "max")
    )  # fmt: skip
    good = abs(got - asked) <= tolerance
    return Row(what, unit, asked, got, good, note, (worst[0], worst[1], worst[2]), figures["real_time"])


def _quantiles(values: list[float | None]) -> tuple[float, float, float]:
    """p50, p99 and the most of what came, ms."""
    came = sorted(value * 1000 for value in values if value is not None)
    return came[len(came) // 2], came[len(came) * 99 // 100], came[-1]


def _delays(rtt_ms: float) -> Row:
    with Link(LinkConfig.symmetric(rtt_ms=rtt_ms, rate_mbps=20)) as link:
        p50, p99, most = _quantiles(traffic.ping(link, 400, 0.01))
        return _row(link, f"round trip, {rtt_ms} ms", "ms", rtt_ms, p50, 1.0, f"p99 {p99:.2f}, most {most:.2f}")


def _jitter(jitter_ms: float) -> Row:
    with Link(LinkConfig.symmetric(rtt_ms=40, jitter_ms=jitter_ms)) as link:
        delays = traffic.flood(link, 1000, 0.003)
        p50, p99, most = _quantiles(delays)
        least = min(delay for delay in delays if delay is not None) * 1000
        note = f"least {least:.2f}, p99 {p99:.2f}, most {most:.2f} of {20 + jitter_ms}"
        return _row(link, f"delay with {jitter_ms} ms of jitter", "ms", 20 + jitter_ms / 2, p50, jitter_ms / 6, note)


def _loss(loss: float) -> Row:
    count = 6000
    with Link(LinkConfig.symmetric(rtt_ms=20, loss=loss)) as link:
        lost = sum(delay is None for delay in traffic.flood(link, count, 0.001))
        deviation = (count * loss * (1 - loss)) ** 0.5
        note = f"{lost} of {count}, standard deviation {100 * deviation / count:.2f}"
        return _row(link, "random loss", "%", 100 * loss, 100 * lost / count, 400 * deviation / count, note)


def _bursts() -> Row:
    bursts = Bursts(mean_ms=5, share=0.2, loss=0.8)
    with Link(LinkConfig.symmetric(rtt_ms=20, bursts=bursts)) as link:
        delays = traffic.flood(link, 8000, 0.002)
        share = sum(delay is None for delay in delays) / len(delays)
        # 16 s hold some 640 bad periods, whose lengths vary as much as they are long: a deviation is about 1 %.
        return _row(link, "bursts, 20 % of time × 80 %", "%", 16, 100 * share, 4, "5 ms long in the mean")


def _rate(rate_mbps: float, rtt_ms: float) -> Row:
    config = LinkConfig.symmetric(rtt_ms=rtt_ms, rate_mbps=rate_mbps, queue_ms=200)
    with Link(config) as link:
        got = traffic.bulk(link, 5.0, settle=2.0) / 1e6 / _HEADERS
        longest = link.statistics()["up"]["queue_ms_max"]
        note = f"queue of at most {longest:.0f} ms of 200"
        return _row(link, f"bulk TCP flow, {rtt_ms:g} ms", "Mb/s", rate_mbps, got, 0.05 * rate_mbps, note)


def _queue() -> Row:
    with Link(LinkConfig.symmetric(rtt_ms=20, rate_mbps=2, queue_ms=100)) as link:
        delays = traffic.flood(link, 1500, 0.002, size=972)  # 4 Mb/s into 2
        came = sorted(delay * 1000 for delay in delays if delay is not None)
        note = f"{len(came)} of {len(delays)} came; at most {came[-1]:.2f}"
        return _row(link, "delay behind a full queue", "ms", 110, came[len(came) * 3 // 4], 6, note)


def _capacity() -> Row:
    with Link(LinkConfig()) as link:
        got = traffic.bulk(link, 2.0) / 1e6
        return replace(_row(link, "bulk TCP flow without a rate", "Mb/s", 100, got, 0, "at least"), good=got >= 100)


def rows() -> Iterator[Row]:
    """Measure everything, one after the other."""
    checks: list[Callable[[], Row]] = [
        *(lambda rtt=rtt: _delays(rtt) for rtt in (0, 30, 80, 150)),
        lambda: _jitter(20),
        *(lambda loss=loss: _loss(loss) for loss in (0.01, 0.02, 0.05)),
        _bursts,
        *(lambda rate=rate: _rate(rate, 30) for rate in (20, 2, 1.2)),
        _queue,
        _capacity,
    ]
    for check in checks:
        yield check()


def main() -> int:
    """Measure and print; tells whether all is well."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.link.check", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--json", type=Path, help="write the rows there too")
    options = parser.parse_args()
    found = []
    print("| | asked | got | | forwarder late, ms: p50 / p99 / most | |\n| --- | --- | --- | --- | --- | --- |")
    try:
        for row in rows():
            found.append(row)
            late = " / ".join(f"{value:.2f}" for value in row.lateness_ms)
            verdict = "" if row.good else "OFF"
            cells = (row.what, f"{row.asked:g} {row.unit}", f"{row.got:.2f} {row.unit}", row.note, late, verdict)
            print("| " + " | ".join(cells) + " |", flush=True)
    except LinkError as error:
        print(f"benchmarks.link.check: {error}", file=sys.stderr)
        return 1
    if not all(row.real_time for row in found):
        print("The forwarder had no real-time priority: other programs delay packets.")
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(row) for row in found], indent=2) + "\n")
    return 0 if all(row.good for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
