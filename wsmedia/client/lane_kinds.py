"""Which kind of lane to try, and when: WebSockets where they work, else HTTP requests (PROTOCOL.md §2.4).

No I/O: the lane keeper asks and obeys. The browser's (``web/src/transport/lane-kinds.ts``) does the same.
"""

from __future__ import annotations

import math
from collections.abc import Collection

WEBSOCKET = "websocket"
STREAM = "http-stream"
POLL = "http-poll"
LANE_KINDS = (WEBSOCKET, STREAM, POLL)
"""From the best to the worst, as HELLO calls them."""

# Seconds that a kind has for itself before the next one is begun beside it. Those that fail are not waited for.
_PATIENCE = {WEBSOCKET: 0.4, STREAM: 2.5, POLL: math.inf}
# Seconds from the time that a worse kind carries the session to each new attempt at a better one; then the last again.
_PROBE_DELAYS = (10.0, 30.0, 60.0, 120.0)
# A lane that was up for less was cut by something on the way, if that happens so often in a row.
_STEADY_TIME = 15.0
_MOST_CUTS = 3
_SHUN_TIME = 120.0


def is_better(kind: str, other: str) -> bool:
    """Whether ``kind`` is better than ``other``."""
    return LANE_KINDS.index(kind) < LANE_KINDS.index(other)


class KindLadder:
    """The choice among kinds.

    Args:
        forced: nothing but this kind; None: what works best.

    Attributes:
        probe_at: when a better kind is to be tried again; None: the best carries, or nothing does.
    """

    def __init__(self, forced: str | None) -> None:
        self.probe_at: float | None = None
        self._allowed = LANE_KINDS if forced is None else (forced,)
        self._favourite: str | None = None
        self._carrying: str | None = None
        self._probes = 0
        self._cuts = dict.fromkeys(LANE_KINDS, 0)
        self._shunned_until = dict.fromkeys(LANE_KINDS, -math.inf)

    def first(self, now: float) -> list[str]:
        """What an attempt begins with: the best kind, and the one that worked the last time."""
        best, *others = self._usable(now)
        return [best, *(kind for kind in others if kind == self._favourite)]

    def next(self, begun: Collection[str], now: float) -> str | None:
        """What is begun beside those that have been begun; None: nothing is left."""
        return next((kind for kind in self._usable(now) if kind not in begun), None)

    def patience(self, kind: str) -> float:
        """How many seconds to wait, after ``kind`` has been begun, before the next one is."""
        return _PATIENCE[kind]

    def carries(self, kind: str, now: float) -> None:
        """This kind carries the session now."""
        if kind != self._carrying:
            self._carrying = self._favourite = kind
            self._probes = 0
            self._plan_probe(now)

    def lost(self, kind: str, up_for: float, now: float) -> None:
        """The last lane was lost, one of that kind that was up for so many seconds (0: never)."""
        self._carrying = self.probe_at = None
        if up_for == 0.0:
            return
        self._cuts[kind] = self._cuts[kind] + 1 if up_for < _STEADY_TIME else 0
        if self._cuts[kind] >= _MOST_CUTS:
            self._cuts[kind] = 0
            self._shunned_until[kind] = now + _SHUN_TIME

    def probe(self, now: float) -> list[str]:
        """The better kinds that are due; plans the next time."""
        carrying = self._carrying
        if carrying is None or self.probe_at is None or now < self.probe_at:
            return []
        self._probes += 1
        self._plan_probe(now)
        return [kind for kind in self._usable(now) if is_better(kind, carrying)]

    def _plan_probe(self, now: float) -> None:
        delay = _PROBE_DELAYS[min(self._probes, len(_PROBE_DELAYS) - 1)]
        self.probe_at = None if self._carrying == self._allowed[0] else now + delay

    def _usable(self, now: float) -> tuple[str, ...]:
        return tuple(kind for kind in self._allowed if self._shunned_until[kind] <= now) or self._allowed
