"""How much may be in flight, and what the encoders together should send: one controller over all lanes of a session.

Loss and congestion look alike on TCP: messages arrive late. They differ in the least delay. A lost segment stalls a
lane, and when it is repaired everything behind it arrives at once, the last of it hardly delayed: the least delay stays
flat. A full queue delays every message: the least delay rises. Only the latter cuts the window and the estimate; a
queue that drains by itself cuts nothing. The window follows what the path takes without queueing; the estimate follows
the delivered rate down and grows gently near the rate at which the path was last full, quickly elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wsmedia.session.competition import Competition
from wsmedia.session.delay import DeliveredRate, QueueingDelay, RecentMinimum

START_WINDOW = 30_000
MIN_WINDOW = 6_000
MAX_WINDOW = 1_000_000

MAX_EXCESS = 0.12
"""Seconds' worth of the peak rate that may be in flight beyond what a round trip holds."""

START_BITRATE = 1_000_000
MIN_BITRATE = 100_000
MAX_BITRATE = 20_000_000

WINDOW_CUT_DELAY = 0.045
WINDOW_DEEP_CUT_DELAY = 0.09
BITRATE_CUT_DELAY = 0.06
QUEUEING_DELAY = 0.025
CONGESTED_DELAY = 0.05
GROWTH_DELAY = 0.03
WINDOW_GROWTH_DELAY = 0.02
CUT_INTERVAL = 0.2
"""Seconds, and a round trip more, between two cuts: the first must have had time to show."""
GROWTH_PAUSE = 0.5
"""Seconds, and a round trip more, without growth after a cut."""

NEAR_GROWTH = 0.1
FAR_GROWTH = 0.5
NEAR = 0.15
"""Growth per second within this share of the rate at which the path was last full, and far from it."""
PROBE_FACTOR = 1.5
PROBE_MARGIN = 200_000
"""The estimate grows no further than this above what was delivered: nothing has shown that there is more."""
HELD = 0.7
"""The part of the estimate that has to be delivered beside somebody else's queue; with less our share is smaller."""
HELD_EXCESS = 0.1
"""Seconds' worth of the estimate that may be in flight there beyond what a round trip holds, for keyframes."""
CHANGE_TO_TELL = 0.05


@dataclass(frozen=True, slots=True)
class PathStatistics:
    """How the path is, for logs, charts and tests.

    Attributes:
        bitrate_bps: what the path can carry now, as estimated.
        delivered_bps: what the far end received lately.
        round_trip: smoothed seconds, None before the first acknowledgement.
        queueing_delay: seconds that messages wait on the path beyond the least seen.
        in_flight_bytes: sent and not acknowledged, all lanes.
        window_bytes: how much may be in flight.
        backlog: seconds that the oldest queued video frame has waited; skip a frame before encoding above 0.07.
        frames_dropped: outgoing frames dropped since the session began.
        fragments_late: incoming pieces that nobody needed any more, since the session began: the far end's parity and
            hedges, of which few should be for nothing.
    """

    bitrate_bps: int
    delivered_bps: int
    round_trip: float | None
    queueing_delay: float
    in_flight_bytes: int
    window_bytes: int
    backlog: float
    frames_dropped: int
    fragments_late: int


