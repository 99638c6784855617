"""Counters behind RTCP reports: what a receiver tells of a source, and what a sender tells and learns of itself.

RFC 3550 appendix A.1 (sequence numbers), A.3 (loss) and A.8 (jitter). Packets are authenticated by SRTP before they
come here, so there is no probation of new sources.
"""

from __future__ import annotations

from wsmedia.rtp.rtcp import ReportBlock, SenderReport
from wsmedia.rtp.wraparound import timestamp_difference

_MAX_DROPOUT = 3000
_MAX_MISORDER = 100
_MAX_LOST = 0x7FFFFF


class ReceiveStatistics:
    """What a receiver knows about one SSRC.

    Args:
        ssrc: the source.
        clock_rate: ticks of its timestamp per second.

    Attributes:
        packets_received, octets_received: in all; duplicates count, payload octets only.
    """

    __slots__ = (
        "_base",
        "_clock_rate",
        "_cycles",
        "_expected_before",
        "_highest",
        "_jitter",
        "_last_sender_report",
        "_last_sender_report_at",
        "_received_before",
        "_restart",
        "_started",
        "_transit",
        "octets_received",
        "packets_received",
        "ssrc",
    )

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self.packets_received = 0
        self.octets_received = 0
        self._clock_rate = clock_rate
        self._started = False
        self._base = 0
        self._highest = 0
        self._cycles = 0
        self._restart: int | None = None
        self._transit: int | None = None
        self._jitter = 0.0
        self._expected_before = 0
        self._received_before = 0
        self._last_sender_report = 0
        self._last_sender_report_at = 0.0

    def received(self, sequence_number: int, rtp_timestamp: int, payload_size: int, now: float) -> None:
        """Count one packet of the source itself (not its RTX source).

        Args:
            sequence_number, rtp_timestamp: from its header.
            payload_size: octets.
            now: monotonic seconds of its arrival.
        """
        if not self._started:
            self._start(sequence_number)
        else:
            ahead = sequence_number - self._highest & 0xFFFF
            if ahead < _MAX_DROPOUT:
                if sequence_number < self._highest:
                    self._cycles += 0x10000
                self._highest = sequence_number
            elif ahead <= 0x10000 - _MAX_MISORDER:
                if sequence_number != self._restart:
                    self._restart = sequence_number + 1 & 0xFFFF
                    return
                self._start(sequence_number)  # two in a row: the source has restarted
        self.packets_received += 1
        self.octets_received += payload_size
        # Wrapping arithmetic as in A.8: only differences of transit times matter.
        transit = int(now * self._clock_rate) - rtp_timestamp
        if self._transit is not None:
            change = abs(timestamp_difference(transit & 0xFFFFFFFF, self._transit & 0xFFFFFFFF))
            self._jitter += (change - self._jitter) / 16
        self._transit = transit

    def sender_report_received(self, report: SenderReport, now: float) -> None:
        """Note a sender report of the source, for the round-trip times that it computes from our reports."""
        self._last_sender_report = report.ntp_timestamp >> 16 & 0xFFFFFFFF
        self._last_sender_report_at = now

    @property
    def highest_sequence_number(self) -> int:
        """Extended by the count of wraparounds, 32 bits."""
        return self._cycles + self._highest & 0xFFFFFFFF

    @property
    def packets_lost(self) -> int:
        """Expected minus received since the source began; negative when there were duplicates (A.3)."""
        return self._expected() - self.packets_received if self._started else 0

    @property
    def jitter_seconds(self) -> float:
        """Interarrival jitter."""
        return self._jitter / self._clock_rate

    def report_block(self, now: float) -> ReportBlock | None:
        """Make the block for the next report and begin a new interval for its loss fraction; None before a packet."""
        if not self._started:
            return None
        expected = self._expected()
        expected_interval = expected - self._expected_before
        received_interval = self.packets_received - self._received_before
        self._expected_before = expected
        self._received_before = self.packets_received
        lost_interval = expected_interval - received_interval
        fraction = 0
        if expected_interval > 0 and lost_interval > 0:
            fraction = min(255, lost_interval * 256 // expected_interval)
        delay = 0
        if self._last_sender_report:
            delay = min(0xFFFFFFFF, max(0, int((now - self._last_sender_report_at) * 65536)))
        return ReportBlock(
            self.ssrc,
            fraction,
            max(-_MAX_LOST, min(_MAX_LOST, self.packets_lost)),
            self.highest_sequence_number,
            min(0xFFFFFFFF, int(self._jitter)),
            self._last_sender_report,
            delay,
        )

    def _expected(self) -> int:
        return self._cycles + self._highest - self._base + 1

    def _start(self, sequence_number: int) -> None:
        self._started = True
        self._base = self._highest = sequence_number
        self._cycles = 0
        self._restart = None
        self._transit = None
        self.packets_received = 0
        self.octets_received = 0
        self._expected_before = 0
        self._received_before = 0


class SendStatistics:
    """What a sender counts of one SSRC for its sender reports, and the last report block about it.

    Attributes:
        packets_sent, octets_sent: in all; payload octets only (RFC 3550 §6.4.1).
        round_trip_time: seconds, from the last report block that allows to tell; None before.
        fraction_lost: 0.0 … 1.0, from the last report block.
        jitter: timestamp units, from the last report block.
    """

    __slots__ = ("fraction_lost", "jitter", "octets_sent", "packets_sent", "round_trip_time")

    def __init__(self) -> None:
        self.packets_sent = 0
        self.octets_sent = 0
        self.round_trip_time: float | None = None
        self.fraction_lost = 0.0
        self.jitter = 0

    def sent(self, payload_size: int) -> None:
        """Count one packet that is not a retransmission."""
        self.packets_sent += 1
        self.octets_sent += payload_size

    def report_received(self, block: ReportBlock, ntp_timestamp: int) -> None:
        """Take a report block about our SSRC.

        Args:
            block: from a sender or receiver report.
            ntp_timestamp: 64 bits, the time of its arrival on the clock that our sender reports show.
        """
        self.fraction_lost = block.fraction_lost / 256
        self.jitter = block.jitter
        measured = round_trip_time(block, ntp_timestamp)
        if measured is not None:
            self.round_trip_time = measured


def round_trip_time(block: ReportBlock, ntp_timestamp: int) -> float | None:
    """Compute the round-trip time in seconds (RFC 3550 §6.4.1, DLSR).

    Args:
        block: a report block about one of our sources.
        ntp_timestamp: 64 bits, the time of its arrival on the clock that our sender reports show.

    Returns:
        Seconds, at least 0; None when the block refers to no sender report or the result is beyond all reason.
    """
    if not block.last_sender_report:
        return None
    now = ntp_timestamp >> 16 & 0xFFFFFFFF
    elapsed = timestamp_difference(now, block.last_sender_report + block.delay_since_last_sender_report & 0xFFFFFFFF)
    seconds = elapsed / 65536
    return max(0.0, seconds) if -1.0 < seconds < 60.0 else None
