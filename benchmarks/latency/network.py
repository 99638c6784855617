"""The link of a measurement: ``benchmarks.link`` as a condition describes it, and whether it was exact."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.latency import figures
from benchmarks.latency.conditions import BURSTS, STEP, Condition
from benchmarks.link import Bursts, Link, LinkConfig, Place, Way

STEP_MBPS = (3.0, 0.6, 3.0)
"""The link's rate in the first, second and last third of a window."""

LATE_MS = 5.0
"""The emulator counts as inexact when more than one packet of a hundred was later than this."""


@dataclass(frozen=True)
class Network:
    """Two places with the link between them.

    Attributes:
        client: behind the link.
        server: beside the servers.
    """

    client: Place
    server: Place
    link: Link
    condition: Condition

    def wire_bytes(self) -> dict[str, int]:
        """Octets that entered the link so far, IP headers included, ``up`` and ``down``."""
        return self.link.wire_bytes()

    def window_begins(self, seconds: float) -> None:
        """The measurement begins now: a link that changes does so at a third and at two thirds of it."""
        if self.condition.rate != STEP:
            return
        for index, rate in enumerate(STEP_MBPS):
            way = replace(_way(self.condition), rate_bps=rate * 1e6)
            self.link.change(up=way, down=way, after_seconds=seconds * index / len(STEP_MBPS))

    def figures(self) -> dict[str, float]:
        """What the link did since it was made: packets lost and dropped, and how late it was itself, ms."""
        statistics = self.link.statistics()
        named: dict[str, float] = {}
        for way in ("up", "down"):
            for name in ("packets", "lost", "queue_dropped", "lateness_ms_p99", "lateness_ms_max"):
                named[f"{way}_{name}"] = statistics[way][name]
        return named


def step_recovery(condition: Condition, rates: Sequence[tuple[float, float]], seconds: float) -> float | None:
    """See ``figures.recovery``; the window's last third if that was not enough, None for links that do not change."""
    if condition.rate != STEP:
        return None
    recovered = figures.recovery(rates, seconds / 3, 2 * seconds / 3)
    return seconds / 3 if recovered is None else recovered


def is_inexact(link_figures: dict[str, float]) -> bool:
    """Whether the emulator itself was late."""
    return max(link_figures[f"{way}_lateness_ms_p99"] for way in ("up", "down")) > LATE_MS


def _way(condition: Condition) -> Way:
    if condition.is_direct:
        return Way()
    rate = STEP_MBPS[0] if isinstance(condition.rate, str) else condition.rate
    way = Way(delay_ms=condition.rtt_ms / 2, rate_bps=rate * 1e6)
    if condition.loss == BURSTS:
        return replace(way, bursts=Bursts())
    assert isinstance(condition.loss, float)
    return replace(way, loss=condition.loss / 100)


@contextlib.asynccontextmanager
async def joined(condition: Condition, seed: int) -> AsyncIterator[Network]:
    """Two places with the link between them that the condition describes; TCP uses cubic at both ends.

    Raises:
        LinkError: this machine cannot have one; says what is missing.
    """
    way = _way(condition)
    with Link(LinkConfig(up=way, down=way, seed=seed)) as link:
        yield Network(link.client, link.server, link, condition)
