"""Keeps a session's lanes: as many WebSockets as the session wants.

While no lane is up, attempts follow one another with back-off. The first opens two WebSockets; whichever is there first
begins or resumes the session, and the other joins it. Further lanes follow two at a time; one that fails is tried again
with a back-off of its own, for the session goes on without it. A lane too many is closed after a while, when nothing is
on its way on it. The browser's keeper (``web/src/transport/lane-keeper.ts``) does the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable

from websockets.asyncio.client import ClientConnection

from wsmedia.client.address import GatewayAddress
from wsmedia.client.errors import ClientError
from wsmedia.client.lane_back_off import LaneBackOff
from wsmedia.client.lane_slot import LaneSlot, SlotState
from wsmedia.client.refusal import failure_text
from wsmedia.clock import Clock
from wsmedia.session import Closed
from wsmedia.transport import Pump

FIRST_BACK_OFF = 0.1
LAST_BACK_OFF = 4.0

_MAX_ON_THE_WAY = 2
_SURPLUS_TIME = 30.0  # the path may want them again
_SURPLUS_CHECK = 1.0
# A lane on which nothing came for so long, and nothing of ours is in flight, has nothing in flight from the gateway.
_QUIET_TIME = 0.25
_CLOSE_TIMEOUT = 2.0

logger = logging.getLogger(__name__)


class LaneKeeper:
    """The lanes of one session.

    Args:
        address: the gateway, for its failures' texts.
        connect: opens a WebSocket to the session's address.
        pump: of the session.
        clock: drives the session.
    """

    def __init__(
        self, address: GatewayAddress, connect: Callable[[], Awaitable[ClientConnection]], pump: Pump, clock: Clock
    ) -> None:
        self._address = address
        self._connect = connect
        self._pump = pump
        self._session = pump.session
        self._clock = clock
        self._slots: list[LaneSlot] = []
        self._leaving: list[LaneSlot] = []
        self._next_lane_id = 0
        self._lane_back_off = LaneBackOff(random.random)
        self._back_off = FIRST_BACK_OFF
        self._retry_at = 0.0
        self._surplus_since: float | None = None
        self._changed = asyncio.Event()

    async def run(self, patience: float) -> Closed:
        """Hold lanes until the session ends.

        Args:
            patience: seconds to go on trying to open the first lane; with 0 the first failure counts. Later lanes are
                tried for as long as the session allows.
        Raises:
            ClientError: the first lane could not be opened.
        """
        deadline = self._clock.monotonic() + patience
        self._pump.ended.add_done_callback(lambda _: self._changed.set())
        try:
            while not self._pump.ended.done():
                self._changed.clear()
                delay = self._look(deadline)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), delay)
            # CLOSE is on its way on the lanes that are up, and so is the close frame behind it.
            await asyncio.gather(*(slot.end(_CLOSE_TIMEOUT if slot.lane_id >= 0 else 0.0) for slot in self._slots))
            return self._pump.ended.result()
        finally:
            await asyncio.gather(*(slot.end() for slot in self._slots + self._leaving))

    def wake(self) -> None:
        """Look again: the session may want another number of lanes now."""
        self._changed.set()

    def given_up(self, lane_id: int) -> None:
        """The engine has given up on a lane, and the pump closes it."""
        for slot in self._slots:
            if slot.lane_id == lane_id:
                slot.give_up()

    @property
    def _wanted(self) -> int:
        welcome = self._session.welcome
        wanted = self._session.lanes_wanted
        return wanted if welcome is None else min(wanted, welcome.limits.max_lanes)

    def _up(self) -> list[LaneSlot]:
        return [slot for slot in self._slots if slot.state is SlotState.UP]

    def _look(self, deadline: float) -> float | None:
        """Do what is due, and say after how many seconds to look again; None: when something has changed."""
        now = self._clock.monotonic()
        self._note_welcomes(now)
        self._remove_ended(deadline, now)
        self._greet()
        if self._pump.ended.done():
            return None
        if self._up():
            return self._adjust(now)
        if self._slots:
            return None
        if now < self._retry_at:
            return self._retry_at - now
        # A gateway that did not answer is asked by one connection: second ones might keep it from coming back.
        self._open(min(_MAX_ON_THE_WAY, self._wanted) if self._back_off == FIRST_BACK_OFF else 1)
        return None

    def _note_welcomes(self, now: float) -> None:
        greeted = {slot.lane_id: slot for slot in self._slots if slot.state is SlotState.GREETED}
        if greeted:
            for lane in self._session.lane_figures(now):
                if lane.welcomed and lane.lane_id in greeted:
                    greeted[lane.lane_id].welcomed(now)

    def _remove_ended(self, deadline: float, now: float) -> None:
        self._leaving = [slot for slot in self._leaving if not slot.is_over]
        ended = [slot for slot in self._slots if slot.is_over]
        self._slots = [slot for slot in self._slots if not slot.is_over]
        for slot in ended:
            if slot.refusal is not None:
                self._refused(slot.refusal[0], slot.refusal[1])
            elif self._up():
                self._lane_back_off.lost(slot.up_for(now), now)
        if not ended or self._slots:
            return
        last = ended[-1]
        if last.failure is not None:
            sentence = failure_text(self._address, last.failure)
            if not self._session.is_established and now >= deadline:
                raise ClientError(sentence) from last.failure
            logger.info("No connection: %s; next try in %.1f s", sentence, self._back_off)
        if any(slot.up_for(now) > LAST_BACK_OFF for slot in ended):
            self._back_off = FIRST_BACK_OFF
            self._retry_at = now
        else:
            # A server that accepts and cuts at once must not be asked in a tight loop.
            self._retry_at = now + self._back_off
            self._back_off = min(self._back_off * 2, LAST_BACK_OFF)

    def _refused(self, code: int, reason: str) -> None:
        """End the session: the gateway closed a WebSocket with a close code, but no CLOSE message arrived."""
        if not self._pump.ended.done():
            self._pump.ended.set_result(Closed(code=code, reason=reason, by_remote=True))

    def _greet(self) -> None:
        """The first lane speaks alone: what it brings about, a new session or the old one, the others join."""
        for slot in self._slots:
            if slot.state is not SlotState.WAITING:
                continue
            greeted = sum(other.state in (SlotState.GREETED, SlotState.UP) for other in self._slots)
            if greeted and (not self._up() or greeted >= self._wanted):
                continue
            slot.greet(self._next_lane_id)
            self._next_lane_id += 1

    def _adjust(self, now: float) -> float | None:
        missing = self._wanted - len(self._slots)
        if missing >= 0:
            self._surplus_since = None
        if missing < 0:
            return self._close_some(-missing, now)
        count = min(missing, _MAX_ON_THE_WAY - (len(self._slots) - len(self._up())))
        if count <= 0:
            return None
        delay = self._lane_back_off.delay(now)
        if delay > 0.0:
            return delay
        self._open(count)
        return None

    def _open(self, count: int) -> None:
        self._slots += [LaneSlot(self._connect, self._pump, self._clock, self._changed.set) for _ in range(count)]

    def _close_some(self, surplus: int, now: float) -> float | None:
        # Those that have not said HELLO cost nothing.
        unused = [slot for slot in self._slots if slot.lane_id < 0][-surplus:]
        self._close(unused)
        surplus -= len(unused)
        if surplus == 0:
            return None
        if self._surplus_since is None:
            self._surplus_since = now
        left = self._surplus_since + _SURPLUS_TIME - now
        if left > 0.0:
            return left
        quiet = {lane.lane_id for lane in self._session.lane_figures(now) if lane.quiet >= _QUIET_TIME}
        self._close([slot for slot in self._up() if slot.lane_id in quiet][-surplus:])
        return _SURPLUS_CHECK if len(self._slots) > self._wanted else None

    def _close(self, slots: list[LaneSlot]) -> None:
        for slot in slots:
            self._slots.remove(slot)
            self._leaving.append(slot)
            slot.close()
