"""The life of one lane of the client, from its carrier's first request to its end.

The lane keeper makes a slot for every attempt, says when it may greet, and throws it away when it is over. A slot waits
with HELLO until then: only one lane at a time may begin or resume a session, and the others join what it has brought
about.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from wsmedia.client.carrier import Carrier
from wsmedia.clock import Clock
from wsmedia.errors import CloseCode
from wsmedia.transport import Lane, Pump

_CLOSE_TIMEOUT = 1.0
# RFC 6455 §7.4.1. Not one of the session's close codes: the session goes on without this lane.
_NORMAL_CLOSURE = 1000


class SlotState(Enum):
    """How far a lane has come."""

    OPENING = auto()
    WAITING = auto()
    """The carrier is there, HELLO has not been said."""
    GREETED = auto()
    UP = auto()
    """The gateway has welcomed the lane."""
    OVER = auto()
    """The session has the lane no more; its carrier is being closed."""


class LaneSlot:
    """One attempt at a lane; its task begins at once.

    Args:
        kind: of the lane, as HELLO calls it.
        connect: opens the carrier.
        pump: of the session.
        clock: drives the session.
        changed: called when the keeper should look again.

    Attributes:
        state: how far it has come.
        lane_id: as in HELLO; -1 before.
        begun_at: when it began, of ``clock``.
        failure: why the carrier could not be opened.
        refusal: close code and reason, when the gateway closed with one of the session's.
    """

    def __init__(
        self,
        kind: str,
        connect: Callable[[], Awaitable[Carrier]],
        pump: Pump,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self.state = SlotState.OPENING
        self.kind = kind
        self.begun_at = clock.monotonic()
        self.lane_id = -1
        self.failure: Exception | None = None
        self.refusal: tuple[CloseCode, str] | None = None
        self._connect = connect
        self._pump = pump
        self._clock = clock
        self._changed = changed
        self._up_since: float | None = None
        self._may_greet = asyncio.Event()
        self._over = asyncio.Event()
        self._lane: Lane | None = None
        self._task = asyncio.create_task(self._live())
        self._task.add_done_callback(lambda _: changed())

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self._task.done()

    def greet(self, lane_id: int) -> None:
        """Let it say HELLO."""
        self.state = SlotState.GREETED
        self.lane_id = lane_id
        self._may_greet.set()

    def welcomed(self, now: float) -> None:
        """The gateway has welcomed the lane."""
        self.state = SlotState.UP
        self._up_since = now

    def up_for(self, now: float) -> float:
        """Seconds since it was welcomed; 0 if it never was."""
        return 0.0 if self._up_since is None else now - self._up_since

    def give_up(self) -> None:
        """The session has this lane no more."""
        self._over.set()

    def close(self) -> None:
        """Take the lane out of the session, which goes on, and close the carrier in order."""
        lane = self._lane
        if lane is None:
            self._over.set()
            return
        self._pump.detach(self.lane_id, lane)
        lane.close(_NORMAL_CLOSURE, "", None)

    async def end(self, within: float = 0.0) -> None:
        """Let it end by itself for so many seconds, then cut it."""
        if within > 0.0:
            await asyncio.wait([self._task], timeout=within)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _live(self) -> None:
        try:
            carrier = await self._unless_over(self._connect())
        except (OSError, InvalidHandshake, EOFError, ConnectionClosed) as error:
            self.failure = error
            return
        if carrier is None:
            return
        try:
            self.state = SlotState.WAITING
            self._changed()
            if await self._greeting_or_end(carrier):
                await self._carry(carrier)
        finally:
            carrier.abort()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(carrier.wait_closed(), _CLOSE_TIMEOUT)
        # What a gateway says that has waited for HELLO for too long concerns no session.
        if self.lane_id >= 0 and carrier.close_code is not None and carrier.close_code in set(CloseCode):
            code = CloseCode(carrier.close_code)
            self.refusal = code, carrier.close_reason or code.reason

    async def _unless_over(self, opening: Awaitable[Carrier]) -> Carrier | None:
        """What was opened, or None if it was not wanted any more before it was there."""
        task = asyncio.ensure_future(opening)
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait([task, over], return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        except asyncio.CancelledError:
            if task.done() and not task.cancelled() and task.exception() is None:
                task.result().abort()
            raise
        finally:
            for one in (task, over):
                if not one.done():
                    one.cancel()
            await asyncio.gather(task, over, return_exceptions=True)

    async def _greeting_or_end(self, carrier: Carrier) -> bool:
        """Wait until HELLO may be said; False if the lane ends before."""
        waits = [asyncio.ensure_future(w) for w in (self._may_greet.wait(), self._over.wait(), carrier.wait_closed())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return self._may_greet.is_set() and not self._over.is_set()
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _carry(self, carrier: Carrier) -> None:
        """Move messages over the lane until it or the session ends."""
        lane = carrier.lane(self.lane_id)
        writing = asyncio.ensure_future(lane.run(self._pump.writable))
        reading = asyncio.ensure_future(self._read(carrier))
        given_up = asyncio.ensure_future(self._over.wait())
        tasks = [writing, reading, given_up]
        try:
            self._lane = lane
            self._pump.session.open_lane(self.lane_id, self.kind, self._clock.monotonic())
            self._pump.attach(lane)
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self._pump.ended.done() and not writing.done():
                # The last message is on its way, and so is the carrier's own end behind it.
                await asyncio.wait([writing], timeout=_CLOSE_TIMEOUT)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._pump.detach(self.lane_id, lane)
            self.state = SlotState.OVER
            self._changed()

    async def _read(self, carrier: Carrier) -> None:
        async for message in carrier.messages():
            self._pump.receive(self.lane_id, message)
            if self.state is SlotState.GREETED:
                self._changed()  # it may have been WELCOME
