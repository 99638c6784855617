"""The tunnel session: one object for both roles, without I/O, threads or a clock.

A transport (``transport/pump.py``) owns a ``Session`` and its lanes' carriers. It gives every received message to
``receive_message``, writes what ``next_message`` returns, wakes up at ``next_timeout`` for ``handle_timeout``, and
after each of these calls reads ``events_received``. The application calls ``send_control``, ``send_frame`` and
``close``; the transport then pulls again.

This file is what the owner sees, and gives each message to whom it concerns. ``lifecycle`` keeps the session's life:
lanes, handshake, the end. The two halves are ``outgoing`` (with ``scheduler``, ``queues``, ``congestion``) and
``incoming`` (with ``continuity``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from wsmedia.errors import CloseCode, LocalProtocolError, RemoteProtocolError
from wsmedia.media import EncodedFrame
from wsmedia.session import events
from wsmedia.session.acknowledgements import Acknowledger
from wsmedia.session.congestion import PathStatistics
from wsmedia.session.handshake import Role, WelcomeInfo
from wsmedia.session.incoming import Incoming
from wsmedia.session.lane import Lane, LaneFigures
from wsmedia.session.lane_count import MAX_LANES, LaneCount
from wsmedia.session.lifecycle import PING_SHARE, Lifecycle
from wsmedia.session.limits import IncomingRates, SessionLimits
from wsmedia.session.outgoing import Outgoing
from wsmedia.wire import (
    Ack,
    AudioMessage,
    Close,
    Control,
    Fragment,
    Hello,
    KeyframeRequest,
    KnownControl,
    LanesWanted,
    Message,
    Ping,
    Pong,
    Skipped,
    VideoMessage,
    Welcome,
    decode,
    encode,
)


class Session:
    """One end of a tunnel session (PROTOCOL.md §3, §4, §5).

    Args:
        role: which end this is.
        session_id: 32 lower-case hexadecimal digits.
        key: the session's secret.
        now: monotonic seconds.
        limits: bounds on what the far end sends; None for the defaults. A client enforces only the sizes.
        hello: client only: room, name, token, client and capabilities of every HELLO; ``lane_id``, ``lane_kind``,
            ``key``, ``resume`` and ``control_received`` in it are replaced.
        max_lanes: client only: how many lanes it may want at once, at least 1.
        fixed_lanes: client only: want always so many, within ``max_lanes``; None: as the path demands.
    """

    def __init__(
        self,
        role: Role,
        session_id: str,
        *,
        key: str,
        now: float,
        limits: SessionLimits | None = None,
        hello: Hello | None = None,
        max_lanes: int = MAX_LANES,
        fixed_lanes: int | None = None,
    ) -> None:
        if role is Role.CLIENT and hello is None:
            raise LocalProtocolError("a client says who it is in HELLO")
        self.role = role
        self.session_id = session_id
        self.key = key
        limits = limits or SessionLimits()
        self._timeout_handled_at = -math.inf
        self._lane_count = LaneCount(max_lanes if role is Role.CLIENT else limits.max_lanes, fixed_lanes)
        lanes: dict[int, Lane] = {}
        self._wire_limits = limits.wire
        self._rates = IncomingRates(limits, now) if role is Role.GATEWAY else None
        self._acknowledger = Acknowledger()
        self._events: list[events.Event] = []
        self._outgoing = Outgoing(limits.max_frame_bytes, lanes, self._events)
        max_tracks = limits.max_tracks if role is Role.GATEWAY else None
        self._incoming = Incoming(role, max_tracks, self._wire_limits, self._outgoing, self._events)
        self._life = Lifecycle(
            role,
            key,
            hello,
            limits,
            now=now,
            lanes=lanes,
            lane_count=self._lane_count,
            outgoing=self._outgoing,
            incoming=self._incoming,
            acknowledger=self._acknowledger,
            session_events=self._events,
        )
        self._lanes = lanes
        self._handlers: dict[type, Callable[[Lane, Any, float], None]] = {
            AudioMessage: self._receive_frame,
            VideoMessage: self._receive_frame,
            Fragment: self._receive_fragment,
            Control: self._receive_control,
            Ack: self._receive_ack,
            Ping: self._receive_ping,
            Pong: self._receive_nothing,
            Skipped: self._receive_nothing,
            Welcome: self._life.receive_welcome,
            Close: self._receive_close,
        }

    # What one may ask.

    @property
    def is_established(self) -> bool:
        """Whether the session ever had a welcomed lane."""
        return self._life.is_established

    @property
    def is_closed(self) -> bool:
        """Whether ``Closed`` has been told; only CLOSE messages may still leave."""
        return self._life.is_closed

    @property
    def lane_ids(self) -> tuple[int, ...]:
        """The lanes that are open, in the order they came."""
        return tuple(self._lanes)

    @property
    def lanes_wanted(self) -> int:
        """How many lanes the client should hold now, by what both directions measure (``LanesWantedChanged``)."""
        return self._lane_count.wanted

    @property
    def welcome(self) -> Welcome | None:
        """The latest WELCOME that was sent or received."""
        return self._life.welcome

    @property
    def limits(self) -> SessionLimits:
        """Bounds and timers; a client's are those of the latest WELCOME."""
        return self._life.limits

    @property
    def target_bitrate_bps(self) -> int:
        """What the path can carry now, all outgoing tracks together."""
        return self._outgoing.bitrate_bps

    def lane_figures(self, now: float) -> list[LaneFigures]:
        """Figures of the lanes that are open, in the order they came."""
        return self._outgoing.lane_figures(now)

    def path(self, now: float) -> PathStatistics:
        """Figures of the path at ``now``."""
        return self._outgoing.path(now, self._incoming.fragments_late)

    def events_received(self) -> list[events.Event]:
        """What happened since the last call."""
        if not self._events:
            return []
        happened = self._events[:]
        self._events.clear()
        return happened

    # Lanes.

    def open_lane(self, lane_id: int, kind: str, now: float) -> None:
        """Client: a carrier is open; HELLO is its first message. After the end it does nothing.

        Raises:
            LocalProtocolError: the lane id was used before, or this is a gateway.
        """
        self._life.open_lane(lane_id, kind, now)

    def attach_lane(self, lane_id: int, hello: Hello, welcome_info: WelcomeInfo, now: float) -> None:
        """Gateway: a carrier's HELLO belongs here (``SessionRegistry.attach`` said so); WELCOME is its first message.

        A lane id that was used before fails the session with ``malformed``. After the end it does nothing, but
        ``next_message`` gives a CLOSE for the lane.
        """
        with self._ending_on_error():
            self._life.attach_lane(lane_id, hello, welcome_info, now)
        self._life.refuse_lane(lane_id)

    def lane_lost(self, lane_id: int, now: float, *, going_away: bool = False) -> None:
        """The carrier is gone, for whatever reason; unknown lanes are ignored.

        ``going_away``: the far end said that it ends, as a page does that is closed or reloaded; then a session without
        lanes stays for ``GOING_AWAY_GRACE`` only.
        """
        self._life.lane_lost(lane_id, now, going_away=going_away)

    # What comes in.

    def receive_message(self, lane_id: int, data: bytes, now: float) -> None:
        """Take one message from a lane, HELLO excepted. Bytes that break the protocol close the session.

        Messages of lanes that are unknown or lost, and those that come after the end, are ignored.
        """
        lane = self._lanes.get(lane_id)
        if lane is None:
            return
        try:
            if self._rates is not None:
                self._rates.admit(len(data), now)
            message = decode(data, self._wire_limits)
            self._receive(lane, message, now)
        except RemoteProtocolError as error:
            self._life.end(error.code, str(error), by_remote=False)

    def _receive(self, lane: Lane, message: Message, now: float) -> None:
        message_type = type(message)
        handler = self._handlers.get(message_type)
        if handler is None:
            raise RemoteProtocolError(f"{message_type.__name__.upper()} where none is taken")
        if not lane.welcomed and message_type is not Welcome and message_type is not Close:
            raise RemoteProtocolError("something before WELCOME")
        lane.last_heard_at = now
        if message_type is not Ack and message_type is not Welcome:
            lane.received(now)
            self._acknowledger.received(len(self._lanes), now)
        handler(lane, message, now)

    def _receive_frame(self, _lane: Lane, message: AudioMessage | VideoMessage, now: float) -> None:
        self._incoming.receive_frame(message, now, patient=len(self._lanes) > 1)

    def _receive_control(self, _lane: Lane, control: Control, now: float) -> None:
        self._incoming.receive_control(control, now, patient=len(self._lanes) > 1)
        self._lane_count.remote_wish(self._incoming.lanes_wanted)
        self._tell_lanes_wanted()

    def _receive_fragment(self, lane: Lane, fragment: Fragment, now: float) -> None:
        message = self._incoming.receive_fragment(fragment)
        if message is not None:
            self._receive_frame(lane, message, now)

    def _receive_ping(self, lane: Lane, ping: Ping, now: float) -> None:
        lane.pongs.append(Pong(ping.sent_at_us, int(now * 1e6)))

    def _receive_ack(self, _lane: Lane, ack: Ack, now: float) -> None:
        self._outgoing.take_ack(ack, now)
        self._lane_count.wish(self._outgoing.redundancy.lanes)
        self._tell_lanes_wanted()

    def _tell_lanes_wanted(self) -> None:
        wanted = self._lane_count.take_change()
        if wanted is None:
            return
        if self.role is Role.CLIENT:
            self._events.append(events.LanesWantedChanged(wanted))
        elif wanted > 1:
            self._outgoing.send_control(LanesWanted(wanted))

    def _receive_nothing(self, _lane: Lane, _message: Pong | Skipped, _now: float) -> None:
        """It was counted, and that is all."""

    def _receive_close(self, _lane: Lane, close: Close, _now: float) -> None:
        self._life.end(close.code, close.detail, by_remote=True, reason=close.reason)

    # What goes out.

    def next_message(self, lane_id: int, now: float) -> bytes | None:
        """The next message to write on a lane, or None if there is none or the path's window is full.

        Call it until it says None, after any other call; write at once what it gives, for it counts as sent.
        """
        lane = self._lanes.get(lane_id)
        if lane is None:
            return self._life.take_farewell(lane_id)
        uncounted = self._next_uncounted(lane, now)
        if uncounted is not None:
            lane.last_sent_at = now
            return uncounted
        return self._outgoing.next_message(lane, now, self.limits.idle_timeout / PING_SHARE)

    def _next_uncounted(self, lane: Lane, now: float) -> bytes | None:
        """HELLO, WELCOME and ACK: what no ACK reports."""
        if lane.greeting is not None:
            greeting, lane.greeting = lane.greeting, None
            return greeting
        if self._acknowledger.is_due(lane.lane_id, len(self._lanes), now):
            return encode(self._acknowledger.make(self._lanes.values(), self._incoming.control_received, now))
        return None

    def send_control(self, message: KnownControl, now: float) -> None:
        """Queue a CONTROL: delivered in order and once while the session lives, resumes included.

        ``publish`` and ``track_added`` add the track to the outgoing ones, ``unpublish`` and ``track_removed`` end it;
        ``publish_rejected`` ends an incoming one. ``keyframe_request`` is coalesced: sent now or as soon as half a
        second has passed since the last one for the track. After the end it does nothing.
        """
        if self._life.is_closed:
            return
        with self._ending_on_error():
            if isinstance(message, KeyframeRequest):
                self._incoming.want_keyframe(message.track_id, now)
            else:
                self._incoming.sending_control(message)
                self._outgoing.send_control(message)

    def send_frame(self, track_id: int, frame: EncodedFrame, now: float) -> None:
        """Queue a frame in decode order. It may be dropped (PROTOCOL.md §5): no lane, a slow path, an unknown track."""
        self._outgoing.send_frame(track_id, frame, now)

    # Time.

    def next_timeout(self) -> float | None:
        """When ``handle_timeout`` (and then ``next_message``) has to be called, in monotonic seconds; None: never.

        What was due at the last ``handle_timeout`` and waits only for a pull is not told again: a lane whose carrier
        takes nothing must not make its owner spin.
        """
        if self._life.is_closed:
            return None
        next_at = self._life.next_timeout(self._timeout_handled_at)
        for at in (
            self._incoming.tracks.next_request_at(),
            self._incoming.tracks.next_due_at(),
            self._outgoing.next_timeout(self._timeout_handled_at),
        ):
            if at is not None and at < next_at:
                next_at = at
        ack_at = self._acknowledger.next_due_after(self._timeout_handled_at) if self._lanes else None
        if ack_at is not None and ack_at < next_at:
            next_at = ack_at
        return next_at if next_at < math.inf else None

    def handle_timeout(self, now: float) -> None:
        """Do what is due; call it at ``next_timeout`` or later, too early does no harm."""
        if self._life.is_closed:
            return
        self._timeout_handled_at = now
        self._outgoing.handle_timeout(now)
        self._life.give_up_silent_lanes(now)
        with self._ending_on_error():
            self._incoming.deliver_due(now, patient=len(self._lanes) > 1)
            self._incoming.send_keyframe_requests(now)
        deadline = self._life.deadline
        if deadline is not None and now >= deadline:
            self._life.end(CloseCode.TIMEOUT, "no lane came back in time", by_remote=False)

    # The end.

    def close(self, code: CloseCode, detail: str, now: float) -> None:
        """End the session: everything queued is dropped, each lane gets one CLOSE.

        ``detail`` is a sentence for people on both sides; ``now`` is not needed yet.
        """
        self._life.end(code, detail, by_remote=False)

    @contextmanager
    def _ending_on_error(self) -> Iterator[None]:
        """Whatever the far end does wrong inside ends this session with the error's code."""
        try:
            yield
        except RemoteProtocolError as error:
            self._life.end(error.code, str(error), by_remote=False)
