"""Results as a table in Markdown and JSON, and what they say of the aims."""

from __future__ import annotations

from typing import Any

from benchmarks.latency.conditions import ALL_CARRIERS, STEP, Carrier, Condition, Direction
from benchmarks.latency.figures import median

Results = dict[tuple[Condition, Direction], dict[Carrier, list[dict[str, Any]]]]
Row = dict[str, Any]

_FIGURES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("p50", ("latency_ms", "p50")),
    ("p95", ("latency_ms", "p95")),
    ("p99", ("latency_ms", "p99")),
    ("shown", ("frames", "share")),
    ("freeze_ms", ("freeze", "ms")),
    ("audio_p50", ("audio", "delay_ms", "p50")),
    ("audio_p95", ("audio", "delay_ms", "p95")),
    ("audio_p99", ("audio", "delay_ms", "p99")),
    ("audio_gap_ms", ("audio", "gap_ms")),
    ("video_kbps", ("video_kbps",)),
    ("wire_up_kbps", ("wire_kbps", "up")),
    ("wire_down_kbps", ("wire_kbps", "down")),
    ("lanes", ("lanes",)),
    ("recovered_s", ("recovered_s",)),
)


def _figure(content: dict[str, Any], path: tuple[str, ...]) -> float | None:
    found: Any = content
    for key in path:
        found = None if found is None else found.get(key)
    return None if found is None else float(found)


def rows(results: Results) -> list[Row]:
    """One row for each link, direction and carrier, medians over the seeds that could be measured."""
    made = []
    for (condition, direction), carriers in results.items():
        for carrier, runs in carriers.items():
            good = [run for run in runs if "error" not in run]
            row: Row = {
                "condition": condition.name,
                "direction": str(direction),
                "carrier": carrier.name,
                "seeds": len(good),
                "overloaded": sum(run["machine"]["overloaded"] for run in good),
                "errors": sorted({run["error"] for run in runs if "error" in run}),
            }
            row |= {name: median([_figure(run, path) for run in good]) for name, path in _FIGURES}
            made.append(row)
    return made


