"""Keeps a session's lanes: as many as the session wants, of the best kind that works.

While no lane is up, attempts follow one another with back-off. The first opens two WebSockets; whichever is there first
begins or resumes the session, and the other joins it. When none is welcomed in time, a lane of the next kind is begun
beside them. Further lanes follow two at a time; one that fails is tried again with a back-off of its own, for the
session goes on without it. A lane too many is closed after a while, when nothing is on its way on it. While a worse
kind carries the session a better one is tried now and then, and takes over without a gap. The browser's keeper
(``web/src/transport/lane-keeper.ts``) does the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import random
import ssl
from collections.abc import Awaitable, Callable

from wsmedia.client.address import GatewayAddress
from wsmedia.client.carrier import Carrier
from wsmedia.client.errors import ClientError
from wsmedia.client.lane_back_off import LaneBackOff
from wsmedia.client.lane_kinds import LANE_KINDS, WEBSOCKET, KindLadder, is_better
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
_MAX_HTTP_LANES = 1
_PROBE_TIME = 4.0  # for a better kind, beside one that carries the session, until it is welcomed
_RETIRE_TIME = 5.0  # for a worse kind to fall silent beside a better one

logger = logging.getLogger(__name__)


class LaneKeeper:
    """The lanes of one session.

    Args:
        address: the gateway, for its failures' texts.
        connect: opens a carrier of a kind to the session's address.
        ladder: which kind to try, and when.
        pump: of the session.
        clock: drives the session.
    """

    def __init__(
        self,
        address: GatewayAddress,
        connect: Callable[[str], Awaitable[Carrier]],
        ladder: KindLadder,
        pump: Pump,
        clock: Clock,
    ) -> None:
        self._address = address
        self._connect = connect
        self._ladder = ladder
        # The kinds that have been begun since no lane was up, and the first failure since.
        self._begun: list[str] = []
        self._begun_at = 0.0
        self._failure: Exception | None = None
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
        self._retiring_since: float | None = None
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

    def _wanted(self, kind: str) -> int:
        welcome = self._session.welcome
        wanted = self._session.lanes_wanted
        if welcome is not None:
            wanted = min(wanted, welcome.limits.max_lanes)
        return wanted if kind == WEBSOCKET else min(wanted, _MAX_HTTP_LANES)

    def _up(self) -> list[LaneSlot]:
        return [slot for slot in self._slots if slot.state is SlotState.UP]

    def _of(self, kind: str) -> list[LaneSlot]:
        return [slot for slot in self._slots if slot.kind == kind]

    @property
    def _carrying(self) -> str | None:
        """The best kind of which a lane is up."""
        up = {slot.kind for slot in self._up()}
        return next((kind for kind in LANE_KINDS if kind in up), None)

    def _look(self, deadline: float) -> float | None:
        """Do what is due, and say after how many seconds to look again; None: when something has changed."""
        now = self._clock.monotonic()
        self._note_welcomes(now)
        self._remove_ended(deadline, now)
        self._greet()
        if self._pump.ended.done():
            return None
        kind = self._carrying
        if kind is not None:
            self._begun.clear()
            delays = (self._adjust(kind, now), self._tend_kinds(kind, now))
            return min((delay for delay in delays if delay is not None), default=None)
        if self._slots:
            return self._begin_next_kind(now)
        if now < self._retry_at:
            return self._retry_at - now
        # A gateway that did not answer is asked by one connection: second ones might keep it from coming back.
        count = _MAX_ON_THE_WAY if self._back_off == FIRST_BACK_OFF else 1
        self._begun.clear()
        for kind in self._ladder.first(now):
            self._begin(kind, min(count, self._wanted(kind)), now)
        self._begun_at = now
        return self._begin_next_kind(now)

    def _begin(self, kind: str, count: int, now: float) -> None:
        self._begun.append(kind)
        self._begun_at = now
        self._open(kind, count)

    def _begin_next_kind(self, now: float) -> float | None:
        """Begin the next kind if those that were begun have failed or had their time; says when to look again."""
        kind = self._ladder.next(self._begun, now)
        if kind is None:
            return None
        last = self._begun[-1] if self._begun else self._slots[-1].kind
        if self._of(last):
            left = self._begun_at + self._ladder.patience(last) - now
            if left > 0.0:
                return left if left < _PROBE_TIME else None
        self._begin(kind, 1, now)
        return self._begin_next_kind(now)

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
            self._failure = self._failure or slot.failure
            if slot.refusal is not None:
                self._refused(slot.refusal[0], slot.refusal[1])
            elif self._carrying is not None and slot.kind == self._carrying:
                self._lane_back_off.lost(slot.up_for(now), now)
        if ended and self._carrying is None:
            last = max(ended, key=lambda slot: slot.up_for(now))
            self._ladder.lost(last.kind, last.up_for(now), now)
        if not ended or self._slots:
            return
        best_time = max(slot.up_for(now) for slot in ended)
        # A certificate that is not trusted is the same for all kinds.
        hopeless = isinstance(self._failure, ssl.SSLCertVerificationError)
        if best_time == 0.0 and not hopeless and not self._pump.ended.done():
            # What failed makes room for the next kind.
            kind = self._ladder.next(self._begun, now)
            if kind is not None:
                self._begin(kind, 1, now)
                return
        failure, self._failure = self._failure, None
        if failure is not None:
            sentence = failure_text(self._address, failure)
            if not self._session.is_established and now >= deadline:
                raise ClientError(sentence) from failure
            logger.info("No connection: %s; next try in %.1f s", sentence, self._back_off)
        if best_time > LAST_BACK_OFF:
            self._back_off = FIRST_BACK_OFF
            self._retry_at = now
        else:
            # A server that accepts and cuts at once must not be asked in a tight loop.
            self._retry_at = now + self._back_off
            self._back_off = min(self._back_off * 2, LAST_BACK_OFF)

    def _refused(self, code: int, reason: str) -> None:
        """End the session: the gateway closed a carrier with a close code, but no CLOSE message arrived."""
        if not self._pump.ended.done():
            self._pump.ended.set_result(Closed(code=code, reason=reason, by_remote=True))

    def _greet(self) -> None:
        """The first lane of a kind speaks alone: what it brings about the others join."""
        for slot in self._slots:
            if slot.state is not SlotState.WAITING:
                continue
            fellows = [one for one in self._of(slot.kind) if one.state in (SlotState.GREETED, SlotState.UP)]
            may_join = len(fellows) < self._wanted(slot.kind) and any(one.state is SlotState.UP for one in fellows)
            if fellows and not may_join:
                continue
            slot.greet(self._next_lane_id)
            self._next_lane_id += 1

    def _adjust(self, kind: str, now: float) -> float | None:
        slots = self._of(kind)
        missing = self._wanted(kind) - len(slots)
        if missing >= 0:
            self._surplus_since = None
        if missing < 0:
            return self._close_some(kind, -missing, now)
        count = min(missing, _MAX_ON_THE_WAY - sum(slot.state is not SlotState.UP for slot in slots))
        if count <= 0:
            return None
        delay = self._lane_back_off.delay(now)
        if delay > 0.0:
            return delay
        self._open(kind, count)
        return None

    def _open(self, kind: str, count: int) -> None:
        for _ in range(count):
            connect = functools.partial(self._connect, kind)
            self._slots.append(LaneSlot(kind, connect, self._pump, self._clock, self._changed.set))

    def _close_some(self, kind: str, surplus: int, now: float) -> float | None:
        # Those that have not said HELLO cost nothing.
        unused = [slot for slot in self._of(kind) if slot.lane_id < 0][-surplus:]
        self._close(unused)
        surplus -= len(unused)
        if surplus == 0:
            return None
        if self._surplus_since is None:
            self._surplus_since = now
        left = self._surplus_since + _SURPLUS_TIME - now
        if left > 0.0:
            return left
        quiet = self._quiet(now)
        self._close([slot for slot in self._of(kind) if slot in self._up() and slot.lane_id in quiet][-surplus:])
        return _SURPLUS_CHECK if len(self._of(kind)) > self._wanted(kind) else None

    def _quiet(self, now: float) -> set[int]:
        """The lanes on which nothing is on its way."""
        return {lane.lane_id for lane in self._session.lane_figures(now) if lane.quiet >= _QUIET_TIME}

    def _tend_kinds(self, kind: str, now: float) -> float | None:
        """Close what is worse than ``kind``, which carries the session, and try now and then what is better."""
        self._ladder.carries(kind, now)
        delays: list[float] = []
        worse = [slot for slot in self._slots if is_better(kind, slot.kind)]
        if not worse:
            self._retiring_since = None
        else:
            self._retiring_since = now if self._retiring_since is None else self._retiring_since
            is_late = now - self._retiring_since >= _RETIRE_TIME
            quiet = self._quiet(now)
            over = [slot for slot in worse if is_late or slot not in self._up() or slot.lane_id in quiet]
            self._close(over)
            if len(over) < len(worse):
                delays.append(_QUIET_TIME)
        for slot in [slot for slot in self._slots if is_better(slot.kind, kind)]:
            left = slot.begun_at + _PROBE_TIME - now
            if left > 0.0:
                delays.append(left)
            else:
                self._close([slot])
        for better in self._ladder.probe(now):
            if not self._of(better):
                self._open(better, 1)
                delays.append(_PROBE_TIME)
        if self._ladder.probe_at is not None:
            delays.append(self._ladder.probe_at - now)
        return min(delays, default=None)

    def _close(self, slots: list[LaneSlot]) -> None:
        for slot in slots:
            self._slots.remove(slot)
            self._leaving.append(slot)
            slot.close()
