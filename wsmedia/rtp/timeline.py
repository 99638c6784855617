"""One time line for a participant's audio and video: RTP timestamps, NTP timestamps and capture times.

Sending: ``CaptureClock`` (one per participant) and its ``SendTimeline`` (one per track) turn the capture times of the
participant's own clock into sender reports on ours, so that the SFU's subscribers play audio and video in sync.
Receiving: ``RemoteClock`` (one per remote participant) and its ``ReceiveTimeline`` (one per track) turn the
peer's sender reports into capture times on our wall clock, estimated from arrival before the first report.

All times that are not RTP or NTP are microseconds since the Unix epoch.
"""

from __future__ import annotations

from wsmedia.rtp.wraparound import timestamp_difference

_NTP_EPOCH_OFFSET = 2_208_988_800
_MICROSECONDS = 1_000_000
_LEAK_PER_MILLION = 200
_MAX_PLAUSIBLE_LATENESS_US = 30 * _MICROSECONDS
_MAX_PLAUSIBLE_LEAD_US = 2 * _MICROSECONDS


def ntp_from_unix_us(unix_us: int) -> int:
    """Turn microseconds since 1970 into a 64-bit NTP timestamp (RFC 3550 §4, seconds since 1900 in 32.32)."""
    seconds, microseconds = divmod(unix_us, _MICROSECONDS)
    return ((seconds + _NTP_EPOCH_OFFSET & 0xFFFFFFFF) << 32) + (microseconds << 32) // _MICROSECONDS


def unix_us_from_ntp(ntp_timestamp: int) -> int:
    """Turn a 64-bit NTP timestamp into microseconds since 1970; rounds to the nearest."""
    seconds = (ntp_timestamp >> 32) - _NTP_EPOCH_OFFSET
    return seconds * _MICROSECONDS + ((ntp_timestamp & 0xFFFFFFFF) * _MICROSECONDS + 0x80000000 >> 32)


class ClockOffset:
    """Estimates how a remote clock differs from ours: the smallest (our arrival - their time) seen of late.

    It follows a faster remote at once and a slower one by at most 200 ppm, more than a quartz drifts: queueing moves it
    by no more than that. A step of either clock (over 2 s ahead, 30 s behind) starts it over.

    Attributes:
        steps: how often it has started, the first time included.
    """

    __slots__ = ("_offset_us", "_updated_us", "steps")

    def __init__(self) -> None:
        self.steps = 0
        self._offset_us: int | None = None
        self._updated_us = 0

    def update(self, remote_us: int, arrival_us: int) -> int:
        """Take one observation and give what to add to remote times to get ours.

        Args:
            remote_us: when something happened, on the remote clock.
            arrival_us: when it reached us, on ours.
        """
        observed = arrival_us - remote_us
        offset = self._offset_us
        if offset is None or not -_MAX_PLAUSIBLE_LEAD_US < observed - offset < _MAX_PLAUSIBLE_LATENESS_US:
            self.steps += 1
            self._updated_us = arrival_us
            self._offset_us = observed
            return observed
        if observed < offset:
            offset = observed
            self._updated_us = arrival_us
        else:
            leak = (arrival_us - self._updated_us) * _LEAK_PER_MILLION // _MICROSECONDS
            if leak > 0:
                offset = min(observed, offset + leak)
                self._updated_us = arrival_us
        self._offset_us = offset
        return offset

    @property
    def offset_us(self) -> int | None:
        """What to add to remote times to get ours; None before the first observation."""
        return self._offset_us


class CaptureClock:
    """Maps one participant's capture clock to ours; shared by all tracks that it sends."""

    __slots__ = ("_offset",)

    def __init__(self) -> None:
        self._offset = ClockOffset()

    def timeline(self, clock_rate: int) -> SendTimeline:
        """Make the time line of one more track."""
        return SendTimeline(self._offset, clock_rate)


