"""The tunnel session: one object for both roles, without I/O, threads or a clock.

A transport (``transport/pump.py``) owns a ``Session`` and its lanes' carriers. It gives every received message to
``receive_message``, writes what ``next_message`` returns, wakes up at ``next_timeout`` for ``handle_timeout``, and
after each of these calls reads ``events_received``. The application calls ``send_control``, ``send_frame`` and
``close``; the transport then pulls again.

The theory of a session's life stands in ``state``; this file ties the parts together: ``lane`` (counters),
``control_channel`` (reliable CONTROL), ``scheduler`` and ``outgoing`` (queues), ``continuity`` (incoming frames),
``acknowledgements``, ``congestion``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from wsmedia.errors import CloseCode, LocalProtocolError, RemoteProtocolError
from wsmedia.media import EncodedFrame, MediaKind
from wsmedia.session import events
from wsmedia.session.acknowledgements import Acknowledger
from wsmedia.session.congestion import CongestionController, PathStatistics
from wsmedia.session.continuity import IncomingTracks
from wsmedia.session.control_channel import ControlOverflowError, ControlReceiver, ControlSender
from wsmedia.session.handshake import Role, WelcomeInfo, hello_for_lane, limits_from_welcome, welcome_for_lane
from wsmedia.session.lane import NOT_VIDEO, Lane
from wsmedia.session.limits import IncomingRates, SessionLimits
from wsmedia.session.scheduler import Scheduler
from wsmedia.session.state import Input, State, step
from wsmedia.wire import (
    DOWNLINK_ONLY,
    UPLINK_ONLY,
    Ack,
    AudioMessage,
    Close,
    Control,
    ControlMessage,
    Hello,
    KeyframeRequest,
    KnownControl,
    Message,
    Ping,
    Pong,
    Publish,
    PublishRejected,
    Skipped,
    TrackAdded,
    TrackRemoved,
    UnknownControl,
    Unpublish,
    VideoMessage,
    Welcome,
    decode,
    encode,
)

MAX_DETAIL_LENGTH = 512
PING_SHARE = 3
"""A lane on which nothing was sent for the idle time-out divided by this gets a PING (PROTOCOL.md §3.6)."""


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
    ) -> None:
        if role is Role.CLIENT and hello is None:
            raise LocalProtocolError("a client says who it is in HELLO")
        self.role = role
        self.session_id = session_id
        self.key = key
        self.limits = limits or SessionLimits()
        self._hello = hello
        self._welcome: Welcome | None = None
        self._state = State.CONNECTING
        self._established = False
        self._deadline: float | None = now + self.limits.resume_window
        self._timeout_handled_at = -math.inf
        self._lanes: dict[int, Lane] = {}
        self._used_lane_ids: set[int] = set()
        self._closing: bytes | None = None
        self._farewells: dict[int, bytes] = {}
        self._wire_limits = self.limits.wire
        self._rates = IncomingRates(self.limits, now) if role is Role.GATEWAY else None
        self._control_sender = ControlSender()
        self._control_receiver = ControlReceiver()
        self._acknowledger = Acknowledger()
        self._incoming = IncomingTracks()
        self._scheduler = Scheduler()
        self._congestion = CongestionController()
        self._in_flight_bytes = 0
        self._events: list[events.Event] = []
        self._handlers: dict[type, Callable[[Lane, Any, float], None]] = {
            AudioMessage: self._receive_audio,
            VideoMessage: self._receive_video,
            Ack: self._receive_ack,
            Control: self._receive_control,
            Ping: self._receive_ping,
            Pong: self._receive_nothing,
            Skipped: self._receive_nothing,
            Welcome: self._receive_welcome,
            Close: self._receive_close,
        }

    # What one may ask.

    @property
    def is_established(self) -> bool:
        """Whether the session ever had a welcomed lane."""
        return self._established

    @property
    def is_closed(self) -> bool:
        """Whether ``Closed`` has been told; only CLOSE messages may still leave."""
        return self._state is State.CLOSED

    @property
    def lane_ids(self) -> tuple[int, ...]:
        """The lanes that are open, in the order they came."""
        return tuple(self._lanes)

    @property
    def welcome(self) -> Welcome | None:
        """The latest WELCOME that was sent or received."""
        return self._welcome

    @property
    def target_bitrate_bps(self) -> int:
        """What the path can carry now, all outgoing tracks together."""
        return self._congestion.bitrate_bps

    def path(self, now: float) -> PathStatistics:
        """Figures of the path at ``now``."""
        congestion = self._congestion
        return PathStatistics(
            bitrate_bps=congestion.bitrate_bps,
            delivered_bps=congestion.delivered.bps,
            round_trip=congestion.round_trip,
            queueing_delay=congestion.delay.newest,
            in_flight_bytes=self._in_flight_bytes,
            window_bytes=congestion.window,
            backlog=self._scheduler.backlog(now),
            frames_dropped=self._scheduler.dropped,
        )

    def events_received(self) -> list[events.Event]:
        """What happened since the last call."""
        happened = self._events
        self._events = []
        return happened

    # Lanes.

    def open_lane(self, lane_id: int, kind: str, now: float) -> None:
        """Client: a carrier is open; HELLO is its first message. After the end it does nothing.

        Raises:
            LocalProtocolError: the lane id was used before, or this is a gateway.
        """
        if self._hello is None or lane_id in self._used_lane_ids:
            raise LocalProtocolError("a lane id is used once, by the client")
        if self._state is State.CLOSED:
            return
        hello = hello_for_lane(
            self._hello,
            lane_id=lane_id,
            kind=kind,
            key=self.key,
            resume=self._state is State.DETACHED,
            control_received=self._control_receiver.received,
        )
        self._used_lane_ids.add(lane_id)
        self._lanes[lane_id] = Lane(lane_id, kind, encode(hello), welcomed=False, now=now)

    def attach_lane(self, lane_id: int, hello: Hello, welcome_info: WelcomeInfo, now: float) -> None:
        """Gateway: a carrier's HELLO belongs here (``SessionRegistry.attach`` said so); WELCOME is its first message.

        A lane id that was used before fails the session with ``malformed``. After the end it does nothing, but
        ``next_message`` gives a CLOSE for the lane.
        """
        try:
            self._attach_lane(lane_id, hello, welcome_info, now)
        except RemoteProtocolError as error:
            self._end(error.code, str(error), by_remote=False)
        if self._state is State.CLOSED and self._closing is not None:
            self._farewells[lane_id] = self._closing

    def _attach_lane(self, lane_id: int, hello: Hello, info: WelcomeInfo, now: float) -> None:
        if self._state is State.CLOSED:
            return
        if lane_id in self._used_lane_ids:
            raise RemoteProtocolError("lane id used twice")
        if hello.resume:
            for stale_id in self.lane_ids:
                self._give_up(stale_id, now)
        elif len(self._lanes) >= self.limits.max_lanes:
            raise RemoteProtocolError("too many lanes", CloseCode.RATE_LIMITED)
        self._control_sender.acknowledge(hello.control_received)
        self._welcome = welcome_for_lane(
            info,
            self.limits,
            lane_id=lane_id,
            resumed=self._established,
            control_received=self._control_receiver.received,
        )
        self._used_lane_ids.add(lane_id)
        self._lanes[lane_id] = Lane(lane_id, hello.lane_kind, encode(self._welcome), welcomed=True, now=now)
        self._welcomed(resumed=False, now=now)

    def lane_lost(self, lane_id: int, now: float) -> None:
        """The carrier is gone, for whatever reason; unknown lanes are ignored."""
        self._farewells.pop(lane_id, None)
        lane = self._lanes.pop(lane_id, None)
        if lane is None:
            return
        self._in_flight_bytes -= lane.in_flight_bytes
        self._control_sender.lane_lost(lane_id)
        self._acknowledger.lane_lost(lane_id)
        for track_id in {sent.video_track_id for sent in lane.in_flight} - {NOT_VIDEO}:
            self._scheduler.lost(track_id)
        if self._lanes:
            return
        self._scheduler.clear()
        was_open = self._state is State.OPEN
        self._state = step(self._state, Input.LAST_LANE_LOST)
        if was_open:
            self._deadline = now + self.limits.resume_window
            self._congestion.path_changed()
            self._events.append(events.AllLanesLost())

    def _give_up(self, lane_id: int, now: float) -> None:
        self._events.append(events.LaneLost(lane_id))
        self.lane_lost(lane_id, now)

    def _welcomed(self, *, resumed: bool, now: float) -> None:
        was = self._state
        self._state = step(was, Input.WELCOMED)
        self._deadline = None
        if not self._established:
            self._established = True
            self._events.append(events.Established(resumed))
        elif was is State.DETACHED:
            self._events.append(events.Resumed())
        self._tell_keyframe_needs(now)

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
            self._receive(lane, message, len(data), now)
        except RemoteProtocolError as error:
            self._end(error.code, str(error), by_remote=False)

    def _receive(self, lane: Lane, message: Message, size: int, now: float) -> None:
        message_type = type(message)
        handler = self._handlers.get(message_type)
        if handler is None:
            raise RemoteProtocolError("HELLO on a lane that has one")
        if not lane.welcomed and message_type is not Welcome and message_type is not Close:
            raise RemoteProtocolError("something before WELCOME")
        lane.last_heard_at = now
        if message_type is not Ack and message_type is not Welcome:
            lane.received(size, now)
            self._acknowledger.received(lane.lane_id, now)
        handler(lane, message, now)

    def _receive_audio(self, _lane: Lane, message: AudioMessage, _now: float) -> None:
        if self._incoming.accept_audio(message):
            self._events.append(events.FrameReceived(message.track_id, message.frame))

    def _receive_video(self, _lane: Lane, message: VideoMessage, now: float) -> None:
        if self._incoming.accept_video(message):
            self._events.append(events.FrameReceived(message.track_id, message.frame))
        else:
            self._send_keyframe_requests(now)

    def _receive_ack(self, _lane: Lane, ack: Ack, now: float) -> None:
        self._control_sender.acknowledge(ack.control_received)
        for receipt in ack.lanes:
            lane = self._lanes.get(receipt.lane_id)
            if lane is None:
                continue
            octets, last = lane.acknowledge(receipt.messages_received)
            if last is None:
                continue
            self._in_flight_bytes -= octets
            received_at = receipt.last_received_at_us / 1e6
            sent_at = ack.sent_at_us / 1e6
            self._congestion.acknowledged(
                octets=octets,
                delay=received_at - last.sent_at,
                round_trip=now - last.sent_at - (sent_at - received_at),
                at=sent_at,
                now=now,
            )
        self._tell_keyframe_needs(now)
        changed = self._congestion.take_change()
        if changed is not None:
            self._events.append(events.PathEstimateChanged(changed))

    def _receive_control(self, _lane: Lane, control: Control, now: float) -> None:
        for message in self._control_receiver.receive(control):
            self._take_control(message, now)

    def _take_control(self, message: ControlMessage, now: float) -> None:
        if isinstance(message, UPLINK_ONLY if self.role is Role.CLIENT else DOWNLINK_ONLY):
            raise RemoteProtocolError(f"{type(message).__name__} in the wrong direction")
        match message:
            case UnknownControl():
                return
            case KeyframeRequest(track_id):
                self._scheduler.request_keyframe(track_id)
                self._tell_keyframe_needs(now)
                return
            case Publish(track) | TrackAdded(_, track):
                self._announce_incoming(track.track_id, track.kind)
            case Unpublish(track_id) | TrackRemoved(track_id):
                self.remove_incoming_track(track_id)
            case PublishRejected(track_id):
                self.remove_outgoing_track(track_id)
        self._events.append(events.ControlReceived(message))

    def _announce_incoming(self, track_id: int, kind: MediaKind) -> None:
        if (
            self.role is Role.GATEWAY
            and track_id not in self._incoming
            and len(self._incoming) >= self.limits.max_tracks
        ):
            raise RemoteProtocolError("too many tracks", CloseCode.RATE_LIMITED)
        self.add_incoming_track(track_id, kind)

    def _receive_ping(self, lane: Lane, ping: Ping, now: float) -> None:
        lane.pongs.append(Pong(ping.sent_at_us, int(now * 1e6)))

    def _receive_nothing(self, _lane: Lane, _message: Pong | Skipped, _now: float) -> None:
        """It was counted, and that is all."""

    def _receive_welcome(self, lane: Lane, welcome: Welcome, now: float) -> None:
        if lane.welcomed or welcome.lane_id != lane.lane_id:
            raise RemoteProtocolError("WELCOME that answers no HELLO")
        if self._established and not welcome.resumed:
            raise RemoteProtocolError("the gateway has forgotten the session", CloseCode.SESSION_UNKNOWN)
        self._control_sender.acknowledge(welcome.control_received)
        self._welcome = welcome
        self.limits = limits_from_welcome(self.limits, welcome)
        # A tenth is left for headers, CONTROL and bursts.
        self._congestion.set_max_bitrate(welcome.limits.max_bytes_per_second * 8 * 9 // 10)
        lane.welcomed = True
        self._welcomed(resumed=welcome.resumed, now=now)

    def _receive_close(self, _lane: Lane, close: Close, _now: float) -> None:
        self._end(close.code, close.detail, by_remote=True, reason=close.reason)

    # What goes out.

    def next_message(self, lane_id: int, now: float) -> bytes | None:
        """The next message to write on a lane, or None if there is none or the path's window is full.

        Call it until it says None, after any other call; write at once what it gives, for it counts as sent.
        """
        lane = self._lanes.get(lane_id)
        if lane is None:
            return self._farewells.pop(lane_id, None)
        uncounted = self._next_uncounted(lane, now)
        if uncounted is not None:
            lane.last_sent_at = now
            return uncounted
        video_track_id = NOT_VIDEO
        if lane.pongs:
            data: bytes | None = encode(lane.pongs.popleft())
        else:
            data = self._control_sender.next_message(lane_id)
            if data is None:
                media = self._next_media(lane, now)
                if media is not None:
                    data, video_track_id = media
                elif now >= lane.last_sent_at + self.limits.idle_timeout / PING_SHARE:
                    data = encode(Ping(int(now * 1e6)))
        if data is None:
            return None
        lane.sent(len(data), now, video_track_id)
        self._in_flight_bytes += len(data)
        return data

    def _next_uncounted(self, lane: Lane, now: float) -> bytes | None:
        """HELLO, WELCOME and ACK: what no ACK reports."""
        if lane.greeting is not None:
            greeting, lane.greeting = lane.greeting, None
            return greeting
        if self._acknowledger.is_due(lane.lane_id, now):
            return encode(self._acknowledger.make(self._lanes.values(), self._control_receiver.received, now))
        return None

    def _next_media(self, lane: Lane, now: float) -> tuple[bytes, int] | None:
        """Audio is not held back by the window: it is small, and its delay is heard."""
        with_video = self._scheduler.has_video and self._congestion.allows_video(self._in_flight_bytes)
        if lane.is_stalled(self._congestion.round_trip or 0.0, now):
            return None
        return self._scheduler.pop(now, with_video=with_video)

    def send_control(self, message: KnownControl, now: float) -> None:
        """Queue a CONTROL: delivered in order and once while the session lives, resumes included.

        ``publish`` and ``track_added`` add the track to the outgoing ones, ``unpublish`` and ``track_removed`` end it;
        ``publish_rejected`` ends an incoming one. ``keyframe_request`` is coalesced: sent now or as soon as half a
        second has passed since the last one for the track. After the end it does nothing.
        """
        if self._state is State.CLOSED:
            return
        match message:
            case KeyframeRequest(track_id):
                self._incoming.want_keyframe(track_id)
                self._send_keyframe_requests(now)
                return
            case Publish(track) | TrackAdded(_, track):
                self.add_outgoing_track(track.track_id, track.kind)
            case Unpublish(track_id) | TrackRemoved(track_id):
                self.remove_outgoing_track(track_id)
            case PublishRejected(track_id):
                self.remove_incoming_track(track_id)
        self._queue_control(message)

    def _queue_control(self, message: KnownControl) -> None:
        try:
            self._control_sender.send(message)
        except ControlOverflowError:
            self._end(CloseCode.OVERLOADED, "the far end does not take our messages", by_remote=False)

    def _send_keyframe_requests(self, now: float) -> None:
        for track_id in self._incoming.requests_due(now):
            self._queue_control(KeyframeRequest(track_id))

    def send_frame(self, track_id: int, frame: EncodedFrame, now: float) -> None:
        """Queue a frame in decode order. It may be dropped (PROTOCOL.md §5): no lane, a slow path, an unknown track."""
        if not self._lanes:
            return
        self._scheduler.push(track_id, frame, now)
        if self._path_is_open and self._scheduler.takes_keyframe_need(track_id, now):
            self._events.append(events.KeyframeNeeded(track_id))

    @property
    def _path_is_open(self) -> bool:
        """Whether a keyframe that is asked for now has a chance to leave."""
        return bool(self._lanes) and self._in_flight_bytes < self._congestion.window

    def _tell_keyframe_needs(self, now: float) -> None:
        if self._path_is_open:
            self._events += map(events.KeyframeNeeded, self._scheduler.keyframe_needs(now))

    # Time.

    def next_timeout(self) -> float | None:
        """When ``handle_timeout`` (and then ``next_message``) has to be called, in monotonic seconds; None: never.

        What was due at the last ``handle_timeout`` and waits only for a pull is not told again: a lane whose carrier
        takes nothing must not make its owner spin.
        """
        if self._state is State.CLOSED:
            return None
        idle = self.limits.idle_timeout
        times = [at for at in (self._deadline, self._incoming.next_request_at()) if at is not None]
        if self._lanes:
            pulls = [lane.last_sent_at + idle / PING_SHARE for lane in self._lanes.values()]
            if self._acknowledger.due_at is not None:
                pulls.append(self._acknowledger.due_at)
            times += [at for at in pulls if at > self._timeout_handled_at]
            times += [lane.last_heard_at + idle for lane in self._lanes.values()]
        return min(times, default=None)

    def handle_timeout(self, now: float) -> None:
        """Do what is due; call it at ``next_timeout`` or later, too early does no harm."""
        if self._state is State.CLOSED:
            return
        self._timeout_handled_at = now
        for lane in list(self._lanes.values()):
            if now >= lane.last_heard_at + self.limits.idle_timeout or lane.is_overdue:
                self._give_up(lane.lane_id, now)
        self._send_keyframe_requests(now)
        if self._deadline is not None and now >= self._deadline:
            self._end(CloseCode.TIMEOUT, "no lane came back in time", by_remote=False)

    # Tracks.

    def add_outgoing_track(self, track_id: int, kind: MediaKind) -> None:
        """Take frames of this track; done by ``send_control`` for the messages that announce tracks."""
        self._scheduler.add_track(track_id, kind)

    def remove_outgoing_track(self, track_id: int) -> None:
        """Drop the track's queued frames and take no more; unknown ones are ignored."""
        self._scheduler.remove_track(track_id)

    def add_incoming_track(self, track_id: int, kind: MediaKind) -> None:
        """Deliver frames of this track; done when ``publish`` or ``track_added`` arrives."""
        self._incoming.add(track_id, kind)

    def remove_incoming_track(self, track_id: int) -> None:
        """Deliver no more frames of the track; unknown ones are ignored."""
        self._incoming.remove(track_id)

    # The end.

    def close(self, code: CloseCode, detail: str, now: float) -> None:
        """End the session: everything queued is dropped, each lane gets one CLOSE.

        ``detail`` is a sentence for people on both sides; ``now`` is not needed yet.
        """
        self._end(code, detail, by_remote=False)

    def _end(self, code: int, detail: str, *, by_remote: bool, reason: str | None = None) -> None:
        if self._state is State.CLOSED:
            return
        self._state = step(self._state, Input.END)
        detail = detail[:MAX_DETAIL_LENGTH]
        if reason is None:
            reason = CloseCode(code).reason
        if not by_remote:
            self._closing = encode(Close(code, reason, detail))
            # A client's lane that has not said HELLO has nothing to close.
            self._farewells = {
                lane.lane_id: self._closing
                for lane in self._lanes.values()
                if lane.greeting is None or self.role is Role.GATEWAY
            }
        self._lanes.clear()
        self._in_flight_bytes = 0
        self._scheduler = Scheduler()
        self._control_sender = ControlSender()
        self._events.append(events.Closed(code, reason, by_remote, detail))