def _text(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _line(row: Row) -> str:
    if row["seeds"] == 0:
        return f"| {ALL_CARRIERS[row['carrier']].title} | {'; '.join(row['errors'])[:100]} |" + " |" * 7
    along, back = ("wire_up_kbps", "wire_down_kbps") if row["direction"] == "up" else ("wire_down_kbps", "wire_up_kbps")
    notes = [
        f"{row['lanes']:g} lanes" if row["lanes"] else "",
        f"{row['recovered_s']:.1f} s to recover" if row["recovered_s"] is not None else "",
        f"overloaded in {row['overloaded']} of {row['seeds']}" if row["overloaded"] else "",
        f"{len(row['errors'])} failed" if row["errors"] else "",
    ]
    cells = [
        ALL_CARRIERS[row["carrier"]].title,
        " / ".join(_text(row[name], ".0f") for name in ("p50", "p95", "p99")),
        _text(None if row["shown"] is None else 100 * row["shown"], ".1f"),
        _text(row["freeze_ms"], ".0f"),
        " / ".join(_text(row[name], ".0f") for name in ("audio_p50", "audio_p95", "audio_p99")),
        _text(row["audio_gap_ms"], ".0f"),
        _text(row["video_kbps"], ".0f"),
        f"{_text(row[along], '.0f')} + {_text(row[back], '.0f')}",
        ", ".join(note for note in notes if note),
    ]
    return "| " + " | ".join(cells) + " |"


_HEAD = """\
| | {latency} p50 / p95 / p99, ms | shown, % | frozen, ms | sound p50 / p95 / p99, ms | gaps in it, ms \
| video, kb/s | on the wire, kb/s | |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def markdown(results: Results, settings_line: str, latency: str = "glass to glass") -> str:
    """The whole report; ``latency`` is the name of what was measured."""
    parts = ["# Latency of media through a bad link", settings_line]
    every = rows(results)
    for condition, direction in results:
        title = "publisher behind the link" if direction is Direction.UP else "subscriber behind the link"
        lines = [_line(r) for r in every if (r["condition"], r["direction"]) == (condition.name, str(direction))]
        parts += [f"## {condition.title}; {title}", "\n".join([_HEAD.format(latency=latency), *lines])]
    verdict_lines = verdicts(results)
    if verdict_lines:
        parts += ["## Aims", "\n".join(f"- {line}" for line in verdict_lines)]
    return "\n\n".join(parts) + "\n"


def verdicts(results: Results) -> list[str]:
    """The aims that these results can be held against, and whether each was met."""
    by_key = {(row["condition"], row["direction"], row["carrier"]): row for row in rows(results) if row["seeds"]}
    lines: list[str] = []
    for condition, direction in results:

        def row(carrier: str, at: Condition = condition, way: Direction = direction) -> Row | None:
            return by_key.get((at.name, str(way), carrier))

        ours = row("wsmedia")
        if ours is not None:
            where = f"{condition.title}, {direction}"
            clean = row("wsmedia", Condition(condition.rtt_ms, 0.0, condition.rate))
            lines += [f"{where}: {line}" for line in _verdicts_of(condition, ours, row, clean)]
    return lines


def _verdicts_of(condition: Condition, ours: Row, row: Any, clean: Row | None) -> list[str]:
    checks: list[str | None] = []
    if condition.is_direct:
        return []
    if condition.rate == STEP or (isinstance(condition.rate, float) and condition.rate < 2):
        checks += [_beside("p95", ours, row("turn-tcp"), 1.0), _beside("freeze_ms", ours, row("turn-tcp"), 1.0)]
        checks += [_beside("video_kbps", ours, row("turn-tcp"), 1.0, at_least=True)]
        checks += [_most("recovered_s", ours["recovered_s"], 4.0)] if condition.rate == STEP else []
    elif condition.loss == 0:
        checks += [_beside("p95", ours, row(name), 1.1) for name in ("udp", "turn-udp")]
    elif isinstance(condition.loss, str):
        checks += [_beside("p95", ours, row("turn-tcp"), 1 / 3)]
    else:
        checks += [_beside("p95", ours, row(name), 0.25) for name in ("turn-tcp", "turn-tls")]
        checks += [_beside("p95", ours, row("turn-udp"), 0.7)]
        checks += [_least("shown", ours["shown"], 0.98)]
        limit = condition.rtt_ms / 2 + 60
        checks += [_most("audio_p99", ours["audio_p99"], limit)]
        if clean is not None:
            checks += [_beside("video_kbps", ours, clean, 0.9, at_least=True)]
    if not isinstance(condition.loss, str) and condition.rate == 20.0:
        limit = 1.08 if condition.loss == 0 else 1.5 if condition.loss <= 2 else 2.0
        checks += [_wire(ours, row("udp") or row("turn-udp"), limit)]
    return [check for check in checks if check is not None]


def _met(met: bool, text: str) -> str:
    return f"{'met' if met else 'NOT met'}: {text}"


def _beside(name: str, ours: Row, other: Row | None, limit: float, *, at_least: bool = False) -> str | None:
    if other is None or ours[name] is None or other[name] is None:
        return None
    title = "its own on the clean link" if other["carrier"] == ours["carrier"] else ALL_CARRIERS[other["carrier"]].title
    met = ours[name] >= limit * other[name] if at_least else ours[name] <= limit * other[name]
    aim = f"{'at least' if at_least else 'at most'} {limit:.2g} ×"
    ratio = f"{ours[name] / other[name]:.2f} ×" if other[name] else "no ratio to"
    return _met(met, f"{name} {ours[name]:.0f}, {ratio} {title}'s {other[name]:.0f} ({aim})")


def _least(name: str, value: float | None, limit: float) -> str | None:
    return None if value is None else _met(value >= limit, f"{name} {value:.3f} (at least {limit:g})")


def _most(name: str, value: float | None, limit: float) -> str | None:
    return None if value is None else _met(value <= limit, f"{name} {value:.3g} (at most {limit:g})")


def _wire(ours: Row, other: Row | None, limit: float) -> str | None:
    def both(row: Row) -> float:
        return float(row["wire_up_kbps"] + row["wire_down_kbps"])

    if other is None:
        return None
    ratio = both(ours) / both(other)
    title = ALL_CARRIERS[other["carrier"]].title
    return _met(ratio <= limit, f"{ratio:.2f} × the octets on the wire of {title}, both ways (at most {limit:g} ×)")
