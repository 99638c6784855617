"""What is left to a flow: tables from results of which the answer is known, and one short measurement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import link
from benchmarks.latency import fairness, sockets
from benchmarks.latency.conditions import CARRIERS, Cell, Condition, Direction
from benchmarks.latency.network import joined
from benchmarks.latency.protocol import cell as protocol
from benchmarks.latency.store import Settings

CONDITION = Condition(80, 0.0, 3.0)
CELL = Cell(CONDITION, CARRIERS["wsmedia-2"], Direction.UP, 1)

needs_link = pytest.mark.skipif(link.unavailable_reason() is not None, reason=str(link.unavailable_reason()))


def result(name: str, seed: int, flow_kbps: float) -> dict[str, Any]:
    """As ``fairness.measure`` gives it."""
    is_call = name.startswith("wsmedia")
    return {
        "name": name, "condition": CONDITION.name, "direction": "up", "seed": seed, "flow_kbps": flow_kbps,
        "other_flows_kbps": [] if is_call else [1200.0, 1300.0], "flows_wire_kbps": flow_kbps * 1.04,
        "call_wire_kbps": 900.0 if is_call else None, "video_kbps": 700.0 if is_call else None,
        "latency_ms": {"p50": 60.0, "p95": 90.0, "p99": 120.0} if is_call else None,
        "lanes": 16 if is_call else None, "queue_dropped": 3, "machine": {"overloaded": False},
    }  # fmt: skip


def results(with_16_lanes: float) -> list[dict[str, Any]]:
    """Three seeds of each; the last of 2 lanes failed."""
    made = [result("two-flows", seed, kbps) for seed, kbps in enumerate((800.0, 1000.0, 1100.0))]
    made += [result("wsmedia-2", seed, kbps) for seed, kbps in enumerate((1900.0, 2100.0))]
    made += [{"name": "wsmedia-2", "condition": CONDITION.name, "direction": "up", "seed": 2, "error": "no"}]
    return made + [result("wsmedia-16", seed, with_16_lanes) for seed in range(3)]


def test_what_many_lanes_leave_is_held_against_what_few_and_what_other_flows_leave() -> None:
    rows = fairness.rows(results(1500.0))
    assert fairness.left(rows, CONDITION.name, "up", "wsmedia-16", "wsmedia-2") == pytest.approx(0.75)
    assert fairness.left(rows, CONDITION.name, "up", "wsmedia-16", "two-flows") == pytest.approx(1.5)
    assert fairness.left(rows, CONDITION.name, "up", "wsmedia-16", "alone") is None


@pytest.mark.parametrize(
    ("kbps", "beside_2_lanes"), [(1500.0, "NOT met: 16 lanes leave 0.75"), (2000.0, "met: 16 lanes leave 1.00")]
)
def test_the_report_says_whether_the_aim_was_met_and_what_failed(kbps: float, beside_2_lanes: str) -> None:
    text = fairness.markdown(results(kbps), "Measured so.")
    assert f"up: {beside_2_lanes} × what 2 lanes leave" in text
    assert "| two more TCP flows | 1000 | – | 0.50 | 1.00 | 2500 without headers |" in text
    assert "1 failed" in text
    assert f"seed by seed {kbps / 1900:.2f}, {kbps / 2100:.2f}\n" in text


@needs_link
@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("direction", list(Direction))
async def test_a_call_and_a_flow_share_a_link(direction: Direction) -> None:
    cell = Cell(CONDITION, CARRIERS["wsmedia-2"], direction, 1)
    settings = Settings(fairness.LEAD_SECONDS + 2, 4)
    async with joined(CONDITION, seed=1) as network:
        found = await fairness.measure(fairness.RIVALS["wsmedia-2"], cell, settings, network)
    assert found["lanes"] == 2
    assert found["latency_ms"]["p50"] > 40
    assert 0 < found["video_kbps"] < found["call_wire_kbps"]
    assert 0 < found["flow_kbps"] < found["flows_wire_kbps"]
    # Packets that the queue dropped had entered the link before.
    assert found["call_wire_kbps"] + found["flows_wire_kbps"] == pytest.approx(3000, rel=0.2)


@needs_link
@pytest.mark.slow
async def test_a_variant_is_what_the_gateways_sockets_have() -> None:
    variant = sockets.VARIANTS["reno"]
    settings = Settings(0, 4)
    async with (
        joined(CONDITION, seed=1) as network,
        protocol.calling(CELL, network, settings, arguments=variant.arguments) as call,
    ):
        told = network.server.run(["ss", "-Htni", "sport = :8443"], capture_output=True, text=True, check=True).stdout
        await call.outcome()
    assert " reno " in told
    assert " cubic " not in told


@needs_link
@pytest.mark.slow
async def test_a_prelude_changes_the_bound_of_what_is_unsent(tmp_path: Path) -> None:
    told = tmp_path / "bound"
    tell = f"""
import socket
made = websocket.WebSocketCarrier.connection_made
def made_and_told(self, transport):
    made(self, transport)
    tcp = transport.get_extra_info("socket")
    with open({str(told)!r}, "w") as file:
        file.write(str(tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)))
websocket.WebSocketCarrier.connection_made = made_and_told
"""
    prelude = sockets.VARIANTS["unsent-64k"].prelude + tell
    async with (
        joined(CONDITION, seed=1) as network,
        protocol.calling(CELL, network, Settings(0, 2), prelude=prelude) as call,
    ):
        await call.outcome()
    assert told.read_text() == "65536"
