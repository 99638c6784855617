"""How much of a message is sent twice, and over how many lanes: decided by how often a lane comes late.

A lost segment stalls its TCP connection for a round trip or more, and everything behind it. Acknowledgements show that
as a message that arrives after younger ones of other lanes. From the share of such messages follow the number of lanes
worth having, and for each frame the number of fragments and of parity fragments that make it decodable in time at the
least cost. While the path is congested nothing is sent twice: it would only feed the queue.
"""

from __future__ import annotations

import math
from collections import deque
from functools import lru_cache
from typing import NamedTuple

from wsmedia.session.blocks import MAX_SPARES

CLEAN_FRAGMENT = 16_000
"""Octets of a fragment while lanes do not come late: large ones cost least, small ones let audio pass."""
LOSSY_FRAGMENT = 1_350
"""Octets that fit one TCP segment together with the headers of fragment, WebSocket and TLS."""
FRAGMENT_COST = 100
"""Octets of all headers of one fragment on the wire: Ethernet aside, IP, TCP, TLS, WebSocket and our own."""
MAX_DATA_COUNT = 200
MORE_FRAGMENTS = 4
"""A frame may be cut into as many fragments more than it needs: smaller ones make parity cheaper."""
MAX_SPARE_SHARE = 2 / 3

TARGET_LATE = 0.015
"""The share of frames that may be late beyond their parity; hedges catch those."""
RELAXED_TARGET_LATE = 0.08
"""The same of frames to which no other refers, and of keyframes."""

LOSSY = 0.0015
"""The share of late messages from which on a path counts as lossy."""
LANES_WANTED = ((0.03, 24), (0.012, 16), (0.004, 8), (LOSSY, 4))
CLEAN_LANES = 2
LANE_PATIENCE = 30.0
"""Seconds for which a smaller number of lanes has to suffice before it is wanted."""

FAST = 1 / 200
SLOW = 1 / 1000
"""Weight of one message in the two running estimates; the larger of them counts: quick to rise, slow to forget."""
SNAPSHOT_INTERVAL = 0.25
SNAPSHOTS = 3
"""The estimates of so many times so many seconds ago are kept, for a queue that grows is told from loss only then."""
CONGESTED_TIME = 1.5
"""Seconds without redundancy after a sign of congestion."""
_SHARE_STEPS = (
    0.0015,
    0.002,
    0.003,
    0.004,
    0.006,
    0.008,
    0.01,
    0.0125,
    0.015,
    0.0175,
    0.02,
    0.0225,
    0.025,
    0.028,
    0.032,
    0.036,
    0.04,
    0.045,
    0.05,
    0.056,
    0.063,
    0.071,
    0.08,
    0.09,
    0.1,
    0.11,
    0.125,
    0.14,
    0.16,
    0.18,
    0.2,
    0.25,
    0.3,
)


class Plan(NamedTuple):
    """Into how many fragments a message is cut, and how many parity fragments are added."""

    data_count: int
    spare_count: int


WHOLE = Plan(1, 0)


class Redundancy:
    """The running estimate, and what follows from it; ``now`` is monotonic seconds."""

    def __init__(self) -> None:
        self._fast = 0.0
        self._snapshots = deque([(0.0, 0.0, -math.inf)], maxlen=SNAPSHOTS)
        self._slow = 0.0
        self._congested_until = -math.inf
        self.lanes = CLEAN_LANES
        """How many lanes serve best; more at once, fewer only when they have sufficed for a while."""
        self._enough_since = -math.inf

    @property
    def late_share(self) -> float:
        """The share of messages that came after younger ones, 0 … 1."""
        return max(self._fast, self._slow)

    def acknowledged(self, *, late: bool, now: float) -> None:
        """Take one acknowledged message. What is late in a congested path says nothing about loss."""
        if now < self._congested_until:
            return
        news = 1.0 if late else 0.0
        if now - self._snapshots[-1][2] >= SNAPSHOT_INTERVAL:
            self._snapshots.append((self._fast, self._slow, now))
        self._fast += FAST * (news - self._fast)
        self._slow += SLOW * (news - self._slow)
        enough = next((lanes for least, lanes in LANES_WANTED if self._slow >= least), CLEAN_LANES)
        if enough >= self.lanes or now - self._enough_since >= LANE_PATIENCE:
            self.lanes = enough
            self._enough_since = now

    def congested(self, now: float) -> None:
        """The queue of the path is long: what was late while it grew was not lost."""
        if now >= self._congested_until:
            fast, slow, _ = self._snapshots[0]
            self._fast, self._slow = min(fast, self._fast), min(slow, self._slow)
        self._congested_until = now + CONGESTED_TIME

    def is_congested(self, now: float) -> bool:
        """Whether it was lately."""
        return now < self._congested_until

    def is_lossy(self, now: float) -> bool:
        """Whether redundancy is worth its bytes."""
        return self._slow >= LOSSY and now >= self._congested_until

    def plan(self, size: int, lanes: int, now: float, *, relaxed: bool) -> Plan:
        """How to send a frame of that many octets over that many lanes; ``relaxed``: it may be late more often."""
        if lanes < 2 or not self.is_lossy(now):
            return Plan(whole_count(size, -(-size // CLEAN_FRAGMENT)), 0)
        share = next((step for step in _SHARE_STEPS if step >= self.late_share), _SHARE_STEPS[-1])
        target = RELAXED_TARGET_LATE if relaxed else TARGET_LATE
        data_count, spare_count = cheapest_plan(-(-size // 256) * 256, lanes, share, target)
        return Plan(whole_count(size, data_count), spare_count)


def whole_count(size: int, data_count: int) -> int:
    """So many parts, or fewer: of parts that are equally large, but the last, none may be empty."""
    return -(-size // -(-size // data_count))


@lru_cache(maxsize=4096)
def cheapest_plan(size: int, lanes: int, late_share: float, target: float) -> Plan:
    """The plan of least bytes by which a message misses its time with a probability of at most ``target``.

    If none within the bounds reaches it, the one that comes nearest.
    """
    least = min(max(1, -(-size // LOSSY_FRAGMENT)), MAX_DATA_COUNT)
    best = WHOLE
    best_rank = (math.inf, math.inf)
    for data_count in range(least, min(least + MORE_FRAGMENTS, MAX_DATA_COUNT) + 1):
        for spare_count in range(min(math.ceil(data_count * MAX_SPARE_SHARE), MAX_SPARES) + 1):
            probability = late_probability(data_count, spare_count, lanes, late_share)
            cost = (data_count + spare_count) * (size / data_count + FRAGMENT_COST)
            rank = (max(probability, target), cost)
            if rank < best_rank:
                best, best_rank = Plan(data_count, spare_count), rank
            if probability <= target:
                break
    return best


def late_probability(data_count: int, spare_count: int, lanes: int, late_share: float) -> float:
    """The probability that fewer than ``data_count`` of all fragments are in time.

    Fragments are spread evenly; those of one lane are late together.
    """
    count = data_count + spare_count
    used = min(count, lanes)
    on_a_lane = -(-count // used)
    lane_late = 1 - (1 - late_share) ** on_a_lane
    tolerated = spare_count // on_a_lane
    in_time = sum(
        math.comb(used, late) * lane_late**late * (1 - lane_late) ** (used - late) for late in range(tolerated + 1)
    )
    return max(1 - in_time, 0.0)
