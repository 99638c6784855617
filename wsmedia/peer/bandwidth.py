"""How much the path to the peer can carry: its REMB if it sends one, else an estimate from transport-cc feedback.

The estimate is deliberately simple. Queueing delay (how much later than the quickest of late packets arrive) and loss
push it down from what was delivered; calm lets it grow. Between a gateway and an SFU in one data centre it only has to
notice trouble and to get out of its way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from wsmedia.rtp.twcc import TransportFeedback

MIN_BITRATE_BPS = 80_000
MAX_BITRATE_BPS = 20_000_000
REMB_LIFETIME = 6.0

_SENT_PACKETS = 4096
_BASE_WINDOW = 10.0
_RATE_WINDOW = 0.5
_HIGH_DELAY = 0.060
_LOW_DELAY = 0.025
_HIGH_LOSS = 0.10
_LOW_LOSS = 0.02
_DECREASE_INTERVAL = 0.3
_GROWTH_PER_SECOND = 0.08
_HEADROOM = 1.5


class BandwidthEstimator:
    """One for all senders of a connection; memory bounded by 4096 sent packets.

    Args:
        initial_bps: the target before anything is known.

    Attributes:
        target_bps: what all senders together should not exceed.
    """

    def __init__(self, initial_bps: int) -> None:
        self.target_bps = initial_bps
        self._estimate = float(initial_bps)
        self._sent: list[tuple[int, float, int] | None] = [None] * _SENT_PACKETS
        self._base: deque[tuple[float, float]] = deque()
        self._delivered: deque[tuple[float, int]] = deque()
        self._delivered_octets = 0
        self._remb_bps: int | None = None
        self._remb_at = 0.0
        self._decreased_at = -1e9
        self._updated_at: float | None = None

    def sent(self, transport_number: int, size: int, now: float) -> None:
        """Note a packet on its way out."""
        self._sent[transport_number & _SENT_PACKETS - 1] = (transport_number, now, size)

    def sent_frame(self, transport_number: int, packets: Sequence[bytes], now: float) -> None:
        """Note packets with consecutive numbers, the first of which has ``transport_number``."""
        sent = self._sent
        for packet in packets:
            sent[transport_number & _SENT_PACKETS - 1] = (transport_number, now, len(packet))
            transport_number = transport_number + 1 & 0xFFFF

    def remb_received(self, bitrate_bps: int, now: float) -> int:
        """Take the peer's own estimate, which rules for six seconds; gives the new target."""
        self._remb_bps = bitrate_bps
        self._remb_at = now
        return self._settle(now)

    def feedback_received(self, feedback: TransportFeedback, now: float) -> int:
        """Take one transport-cc feedback packet; gives the new target."""
        lost = octets = 0
        arrival = 0.0
        delays: list[float] = []
        for number, arrival_us in feedback.arrivals():
            entry = self._sent[number & _SENT_PACKETS - 1]
            if entry is None or entry[0] != number:
                continue
            if arrival_us is None:
                lost += 1
                continue
            arrival = arrival_us / 1e6
            octets += entry[2]
            delays.append(arrival - entry[1])
        if delays:
            self._delivered.append((arrival, octets))
            self._delivered_octets += octets
            delay = self._queueing_delay(min(delays), sum(delays) / len(delays), now)
            self._adapt(delay, lost / (lost + len(delays)), self._delivered_bps(), now)
        return self._settle(now)

    def _queueing_delay(self, smallest: float, mean: float, now: float) -> float:
        """Mean one-way delay above the smallest of the last ten seconds; the clocks' offset cancels out."""
        while self._base and self._base[-1][1] >= smallest:
            self._base.pop()
        self._base.append((now, smallest))
        while now - self._base[0][0] > _BASE_WINDOW:
            self._base.popleft()
        return mean - self._base[0][1]

    def _delivered_bps(self) -> float:
        """What arrived over the last half second."""
        delivered = self._delivered
        last = delivered[-1][0]
        while last - delivered[0][0] > _RATE_WINDOW or len(delivered) > _SENT_PACKETS:
            self._delivered_octets -= delivered.popleft()[1]
        return self._delivered_octets * 8 / _RATE_WINDOW

    def _adapt(self, delay: float, loss: float, delivered_bps: float, now: float) -> None:
        elapsed = 0.0 if self._updated_at is None else min(1.0, now - self._updated_at)
        self._updated_at = now
        if delay > _HIGH_DELAY or loss > _HIGH_LOSS:
            if now - self._decreased_at < _DECREASE_INTERVAL:
                return
            self._decreased_at = now
            factor = 0.85 if delay > _HIGH_DELAY else 1 - loss / 2
            self._estimate = max(min(self._estimate, delivered_bps) * factor, self._estimate / 2)
        elif delay < _LOW_DELAY and loss < _LOW_LOSS:
            # An application that sends less than it may proves nothing: grow only so far beyond what was delivered.
            grown = self._estimate * (1 + _GROWTH_PER_SECOND * elapsed) + 20_000 * elapsed
            self._estimate = max(self._estimate, min(grown, delivered_bps * _HEADROOM))

    def _settle(self, now: float) -> int:
        self._estimate = min(MAX_BITRATE_BPS, max(MIN_BITRATE_BPS, self._estimate))
        target = self._estimate
        if self._remb_bps is not None and now - self._remb_at < REMB_LIFETIME:
            target = self._remb_bps
        self.target_bps = int(min(MAX_BITRATE_BPS, max(MIN_BITRATE_BPS, target)))
        return self.target_bps
