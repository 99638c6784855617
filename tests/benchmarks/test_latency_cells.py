"""Short measurements on a link of which the delay is known: figures must hold it, and media must go their way."""

from __future__ import annotations

import pytest

from benchmarks import link
from benchmarks.latency import cell
from benchmarks.latency.conditions import ALL_CARRIERS, Cell, Condition, Direction
from benchmarks.latency.network import joined
from benchmarks.latency.protocol import cell as protocol_cell
from benchmarks.latency.store import Settings
from tests.support import browser

RTT_MS = 200
CONDITION = Condition(RTT_MS, 0.0, 20.0)
SHORT = Settings(warm_up=3, seconds=4)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(link.unavailable_reason() is not None, reason=str(link.unavailable_reason())),
]


@pytest.mark.e2e
@pytest.mark.skipif(browser.unavailable_reason() is not None, reason=str(browser.unavailable_reason()))
@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("carrier", ["udp", "turn-udp", "turn-tcp", "turn-tls", "naive", "wsmedia-4"])
async def test_pictures_and_sound_are_as_late_as_the_link(carrier: str, direction: Direction) -> None:
    async with joined(CONDITION, seed=1) as network:
        result = await cell.measure(Cell(CONDITION, ALL_CARRIERS[carrier], direction, 1), network, SHORT)
    assert RTT_MS / 2 < result["latency_ms"]["p50"] < RTT_MS / 2 + 500
    assert RTT_MS / 2 < result["audio"]["delay_ms"]["p50"] < RTT_MS / 2 + 500
    assert result["frames"]["shown"] > 0.5 * result["frames"]["made"] > 0
    along, back = result["wire_kbps"][direction], result["wire_kbps"][_other(direction)]
    assert along > result["video_kbps"] > back
    if carrier == "wsmedia-4":
        assert result["lanes"] == 4
    if ALL_CARRIERS[carrier].relay is not None:
        behind = "sender" if direction is Direction.UP else "receiver"
        assert result["way"][behind]["local"] == "relay"


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("carrier", ["udp-nack", "naive-tcp", "wsmedia", "wsmedia-4"])
async def test_frames_are_decodable_as_late_as_the_link(carrier: str, direction: Direction) -> None:
    async with joined(CONDITION, seed=1) as network:
        result = await protocol_cell.measure(Cell(CONDITION, ALL_CARRIERS[carrier], direction, 1), network, SHORT)
    assert RTT_MS / 2 < result["latency_ms"]["p50"] < RTT_MS / 2 + 300
    assert RTT_MS / 2 < result["audio"]["delay_ms"]["p50"] < RTT_MS / 2 + 200
    assert result["frames"]["share"] > 0.9
    if carrier == "wsmedia-4":
        assert result["lanes"] == 4


def _other(direction: Direction) -> Direction:
    return Direction.DOWN if direction is Direction.UP else Direction.UP
