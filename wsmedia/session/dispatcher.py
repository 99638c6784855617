"""Which lane carries what: pieces of blocks to the lanes that are quickest, and more pieces when some come late.

A lane that was overtaken by younger data of another one is stalled, and gets nothing until it has caught up. Of the
others the one with the least in flight is next, one that has no piece of the block before one that has. On a clean path
the first lane is kept for CONTROL and audio, so that they never stand behind a large frame.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Container, Mapping

from wsmedia.session.blocks import Block, Urgency
from wsmedia.session.lane import Lane, Sent, best_rank
from wsmedia.session.redundancy import Redundancy

HEDGE_DELAY = 0.018
"""Seconds by which something younger must have left, and arrived, for a block to get more pieces."""
TAIL_PATIENCE = 0.15
"""Seconds, and two round trips more, after which a block gets more pieces though nothing younger has arrived."""
MAX_HEDGES = 3
"""How many times a block gets more pieces."""
HEDGE_SHARE = 0.2
MAX_HEDGE_BYTES = 20_000
"""Hedges may be this share of what else is sent, and that many octets at once: suspicion must not feed a queue."""
MAX_OPEN_TIME = 2.0
"""Seconds after which a block that was not acknowledged is of no interest any more; CONTROL always is."""
MAX_OPEN = 512
MAX_WAITING_TIME = 0.5
"""Seconds after which a frame of which pieces still wait is given up, with everything up to the next keyframe."""
ALONE_TIME = 1.0
"""Seconds for which only audio, or only video, has been sent when it may use the other's lanes, too."""
CONGESTED_LANES = 2
"""How many lanes carry video while the path is congested."""
COST_MEMORY = 0.99
"""How much of the count of octets is kept from one block to the next."""


