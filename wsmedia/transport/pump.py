"""Drives one session over its lanes: gives it bytes and time, writes what it wants written, hands out its events.

Server and client use the same pump. It owns no task: everything happens in the call that caused it (a message came, a
lane became writable, somebody sent a frame, a timer fired), so a frame crosses from one session to another within one
turn of the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from wsmedia.clock import Clock
from wsmedia.errors import CloseCode
from wsmedia.session import Closed, Event, LaneLost, Session
from wsmedia.transport.lane import Lane

# uvloop counts in whole milliseconds; a timer that fires early would spin until its time has come.
_SHORTEST_TIMER = 0.001
# RFC 6455 §7.4.1. Not "going away" (1001), by which a browser says that its page is no more (PROTOCOL.md §4).
_NORMAL_CLOSURE = 1000

logger = logging.getLogger(__name__)


class Pump:
    """Runs ``session`` on the current event loop.

    Args:
        session: the engine; nobody else calls its ``receive_message``, ``next_message`` or ``handle_timeout``.
        clock: gives ``now`` to the session.
        on_event: called with each event in order. It may call the session's ``send_*`` and ``close``.
    """

    def __init__(self, session: Session, clock: Clock, on_event: Callable[[Event], None]) -> None:
        self.session = session
        self.ended: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self._clock = clock
        self._on_event = on_event
        self._lanes: dict[int, Lane] = {}
        self._blocked: set[int] = set()
        self._closed: Closed | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._settling = False
        self._touched = False

    def attach(self, lane: Lane) -> None:
        """Begin to write on ``lane``, which the session knows already (``open_lane`` or ``attach_lane``).

        A carrier that claims the id of another one that is open does not take its place: the session has been closed
        for it (PROTOCOL.md §3.1), and both are closed with it.
        """
        if lane.lane_id in self._lanes:
            self.wake()
        self._lanes[lane.lane_id] = lane
        self.wake()

    def detach(self, lane_id: int, lane: Lane, *, going_away: bool = False) -> None:
        """The carrier of a lane is lost; lanes that are not (any more) attached are ignored.

        ``going_away``: the far end closed it because it ends itself; see ``Session.lane_lost``.
        """
        if self._lanes.get(lane_id) is not lane:
            return
        del self._lanes[lane_id]
        self._blocked.discard(lane_id)
        self.session.lane_lost(lane_id, self._clock.monotonic(), going_away=going_away)
        self.wake()

    def receive(self, lane_id: int, message: bytes) -> None:
        """Give the session one message that a lane brought; a failure inside closes this session only."""
        try:
            self.session.receive_message(lane_id, message, self._clock.monotonic())
        except Exception:
            self._fail()
        self.wake()

    def writable(self, lane_id: int) -> None:
        """A lane whose ``write`` returned False can take another message."""
        self._blocked.discard(lane_id)
        self.wake()

    def close(self, code: CloseCode, detail: str) -> None:
        """Close the session with ``code``; ``detail`` is a sentence for people."""
        self.session.close(code, detail, self._clock.monotonic())
        self.wake()

    def wake(self) -> None:
        """Do what the session wants now. Call it after every ``send_*`` or ``close`` from outside ``on_event``."""
        self._touched = True
        if self._settling:
            return
        self._settling = True
        try:
            while self._touched:
                self._touched = False
                self._settle()
        finally:
            self._settling = False

    def stop(self) -> None:
        """Cancel the timer and let go of the lanes without a word to the far end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._lanes.clear()

    def _settle(self) -> None:
        try:
            # Writing makes events too: the engine drops what has grown stale when it is asked for the next message.
            events = self.session.events_received()
            while True:
                self._dispatch(events)
                if self._closed is not None:
                    break
                self._write_all()
                events = self.session.events_received()
                if not events:
                    self._schedule()
                    break
        except Exception:
            self._fail()
        if self._closed is not None:
            self._finish(self._closed)

    def _dispatch(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Closed):
                self._closed = event
            elif isinstance(event, LaneLost):
                self._abandon(event.lane_id)
            self._on_event(event)

    def _abandon(self, lane_id: int) -> None:
        self._blocked.discard(lane_id)
        lane = self._lanes.pop(lane_id, None)
        if lane is not None:
            # Not one of the session's close codes: the session lives, only this carrier is given up.
            lane.close(_NORMAL_CLOSURE, "lane given up", None)

    def _write_all(self) -> None:
        """Write what may be written: one message from each lane in turn, lest the first take all pieces of a frame.

        A pull on one lane may bring up messages for lanes that had none before: a whole pass has to write nothing.
        """
        written = True
        while written:
            written = False
            for lane in list(self._lanes.values()):
                written = self._write(lane) or written

    def _write(self, lane: Lane) -> bool:
        """Write one message; say whether there was any."""
        lane_id = lane.lane_id
        if lane_id in self._blocked or lane_id not in self._lanes or not lane.is_ready:
            return False
        message = self.session.next_message(lane_id, self._clock.monotonic())
        if message is None:
            return False
        if not lane.write(message):
            self._blocked.add(lane_id)
        return True

    def _schedule(self) -> None:
        due = self.session.next_timeout()
        if due is None:
            return
        if self._timer is not None:
            # A timer that fires too early looks again and costs less than a timer made anew for every message.
            if self._timer_due <= due:
                return
            self._timer.cancel()
        delay = max(_SHORTEST_TIMER, due - self._clock.monotonic())
        self._timer_due = due
        self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        now = self._clock.monotonic()
        due = self.session.next_timeout()
        if due is not None and due <= now:
            try:
                self.session.handle_timeout(now)
            except Exception:
                self._fail()
        self.wake()

    def _finish(self, closed: Closed) -> None:
        while self._lanes:
            lane_id, lane = self._lanes.popitem()
            lane.close(closed.code, closed.reason, self.session.next_message(lane_id, self._clock.monotonic()))
        self._blocked.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.ended.done():
            self.ended.set_result(closed)

    def _fail(self) -> None:
        logger.exception("A session failed; it is closed")
        if self._closed is None:
            self.session.close(CloseCode.INTERNAL_ERROR, "", self._clock.monotonic())
            self._touched = True
