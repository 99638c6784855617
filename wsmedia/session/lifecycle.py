"""The life of a session and of its lanes: how they begin, are welcomed, get lost, and how all of it ends.

The theory stands in ``state``, the rules in PROTOCOL.md §3.1, §3.2, §3.7 and §4. ``session`` owns one of these, asks it
on every message and timer, and gives it the two halves that have to know of lanes.
"""

from __future__ import annotations

import math

from wsmedia.errors import CloseCode, LocalProtocolError, RemoteProtocolError
from wsmedia.session import events
from wsmedia.session.acknowledgements import Acknowledger
from wsmedia.session.handshake import Role, WelcomeInfo, hello_for_lane, limits_from_welcome, welcome_for_lane
from wsmedia.session.incoming import Incoming
from wsmedia.session.lane import MAX_SILENCE, Lane
from wsmedia.session.lane_count import LaneCount
from wsmedia.session.limits import SessionLimits
from wsmedia.session.outgoing import Outgoing
from wsmedia.session.state import Input, State, step
from wsmedia.wire import Close, Hello, Welcome, encode

MAX_DETAIL_LENGTH = 512
PING_SHARE = 3
"""A lane on which nothing was sent for the idle time-out divided by this gets a PING (PROTOCOL.md §3.6)."""
GOING_AWAY_GRACE = 2.0
"""Seconds instead of the resume window for a client that went away without CLOSE (PROTOCOL.md §4)."""