class CongestionController:
    """Window and estimate. ``now`` is monotonic seconds; rates are bits per second, sizes octets."""

    def __init__(self) -> None:
        self.window = START_WINDOW
        self.limit = START_WINDOW
        """Octets that may be in flight: the window, but no more than the path has lately shown to carry in time."""
        self.bitrate_bps = START_BITRATE
        self.round_trip: float | None = None
        """Smoothed seconds."""
        self.delay = QueueingDelay()
        self.delivered = DeliveredRate()
        self.competition = Competition()
        self._max_bitrate = MAX_BITRATE
        self._told_bps = START_BITRATE
        self._least_round_trip = RecentMinimum(10.0)
        self._base_round_trip = 0.0
        self._slow_start = True
        self._was_limited = False
        self._full_at_bps: int | None = None
        self._window_cut_at = -math.inf
        self._bitrate_cut_at = -math.inf
        self._updated_at: float | None = None

    def set_max_bitrate(self, bitrate_bps: int) -> None:
        """The far end accepts no more than this."""
        self._max_bitrate = min(MAX_BITRATE, max(bitrate_bps, MIN_BITRATE))
        self.bitrate_bps = min(self.bitrate_bps, self._max_bitrate)

    def allows_video(self, in_flight: int) -> bool:
        """Whether another video frame may leave; noted, because only a window that limits may grow."""
        if in_flight < self.limit:
            return True
        self._was_limited = True
        return False

    def path_changed(self) -> None:
        """All lanes were lost: what comes next may be another network. Begin again, carefully."""
        self.window = self.limit = START_WINDOW
        self.bitrate_bps = min(self.bitrate_bps, max(START_BITRATE, self.bitrate_bps // 2))
        self.delay = QueueingDelay()
        self.delivered = DeliveredRate()
        self.competition = Competition()
        self.round_trip = None
        self._least_round_trip = RecentMinimum(10.0)
        self._slow_start = True
        self._full_at_bps = None
        self._updated_at = None

    def acknowledged(
        self, *, octets: int, delay: float, round_trip: float, at: float, now: float, many_lanes: bool = False
    ) -> None:
        """Take what one ACK says about one lane.

        Args:
            octets: newly acknowledged.
            delay: arrival of the last of them, on their clock, minus its departure on ours.
            round_trip: seconds, without the time that the far end held the ACK.
            at: when the far end sent the ACK, on its clock.
            now: our clock.
            many_lanes: whether several lanes carry data, of which some may be stalled.
        """
        round_trip = max(round_trip, 0.0)
        self.round_trip = round_trip if self.round_trip is None else 0.875 * self.round_trip + 0.125 * round_trip
        self._base_round_trip = self._least_round_trip.add(round_trip, now)
        self.delay.add(delay, now, many_lanes=many_lanes)
        self.delivered.add(octets, at, now)
        elapsed = 0.0 if self._updated_at is None else min(now - self._updated_at, 0.1)
        self._updated_at = now
        least = self.delay.least
        if least is not None:
            if least > WINDOW_CUT_DELAY:
                self.competition.queue_stays(least, self.delivered.peak_bps, now)
                if self.competition.is_on:
                    self._hold_share(elapsed, now)
                else:
                    self._full_path(least, now)
            else:
                if least < WINDOW_GROWTH_DELAY:
                    self.competition.queue_is_gone()
                self._free_path(least, octets, elapsed, now)
            self._was_limited = False
        # A path that was wide may be narrow a moment later, and then all that is in flight is queue.
        shown = int(self.delivered.peak_bps / 8 * (self._base_round_trip + MAX_EXCESS))
        self.limit = self.window if self.competition.is_on else min(self.window, max(START_WINDOW, shown))

    def _hold_share(self, elapsed: float, now: float) -> None:
        """The queue is somebody else's: take a share of the path as long as it is delivered, however long it waits."""
        round_trip = self.round_trip or 0.0
        if self._was_limited and self.delivered.bps < HELD * self.bitrate_bps:
            if self._bitrate_cut_at <= now - CUT_INTERVAL - round_trip:
                self._bitrate_cut_at = now
                self.bitrate_bps = max(int(0.85 * self.delivered.bps), MIN_BITRATE)
        else:
            share = min(self.competition.share_bps, self._ceiling)
            grown = int(self.bitrate_bps * (1 + FAR_GROWTH * elapsed)) + 1
            self.bitrate_bps = max(self.bitrate_bps, min(share, grown))
        self.window = max(MIN_WINDOW, int(self.bitrate_bps / 8 * (round_trip + HELD_EXCESS)))

    def _full_path(self, least: float, now: float) -> None:
        if self.delay.is_draining:
            return
        earlier = now - CUT_INTERVAL - self._base_round_trip
        if self._window_cut_at <= earlier:
            self._window_cut_at = now
            self._slow_start = False
            # Never below what keeps the path busy at the rate that it shows.
            busy = int(self.delivered.bps / 8 * (self._base_round_trip + 0.03))
            factor = 0.6 if least > WINDOW_DEEP_CUT_DELAY else 0.8
            self.window = max(MIN_WINDOW, busy, int(min(self.window, self.limit) * factor))
        # A window that limits hides the queue on our own side: then a little delay on the path says as much.
        if self._bitrate_cut_at <= earlier and (least > BITRATE_CUT_DELAY or self._was_limited):
            self._bitrate_cut_at = now
            self.competition.cut()
            self._full_at_bps = self.delivered.bps
            # Half at most, of what was shown lately: what was delivered may have been little because little was sent.
            shown = min(self.bitrate_bps, self.delivered.peak_bps)
            target = max(int(0.85 * self.delivered.bps), shown // 2, MIN_BITRATE)
            self.bitrate_bps = min(self.bitrate_bps, target)

    def _free_path(self, least: float, octets: int, elapsed: float, now: float) -> None:
        if least < WINDOW_GROWTH_DELAY and self._was_limited:
            self.window = min(self.window + (octets if self._slow_start else octets // 5), MAX_WINDOW)
        growth_delay = WINDOW_GROWTH_DELAY if self._was_limited else GROWTH_DELAY
        cut_at = max(self._window_cut_at, self._bitrate_cut_at)
        if least > growth_delay or now - cut_at < GROWTH_PAUSE + self._base_round_trip:
            return
        ceiling = self._ceiling
        if self.bitrate_bps < ceiling:
            growth = self._growth_per_second() * elapsed
            self.bitrate_bps = min(ceiling, int(self.bitrate_bps * (1 + growth)) + 1)

    @property
    def _ceiling(self) -> int:
        return min(self._max_bitrate, int(PROBE_FACTOR * self.delivered.peak_bps) + PROBE_MARGIN)

    def _growth_per_second(self) -> float:
        if not self._full_at_bps:
            return FAR_GROWTH
        beyond_near = abs(self.bitrate_bps / self._full_at_bps - 1) - NEAR
        return NEAR_GROWTH if beyond_near <= 0 else min(FAR_GROWTH, NEAR_GROWTH + beyond_near)

    @property
    def is_queueing(self) -> bool:
        """Whether all messages wait on the path, and none of them because a stall has just ended."""
        return self._waits_beyond(QUEUEING_DELAY)

    @property
    def is_congested(self) -> bool:
        """Whether they wait for long."""
        return self._waits_beyond(CONGESTED_DELAY)

    def _waits_beyond(self, delay: float) -> bool:
        return self.delay.least is not None and self.delay.least > delay and not self.delay.is_draining

    def take_change(self, cost: float) -> int | None:
        """The estimate of what is left for media, if it has moved noticeably since it was last taken.

        ``cost``: octets that leave for each octet of media, redundancy included.
        """
        bitrate_bps = int(self.bitrate_bps / cost)
        if abs(bitrate_bps - self._told_bps) < CHANGE_TO_TELL * self._told_bps:
            return None
        self._told_bps = bitrate_bps
        return bitrate_bps
