"""Puts packets of one SSRC into sequence order, with a bounded wait for those that are missing.

A packet that is next leaves at once, so that a source without loss sees no delay. Behind a gap, packets wait until the
gap is filled or the oldest of them has waited ``max_wait``; then the gap is skipped. The depacketizer sees the gap.
"""

from __future__ import annotations

from collections.abc import Sequence

from wsmedia.rtp.packet import RtpPacket
from wsmedia.rtp.wraparound import sequence_difference

_MAX_MISORDER = 100
"""How far behind a packet may be to count as late or repeated; beyond, the source may have restarted (RFC 3550 A.1)."""


class ReorderBuffer:
    """Bounded by ``max_packets`` and ``max_wait``; what does not fit makes the oldest gap be skipped.

    Args:
        max_wait: seconds that a packet waits at most for those before it; 0 never waits.
        max_packets: packets, received or missing, between the next expected and the newest.

    Attributes:
        packets_late: packets that came after their place was given up, and repetitions.
    """

    __slots__ = ("_max_packets", "_max_wait", "_next", "_restart", "_skipped", "_waiting", "max_wait", "packets_late")

    def __init__(self, max_wait: float = 0.2, max_packets: int = 512) -> None:
        self.max_wait = max_wait
        self._max_packets = max_packets
        self._next: int | None = None
        self._restart: tuple[int, int] | None = None  # the sequence number that would confirm it, and _next then
        self._waiting: dict[int, tuple[float, RtpPacket]] = {}
        self._skipped: list[int] = []
        self.packets_late = 0

    def push(self, packet: RtpPacket, now: float) -> Sequence[RtpPacket]:
        """Take a packet.

        Returns:
            The packets that are now in order, in order; often just this one.
        """
        sequence_number = packet.sequence_number
        expected = self._next
        if sequence_number == expected or expected is None:
            self._next = sequence_number + 1 & 0xFFFF
            return self._drain([packet]) if self._waiting else (packet,)
        if sequence_number in self._waiting:
            self.packets_late += 1
            return ()
        if sequence_difference(sequence_number, expected) < 0:
            return self._behind(packet)
        return self._ahead(packet, now)

    def poll(self, now: float) -> Sequence[RtpPacket]:
        """Give what has waited long enough; call it at ``next_timeout`` or on every packet."""
        if not self._waiting:
            return ()
        ready: list[RtpPacket] = []
        while self._waiting and now >= self._oldest() + self.max_wait:
            ready += self._skip()
        return ready

    def next_timeout(self) -> float | None:
        """When the oldest waiting packet will have waited long enough; None while nothing waits."""
        return self._oldest() + self.max_wait if self._waiting else None

    def take_skipped(self) -> list[int]:
        """Give and forget the sequence numbers that were given up since the last call, at most ``max_packets``."""
        skipped = self._skipped
        self._skipped = []
        return skipped

    def _expected(self) -> int:
        return 0 if self._next is None else self._next

    def _oldest(self) -> float:
        # Insertion order is arrival order.
        return next(iter(self._waiting.values()))[0]

    def _drain(self, ready: list[RtpPacket]) -> list[RtpPacket]:
        """Add what follows ``ready`` without a gap."""
        expected = self._expected()
        while (entry := self._waiting.pop(expected, None)) is not None:
            ready.append(entry[1])
            expected = expected + 1 & 0xFFFF
        self._next = expected
        return ready

    def _skip(self) -> list[RtpPacket]:
        """Give up the first gap and drain what stands behind it."""
        expected = self._expected()
        gap = min(sequence_number - expected & 0xFFFF for sequence_number in self._waiting)
        self._skipped = (self._skipped + [expected + offset & 0xFFFF for offset in range(gap)])[-self._max_packets :]
        self._next = expected + gap & 0xFFFF
        return self._drain([])

    def _ahead(self, packet: RtpPacket, now: float) -> Sequence[RtpPacket]:
        """A packet behind a gap: wait for the gap, making room by skipping older gaps."""
        sequence_number = packet.sequence_number
        ready: list[RtpPacket] = []
        while self._waiting and sequence_number - self._expected() & 0xFFFF >= self._max_packets:
            ready += self._skip()
        ahead = sequence_difference(sequence_number, self._expected())
        if 0 < ahead < self._max_packets:
            self._waiting[sequence_number] = (now, packet)
            if self.max_wait <= 0:
                ready += self._skip()
            return ready
        # It is next by now, or too far ahead to wait for what is between: go on from here.
        self._next = sequence_number + 1 & 0xFFFF
        return self._drain([*ready, packet])

    def _behind(self, packet: RtpPacket) -> Sequence[RtpPacket]:
        """A packet from the past is late, unless two in a row say that the source started over (RFC 3550 A.1)."""
        expected = self._expected()
        behind = expected - packet.sequence_number & 0xFFFF
        if behind <= _MAX_MISORDER or self._restart != (packet.sequence_number, expected):
            if behind > _MAX_MISORDER:
                self._restart = (packet.sequence_number + 1 & 0xFFFF, expected)
            self.packets_late += 1
            return ()
        self._restart = None
        ready = [waiting for _, waiting in self._waiting.values()]
        ready.sort(key=lambda waiting: waiting.sequence_number - expected & 0xFFFF)
        self._waiting.clear()
        self._next = packet.sequence_number + 1 & 0xFFFF
        return [*ready, packet]
