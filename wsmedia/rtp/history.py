"""The sender's half of retransmission: what was sent lately, to answer NACKs from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class _Sent:
    sequence_number: int
    packet: bytes
    sent_at: float
    resent_at: float


class SendHistory:
    """The last packets of one SSRC by sequence number; the oldest are overwritten.

    Args:
        max_packets: how many are kept; rounded up to a power of two.
        max_age: seconds after which a packet is no longer given.
        min_resend_interval: seconds within which a packet is given only once more: repeated NACKs cross repairs that
            are under way. A round-trip time is a good value; the attribute may be set at any time.
    """

    __slots__ = ("_entries", "_mask", "_max_age", "min_resend_interval")

    def __init__(self, max_packets: int = 512, max_age: float = 2.0, *, min_resend_interval: float = 0.02) -> None:
        size = 1 << max(0, max_packets - 1).bit_length()
        self._mask = size - 1
        self._entries: list[_Sent | None] = [None] * size
        self._max_age = max_age
        self.min_resend_interval = min_resend_interval

    def store(self, sequence_number: int, packet: bytes, now: float) -> None:
        """Keep a packet that is being sent; what form ``packet`` has (plain or protected) is the caller's choice."""
        self._entries[sequence_number & self._mask] = _Sent(sequence_number, packet, now, -1e9)

    def find(self, sequence_number: int, now: float) -> bytes | None:
        """Give the packet to send again, or None: unknown, too old, or sent again a moment ago."""
        entry = self._entries[sequence_number & self._mask]
        if entry is None or entry.sequence_number != sequence_number:
            return None
        if now - entry.sent_at > self._max_age or now - entry.resent_at < self.min_resend_interval:
            return None
        entry.resent_at = now
        return entry.packet

    def clear(self) -> None:
        """Forget everything, as when the SSRC changes."""
        self._entries = [None] * len(self._entries)
