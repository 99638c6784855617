"""The sender's half of retransmission: what was sent lately, to answer NACKs from."""

from __future__ import annotations

from collections.abc import Sequence


class SendHistory:
    """The last packets of one SSRC by sequence number; the oldest are overwritten.

    Args:
        max_packets: how many are kept; rounded up to a power of two.
        max_age: seconds after which a packet is no longer given.
        min_resend_interval: seconds within which a packet is given only once more: repeated NACKs cross repairs that
            are under way. A round-trip time is a good value; the attribute may be set at any time.
    """

    __slots__ = ("_entries", "_mask", "_max_age", "_resent_at", "min_resend_interval")

    def __init__(self, max_packets: int = 512, max_age: float = 2.0, *, min_resend_interval: float = 0.02) -> None:
        size = 1 << max(0, max_packets - 1).bit_length()
        self._mask = size - 1
        self._entries: list[tuple[int, bytes, float] | None] = [None] * size
        self._resent_at: dict[int, float] = {}
        self._max_age = max_age
        self.min_resend_interval = min_resend_interval

    def store(self, sequence_number: int, packet: bytes, now: float) -> None:
        """Keep a packet that is being sent; what form ``packet`` has (plain or protected) is the caller's choice."""
        self._entries[sequence_number & self._mask] = (sequence_number, packet, now)

    def store_frame(self, sequence_number: int, packets: Sequence[bytes], now: float) -> None:
        """Keep consecutive packets, the first of which has ``sequence_number``."""
        entries, mask = self._entries, self._mask
        for packet in packets:
            entries[sequence_number & mask] = (sequence_number, packet, now)
            sequence_number = sequence_number + 1 & 0xFFFF

    def find(self, sequence_number: int, now: float) -> bytes | None:
        """Give the packet to send again, or None: unknown, too old, or sent again a moment ago."""
        entry = self._entries[sequence_number & self._mask]
        if entry is None or entry[0] != sequence_number or now - entry[2] > self._max_age:
            return None
        resent_at = self._resent_at.get(sequence_number)
        # A time before the packet was stored is that of an older packet with the same number.
        if resent_at is not None and entry[2] <= resent_at and now - resent_at < self.min_resend_interval:
            return None
        if len(self._resent_at) > self._mask:
            self._resent_at.clear()
        self._resent_at[sequence_number] = now
        return entry[1]

    def clear(self) -> None:
        """Forget everything, as when the SSRC changes."""
        self._entries = [None] * len(self._entries)
        self._resent_at.clear()