class Dispatcher:
    """The pieces that wait for a lane, and the blocks whose acknowledgement is awaited.

    Args:
        lanes: the session's lanes by id; they come and go.
        redundancy: whether the path is lossy or congested.
    """

    def __init__(self, lanes: Mapping[int, Lane], redundancy: Redundancy) -> None:
        self._lanes = lanes
        self._redundancy = redundancy
        self._waiting: tuple[deque[Block], ...] = tuple(deque() for _ in Urgency)
        self._open: deque[Block] = deque()
        self._given_at = [-math.inf] * len(Urgency)
        self._message_bytes = 0.0
        self._piece_bytes = 0.0
        self._hedge_bytes = float(MAX_HEDGE_BYTES)
        self.newest_acknowledged = -math.inf
        """When the youngest message left that has arrived, on whatever lane."""
        self.round_trip = 0.0
        """Smoothed seconds."""

    @property
    def cost(self) -> float:
        """How many octets leave for each octet of a message, lately; at least 1."""
        return max(1.0, self._piece_bytes / self._message_bytes) if self._message_bytes else 1.0

    # What is in flight.

    @property
    def bytes_in_flight(self) -> int:
        """Octets that fill the path: of lanes that are not stalled, but at least half of all."""
        total = moving = 0
        for lane in self._lanes.values():
            total += lane.in_flight_bytes
            if not lane.is_stalled(self.newest_acknowledged):
                moving += lane.in_flight_bytes
        return max(moving, total // 2)

    def acknowledged(self, sent: Sent) -> None:
        """A message has arrived."""
        if sent.block is not None:
            sent.block.acknowledged += 1

    def hedge(self, now: float) -> None:
        """Ask overdue blocks for more pieces: when ``newest_acknowledged`` has moved, and at ``next_hedge_at``."""
        self._forget(now)
        sent_before = now - self._tail_patience
        overtaken = self.newest_acknowledged - HEDGE_DELAY
        may_hedge = len(self._lanes) > 1 and not self._redundancy.is_congested(now)
        for block in self._open:
            if block.sent_at > max(overtaken, sent_before) or block.to_send or block.is_delivered:
                continue
            missing = block.data_count - block.acknowledged
            octets = block.piece_size * missing
            if may_hedge and block.hedges < MAX_HEDGES and octets <= self._hedge_bytes:
                self._hedge_bytes -= octets
                block.hedges += 1
                self._ask_for_more(block, missing if block.data_count == 1 else missing + 1)

    def next_hedge_at(self, handled_at: float) -> float | None:
        """When ``hedge`` may have something to do though no ACK comes, later than ``handled_at``; None: never."""
        if len(self._lanes) > 1:
            patience = self._tail_patience
            for block in self._open:
                if block.to_send or block.is_delivered or block.hedges >= MAX_HEDGES:
                    continue
                if block.sent_at + patience > handled_at:
                    return block.sent_at + patience
        return None

    @property
    def _tail_patience(self) -> float:
        return TAIL_PATIENCE + 2 * self.round_trip

    def lane_lost(self, lane: Lane) -> set[int]:
        """Send what only that lane carried again on others.

        Returns:
            The video tracks of which frames are lost, because there is no other lane.
        """
        blocks: dict[int, tuple[Block, int]] = {}
        for block in [*(sent.block for sent in lane.in_flight), *(waiting.block for waiting in lane.outbox)]:
            if block is not None and block.urgency is not Urgency.CONTROL and not block.is_delivered:
                blocks[id(block)] = (block, blocks.get(id(block), (block, 0))[1] + 1)
        if not self._lanes:
            for queue in self._waiting:
                queue.clear()
            self._open.clear()
            return {block.video_track_id for block, _ in blocks.values() if block.urgency is Urgency.VIDEO}
        for block, count in blocks.values():
            self._ask_for_more(block, count)
        return set()

    def _ask_for_more(self, block: Block, count: int) -> None:
        was_waiting = block.to_send > 0
        block.ask_for_more(count)
        if block.to_send and not was_waiting:
            self._waiting[block.urgency].appendleft(block)

    def _forget(self, now: float) -> None:
        while self._open and (
            self._open[0].is_delivered or now - self._open[0].created_at > MAX_OPEN_TIME or len(self._open) > MAX_OPEN
        ):
            self._open.popleft()

    # What goes out.

    def send(self, block: Block) -> None:
        """Take a new block; its pieces leave with ``assign``."""
        self._waiting[block.urgency].append(block)
        self._open.append(block)
        self._message_bytes = COST_MEMORY * self._message_bytes + len(block.message)
        self._piece_bytes *= COST_MEMORY

    def waits(self, urgency: Urgency) -> bool:
        """Whether a piece of that urgency waits for a lane."""
        queue = self._waiting[urgency]
        while queue and (not queue[0].to_send or queue[0].is_delivered):
            queue.popleft().drop_rest()
        return bool(queue)

    def piece_size(self, urgency: Urgency) -> int:
        """Octets of the piece that is next; 0 if none waits."""
        queue = self._waiting[urgency]
        return queue[0].piece_size if queue else 0

    def drop_stale(self, now: float) -> list[int]:
        """Give up frames whose pieces have waited too long; gives their video tracks."""
        queue = self._waiting[Urgency.VIDEO]
        stale = [block for block in queue if now - block.created_at > MAX_WAITING_TIME]
        for block in stale:
            queue.remove(block)
            block.drop_rest()
        return [block.video_track_id for block in stale if block.pieces_sent < block.data_count]

    def assign(self, urgency: Urgency, now: float) -> bool:
        """Give the next waiting piece of that urgency to a lane's outbox; False if none waits or no lane is free."""
        if not self.waits(urgency):
            return False
        queue = self._waiting[urgency]
        block = queue[0]
        lane = self.free_lane(urgency, now, block.lane_ids)
        if lane is None:
            return False
        if block.data_count == 1 and lane.lane_id in block.lane_ids:
            block.drop_rest()  # a repetition behind the original is worth nothing
        else:
            data = block.next_piece(lane.lane_id, now)
            self._given_at[urgency] = now
            lane.put(data, block)
            self._piece_bytes += len(data)
            self._hedge_bytes = min(self._hedge_bytes + HEDGE_SHARE * len(data), MAX_HEDGE_BYTES)
        if not block.to_send:
            queue.popleft()
        return True

    def free_lane(self, urgency: Urgency, now: float, used: Container[int] = ()) -> Lane | None:
        """The best lane for a piece, or None if it is better to wait; ``used``: lanes with pieces of the same block."""
        lanes = self.usable_lanes
        if urgency is not Urgency.CONTROL:
            lanes = [lane for lane in lanes if not lane.is_silent(self.round_trip, now)]
        if len(lanes) > 1:
            lanes = [lane for lane in lanes if not lane.is_stalled(self.newest_acknowledged)] or lanes
            lanes = self._allotted(urgency, lanes, now)
        free = [lane for lane in lanes if not lane.outbox]
        return min(free, key=lambda lane: (lane.lane_id in used, lane.in_flight_bytes), default=None)

    def _allotted(self, urgency: Urgency, lanes: list[Lane], now: float) -> list[Lane]:
        """Which of the moving lanes this urgency may use: all, unless the path is clean or congested.

        Where nothing but audio or nothing but video is sent it takes turns with the lanes all the same: a lane of which
        no other tells that it is late is not seen to be.
        """
        both = min(self._given_at[Urgency.AUDIO], self._given_at[Urgency.VIDEO]) > now - ALONE_TIME
        if self._redundancy.is_lossy(now):
            return lanes
        first = min(lane.lane_id for lane in self.usable_lanes)
        is_video = urgency is Urgency.VIDEO
        own = [lane for lane in lanes if not both or (lane.lane_id == first) != is_video]
        if self._redundancy.is_congested(now):
            own = own[:CONGESTED_LANES]
        return own or lanes

    @property
    def usable_lanes(self) -> list[Lane]:
        """The oldest of the welcomed lanes of the best kind, as many as wanted: those that are too many fall silent.

        While there is none, those that only said HELLO.
        """
        best = best_rank(self._lanes.values())
        welcomed = [lane for lane in self._lanes.values() if lane.welcomed and lane.rank == best]
        return welcomed[: self._redundancy.lanes] or list(self._lanes.values())
