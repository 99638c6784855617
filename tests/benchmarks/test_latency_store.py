"""What was measured is kept, and a run that was broken off goes on; tables and verdicts come from the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.latency import report
from benchmarks.latency.conditions import (
    BURSTS,
    CARRIERS,
    FULL,
    STEP,
    WITHOUT_LINK,
    Cell,
    Condition,
    Direction,
    cells,
)
from benchmarks.latency.store import Settings, Store

SETTINGS = Settings(warm_up=5, seconds=10)


def cell(carrier: str = "wsmedia", condition: Condition | None = None, seed: int = 1) -> Cell:
    return Cell(condition or Condition(80, 2.0), CARRIERS[carrier], Direction.UP, seed)


def result(p95: float, kbps: float = 1000.0, wire: float = 1500.0) -> dict[str, Any]:
    return {
        "latency_ms": {"p50": p95 / 2, "p95": p95, "p99": 2 * p95},
        "frames": {"made": 300, "shown": 299, "share": 0.997},
        "freeze": {"count": 0, "ms": 0},
        "audio": {"delay_ms": {"p50": 50.0, "p95": 60.0, "p99": 90.0}, "gap_ms": 0},
        "video_kbps": kbps,
        "wire_kbps": {"up": wire, "down": 50.0},
        "lanes": 8,
        "machine": {"overloaded": False},
    }


def test_what_was_measured_is_there_and_nothing_else(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert not store.has(cell(), SETTINGS)
    store.put(cell(), SETTINGS, result(50))
    assert store.has(cell(), SETTINGS)
    assert not store.has(cell(), Settings(warm_up=5, seconds=20)), "measured for another time"
    assert not store.has(cell(), Settings(warm_up=5, seconds=10, sound=False)), "measured with sound"
    assert not store.has(cell(seed=2), SETTINGS)


def test_what_failed_is_measured_again_and_said(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(cell("turn-tcp"), SETTINGS, {"error": "TimeoutError: no picture"})
    assert not store.has(cell("turn-tcp"), SETTINGS)
    [row] = report.rows(store.results())
    assert (row["seeds"], row["errors"]) == (0, ["TimeoutError: no picture"])
    assert "no picture" in report.markdown(store.results(), "")


def test_a_broken_file_is_measured_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(cell(), SETTINGS, result(50))
    path = tmp_path / "cells" / f"{cell().name}.json"
    path.write_text(path.read_text()[:40])
    assert not store.has(cell(), SETTINGS)


def test_rows_are_medians_over_seeds(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for seed, p95 in enumerate((50, 60, 400), 1):
        store.put(cell(seed=seed), SETTINGS, result(p95))
    [row] = report.rows(store.results())
    assert (row["p95"], row["seeds"]) == (60, 3)


def test_the_aims_are_held_against_the_rows(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(cell(), SETTINGS, result(60, kbps=950, wire=1600))
    store.put(cell(condition=Condition(80, 0.0)), SETTINGS, result(50))
    store.put(cell("turn-tcp"), SETTINGS, result(500))
    store.put(cell("turn-udp"), SETTINGS, result(80, wire=1000))
    said = [line.partition(": ")[2].partition(" (")[0] for line in report.verdicts(store.results())]
    assert said == [
        "met: p95 60, 0.12 × TURN/TCP's 500",
        "NOT met: p95 60, 0.75 × TURN/UDP's 80",
        "met: shown 0.997",
        "met: audio_p99 90",
        "met: video_kbps 950, 0.95 × its own on the clean link's 1000",
        "NOT met: 1.57 × the octets on the wire of TURN/UDP, both ways",
    ]


def test_links_stand_in_an_order_that_can_be_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    wanted = [
        WITHOUT_LINK,
        Condition(30, 5.0),
        Condition(80, 0.0),
        Condition(80, BURSTS),
        Condition(80, 0.0, 1.2),
        Condition(80, 0.0, STEP),
    ]
    for condition in reversed(wanted):
        store.put(cell(condition=condition), SETTINGS, result(50))
    assert [condition for condition, _ in store.results()] == wanted


def test_the_full_matrix_has_every_link_once_and_unique_names() -> None:
    everything = cells(FULL, list(CARRIERS.values()), list(Direction), [1, 2, 3])
    assert len({one.name for one in everything}) == len(everything)
    assert {(c.rtt_ms, c.loss, c.rate) for c in FULL} >= {
        (rtt, loss, rate) for rtt in (30, 80, 150) for loss in (0.0, 1.0, 2.0, 5.0, BURSTS) for rate in (20.0, 2.0, 1.2)
    } | {(rtt, 0.0, STEP) for rtt in (30, 80, 150)}


@pytest.mark.parametrize("condition", [Condition(80, 2.0), Condition(30, BURSTS, 1.2), Condition(80, 0.0, STEP)])
def test_names_of_links_are_names_of_files(condition: Condition) -> None:
    assert "/" not in condition.name
    assert condition.title
