"""The receiver's half of retransmission: which packets are missing, and when to ask for them (RFC 4585 §6.2.1).

Sees every packet of one SSRC as it arrives, repaired ones included; the peer core sends what ``requests`` gives.
"""

from __future__ import annotations

from dataclasses import dataclass

from wsmedia.rtp.wraparound import sequence_difference

_MIN_RETRY_INTERVAL = 0.02
_RETRY_MARGIN = 0.005


@dataclass(slots=True)
class _Missing:
    since: float
    next_request: float
    requests: int = 0


class NackGenerator:
    """Finds gaps and asks again at intervals of a round trip, within bounds.

    Args:
        max_missing: gaps that are tracked; the oldest are given up beyond it. A jump further than this gives up all.
        max_requests: how often one packet is asked for.
        max_age: seconds after which a packet is given up: when it comes, nobody waits for it any more.
        reorder_tolerance: seconds by which a packet may merely be late before it is asked for.
        round_trip_time: seconds, until ``round_trip_time`` is set to something measured.
    """

    def __init__(
        self,
        *,
        max_missing: int = 256,
        max_requests: int = 10,
        max_age: float = 1.0,
        reorder_tolerance: float = 0.0,
        round_trip_time: float = 0.05,
    ) -> None:
        self.round_trip_time = round_trip_time
        self._max_missing = max_missing
        self._max_requests = max_requests
        self._max_age = max_age
        self._reorder_tolerance = reorder_tolerance
        self._highest: int | None = None
        self._missing: dict[int, _Missing] = {}

    def received(self, sequence_number: int, now: float) -> bool:
        """Note a packet.

        Returns:
            True if it was missing before: it came late or was repaired.
        """
        highest = self._highest
        if highest is None or sequence_number == highest + 1 & 0xFFFF:
            self._highest = sequence_number
            return False
        ahead = sequence_difference(sequence_number, highest)
        if ahead <= 0:
            return self._missing.pop(sequence_number, None) is not None
        self._highest = sequence_number
        if ahead > self._max_missing:
            self._missing.clear()
            return False
        for offset in range(1, ahead):
            self._missing[highest + offset & 0xFFFF] = _Missing(now, now + self._reorder_tolerance)
        if (excess := len(self._missing) - self._max_missing) > 0:
            self.forget(list(self._missing)[:excess])
        return False

    def requests(self, now: float) -> list[int]:
        """Give the sequence numbers to ask for now, oldest first; each counts as asked."""
        if not self._missing:
            return []
        due: list[int] = []
        hopeless: list[int] = []
        interval = max(self.round_trip_time + _RETRY_MARGIN, _MIN_RETRY_INTERVAL)
        for sequence_number, missing in self._missing.items():
            if now >= missing.since + self._max_age:
                hopeless.append(sequence_number)
            elif missing.next_request <= now:
                if missing.requests >= self._max_requests:
                    hopeless.append(sequence_number)
                    continue
                missing.requests += 1
                missing.next_request = now + interval
                due.append(sequence_number)
        self.forget(hopeless)
        return due

    def next_timeout(self) -> float | None:
        """When to call ``requests`` again; None while nothing is missing."""
        if not self._missing:
            return None
        return min(min(missing.next_request, missing.since + self._max_age) for missing in self._missing.values())

    def forget(self, sequence_numbers: list[int]) -> None:
        """Stop asking for packets that nobody waits for any more (``ReorderBuffer.take_skipped``)."""
        for sequence_number in sequence_numbers:
            self._missing.pop(sequence_number, None)