class SendTimeline:
    """What the sender reports of one track say about time."""

    __slots__ = ("_capture_time_us", "_clock_rate", "_offset", "_rtp_timestamp", "_steps")

    def __init__(self, offset: ClockOffset, clock_rate: int) -> None:
        self._offset = offset
        self._clock_rate = clock_rate
        self._rtp_timestamp: int | None = None
        self._capture_time_us = 0
        self._steps = 0

    def sent(self, rtp_timestamp: int, capture_time_us: int, now_us: int) -> None:
        """Note a frame that is being sent.

        Args:
            rtp_timestamp: as in its packets.
            capture_time_us: on the participant's clock.
            now_us: our wall clock.
        """
        self._offset.update(capture_time_us, now_us)
        self._rtp_timestamp = rtp_timestamp
        self._capture_time_us = capture_time_us
        self._steps = self._offset.steps

    def report_times(self, now_us: int) -> tuple[int, int] | None:
        """Give (NTP timestamp, RTP timestamp) of the instant ``now_us`` for a sender report.

        None before a frame, and when a clock has stepped since the last one (which another track has shown). The RTP
        timestamp is extrapolated from the last frame's capture time (RFC 3550 §6.4.1).
        """
        offset_us = self._offset.offset_us
        if self._rtp_timestamp is None or offset_us is None or self._steps != self._offset.steps:
            return None
        elapsed_us = now_us - self._capture_time_us - offset_us
        ticks = elapsed_us * self._clock_rate // _MICROSECONDS
        return ntp_from_unix_us(now_us), self._rtp_timestamp + ticks & 0xFFFFFFFF


class RemoteClock:
    """Maps one remote participant's NTP clock to ours; shared by the time lines of all its tracks (one CNAME)."""

    __slots__ = ("_offset",)

    def __init__(self) -> None:
        self._offset = ClockOffset()

    def timeline(self, clock_rate: int) -> ReceiveTimeline:
        """Make the time line of one more track."""
        return ReceiveTimeline(self, clock_rate)

    def wall_us(self, remote_us: int, arrival_us: int) -> int:
        """Give a time of the remote clock on ours, having learnt from the arrival."""
        return remote_us + self._offset.update(remote_us, arrival_us)


class ReceiveTimeline:
    """Gives the capture time of a track's frames on our wall clock.

    With a sender report, frames of all tracks of the participant are exact relative to each other. Before it, a frame
    counts as captured when it would have arrived without jitter, which differs by the tracks' encoding times only.
    """

    __slots__ = ("_arrival", "_clock", "_clock_rate", "_reference_rtp", "_reference_us", "_rtp_timestamp", "_ticks")

    def __init__(self, clock: RemoteClock, clock_rate: int) -> None:
        self._clock = clock
        self._clock_rate = clock_rate
        self._arrival = ClockOffset()
        self._reference_rtp: int | None = None
        self._reference_us = 0
        self._rtp_timestamp: int | None = None
        self._ticks = 0

    def sender_report(self, ntp_timestamp: int, rtp_timestamp: int) -> None:
        """Take what a sender report says; an NTP timestamp of 0 says nothing (RFC 3550 §6.4.1)."""
        if ntp_timestamp:
            self._reference_rtp = rtp_timestamp
            self._reference_us = unix_us_from_ntp(ntp_timestamp)

    def capture_time_us(self, rtp_timestamp: int, arrival_us: int) -> int:
        """Give when a frame was captured, on our wall clock.

        Args:
            rtp_timestamp: of the frame; may wrap, may go backwards a little.
            arrival_us: when its first packet arrived.

        Returns:
            Microseconds since the Unix epoch, never negative and not after ``arrival_us``.
        """
        if self._rtp_timestamp is not None:
            self._ticks += timestamp_difference(rtp_timestamp, self._rtp_timestamp)
        self._rtp_timestamp = rtp_timestamp
        media_us = self._ticks * _MICROSECONDS // self._clock_rate
        estimate = media_us + self._arrival.update(media_us, arrival_us)
        if self._reference_rtp is not None:
            ticks = timestamp_difference(rtp_timestamp, self._reference_rtp)
            remote_us = self._reference_us + ticks * _MICROSECONDS // self._clock_rate
            estimate = self._clock.wall_us(remote_us, arrival_us)
        return max(0, min(estimate, arrival_us))
