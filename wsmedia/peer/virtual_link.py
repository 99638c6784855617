"""Makes transport-cc feedback tell of our side's capacity: arrivals are reported as if behind a link of that capacity.

A peer that adapts to transport-cc alone (no REMB) then sees the queue that its packets would build up in the tunnel
behind us, and slows down before they do.
"""

from __future__ import annotations

MAX_EXTRA_DELAY = 0.4


class VirtualLink:
    """A link with a rate and a bounded queue; without a capacity, arrivals are as they are.

    Attributes:
        capacity_bps: bits per second, or None.
    """

    __slots__ = ("_free_at", "capacity_bps")

    def __init__(self) -> None:
        self.capacity_bps: int | None = None
        self._free_at = 0.0

    def arrival(self, size: int, now: float) -> float:
        """When a packet of ``size`` octets that came now would have come out of the link.

        Never more than 0.4 s later than now: a peer that does not react must not drive the clock away.
        """
        if not self.capacity_bps:
            return now
        self._free_at = min(max(self._free_at, now) + size * 8 / self.capacity_bps, now + MAX_EXTRA_DELAY)
        return self._free_at