class Lifecycle:
    """State, lanes and farewells; ``now`` is monotonic seconds.

    ``lanes`` are those that are open, in the order they came; ``deadline`` is when the session ends unless a lane is
    welcomed.

    Args:
        role: which end this is.
        key: the session's secret.
        hello: client only: what every HELLO says.
        limits: bounds and timers; a client's change with WELCOME.
        now: when the session begins.
        lanes: an empty table, which both halves see.
        lane_count: learns what the far end admits.
        outgoing, incoming, acknowledger: have to know when lanes come and go.
        session_events: the session's list.
    """

    def __init__(
        self,
        role: Role,
        key: str,
        hello: Hello | None,
        limits: SessionLimits,
        *,
        now: float,
        lanes: dict[int, Lane],
        lane_count: LaneCount,
        outgoing: Outgoing,
        incoming: Incoming,
        acknowledger: Acknowledger,
        session_events: list[events.Event],
    ) -> None:
        self.limits = limits
        self.lanes = lanes
        self.state = State.CONNECTING
        self.is_established = False
        self.deadline: float | None = now + limits.resume_window
        self.welcome: Welcome | None = None
        self._role = role
        self._key = key
        self._hello = hello
        # Only who can open another lane gains by giving one up early.
        self._max_silence = MAX_SILENCE if role is Role.CLIENT else math.inf
        self._used_lane_ids: set[int] = set()
        self._closing: bytes | None = None
        self._farewells: dict[int, bytes] = {}
        self._lane_count = lane_count
        self._outgoing = outgoing
        self._incoming = incoming
        self._acknowledger = acknowledger
        self._events = session_events

    @property
    def is_closed(self) -> bool:
        """Whether ``Closed`` has been told; only farewells may still leave."""
        return self.state is State.CLOSED

    # How lanes begin.

    def open_lane(self, lane_id: int, kind: str, now: float) -> None:
        """Client: a carrier is open; HELLO is its first message. After the end it does nothing.

        Raises:
            LocalProtocolError: the lane id was used before, or this is a gateway.
        """
        if self._hello is None or lane_id in self._used_lane_ids:
            raise LocalProtocolError("a lane id is used once, by the client")
        if self.is_closed:
            return
        hello = hello_for_lane(
            self._hello,
            lane_id=lane_id,
            kind=kind,
            key=self._key,
            # Of several lanes that are opened at once only the first resumes; the others join it.
            resume=self.state is State.DETACHED and not self.lanes,
            control_received=self._incoming.control_received,
        )
        self._add_lane(Lane(lane_id, kind, encode(hello), welcomed=False, now=now))

    def attach_lane(self, lane_id: int, hello: Hello, info: WelcomeInfo, now: float) -> None:
        """Gateway: a carrier's HELLO belongs here; WELCOME is its first message. After the end it does nothing.

        Raises:
            RemoteProtocolError: the lane id was used before, or there are too many lanes.
        """
        if self.is_closed:
            return
        if lane_id in self._used_lane_ids:
            raise RemoteProtocolError("lane id used twice")
        if hello.resume:
            # The client counts its lanes: what is younger than this HELLO was opened beside it and overtook it.
            for stale_id in [other_id for other_id in self.lanes if other_id < lane_id]:
                self._give_up(stale_id, now)
        if len(self.lanes) >= self.limits.max_lanes:
            raise RemoteProtocolError("too many lanes", CloseCode.RATE_LIMITED)
        self._outgoing.control.acknowledge(hello.control_received)
        self.welcome = welcome_for_lane(
            info,
            self.limits,
            lane_id=lane_id,
            resumed=self.is_established,
            control_received=self._incoming.control_received,
        )
        self._add_lane(Lane(lane_id, hello.lane_kind, encode(self.welcome), welcomed=True, now=now))
        self._welcomed(resumed=False, now=now)

    def _add_lane(self, lane: Lane) -> None:
        self._used_lane_ids.add(lane.lane_id)
        self.lanes[lane.lane_id] = lane
        self._outgoing.lanes_changed()

    def receive_welcome(self, lane: Lane, welcome: Welcome, now: float) -> None:
        """Client: the gateway has taken this lane.

        Raises:
            RemoteProtocolError: it answers no HELLO, or the gateway has forgotten the session.
        """
        if lane.welcomed or welcome.lane_id != lane.lane_id:
            raise RemoteProtocolError("WELCOME that answers no HELLO")
        if self.is_established and not welcome.resumed:
            raise RemoteProtocolError("the gateway has forgotten the session", CloseCode.SESSION_UNKNOWN)
        self._outgoing.control.acknowledge(welcome.control_received)
        self.welcome = welcome
        self.limits = limits_from_welcome(self.limits, welcome)
        self._outgoing.max_frame_bytes = welcome.limits.max_frame_bytes
        self._lane_count.limit(welcome.limits.max_lanes)
        # A tenth is left for headers, CONTROL and bursts.
        self._outgoing.congestion.set_max_bitrate(welcome.limits.max_bytes_per_second * 8 * 9 // 10)
        lane.welcomed = True
        self._outgoing.lanes_changed()
        self._welcomed(resumed=welcome.resumed, now=now)

    def _welcomed(self, *, resumed: bool, now: float) -> None:
        was = self.state
        self.state = step(was, Input.WELCOMED)
        self.deadline = None
        if not self.is_established:
            self.is_established = True
            self._events.append(events.Established(resumed))
        elif was is State.DETACHED:
            self._events.append(events.Resumed())
        self._outgoing.tell_keyframe_needs(now)

    # How they get lost.

    def lane_lost(self, lane_id: int, now: float, *, going_away: bool) -> None:
        """The carrier is gone; unknown lanes are ignored. ``going_away``: see ``Session.lane_lost``."""
        self._farewells.pop(lane_id, None)
        lane = self.lanes.pop(lane_id, None)
        if lane is None:
            return
        self._acknowledger.lane_lost(self.lanes.values(), now)
        self._outgoing.lane_lost(lane)
        if self.lanes:
            return
        was_open = self.state is State.OPEN
        self.state = step(self.state, Input.LAST_LANE_LOST)
        if was_open:
            window = self.limits.resume_window
            self.deadline = now + (min(window, GOING_AWAY_GRACE) if going_away else window)
            self._events.append(events.AllLanesLost())

    def _give_up(self, lane_id: int, now: float) -> None:
        self._events.append(events.LaneLost(lane_id))
        self.lane_lost(lane_id, now, going_away=False)

    def give_up_silent_lanes(self, now: float) -> None:
        """Give up the lanes on which nothing has come for too long, or of which nothing is acknowledged."""
        for lane in list(self.lanes.values()):
            if now >= lane.lost_at(self.limits.idle_timeout, self._max_silence) or lane.is_overdue:
                self._give_up(lane.lane_id, now)

    def next_timeout(self, handled_at: float) -> float:
        """When a PING, the loss of a lane or the session's end is due; infinity: never.

        ``handled_at``: the last time-out; a PING that was due then waits only for a pull.
        """
        idle = self.limits.idle_timeout
        next_at = math.inf if self.deadline is None else self.deadline
        for lane in self.lanes.values():
            ping_at = lane.last_sent_at + idle / PING_SHARE
            if handled_at < ping_at < next_at:
                next_at = ping_at
            next_at = min(next_at, lane.lost_at(idle, self._max_silence))
        return next_at

    # The end.

    def end(self, code: int, detail: str, *, by_remote: bool, reason: str | None = None) -> None:
        """Close the session, once; unless the far end did, each lane gets a CLOSE as its farewell."""
        if self.is_closed:
            return
        self.state = step(self.state, Input.END)
        detail = detail[:MAX_DETAIL_LENGTH]
        if reason is None:
            reason = CloseCode(code).reason
        if not by_remote:
            self._closing = encode(Close(code, reason, detail))
            # A client's lane that has not said HELLO has nothing to close.
            self._farewells = {
                lane.lane_id: self._closing
                for lane in self.lanes.values()
                if lane.greeting is None or self._role is Role.GATEWAY
            }
        self.lanes.clear()
        self._outgoing.end()
        self._events.append(events.Closed(code, reason, by_remote, detail))

    def refuse_lane(self, lane_id: int) -> None:
        """After our own end: a lane that came too late gets the farewell of the others."""
        if self.is_closed and self._closing is not None:
            self._farewells[lane_id] = self._closing

    def take_farewell(self, lane_id: int) -> bytes | None:
        """The CLOSE that a lane of an ended session still has to carry, once."""
        return self._farewells.pop(lane_id, None)
