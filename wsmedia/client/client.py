"""Joins a room through the tunnel: the class that bots, tests, benchmarks and the command line use.

::

    async with Client("https://example.org:8443", room="standup", name="Bot") as client:
        camera = client.publish(Codec.H264, TrackSource.CAMERA)
        camera.send_frame(frame)

A cut connection is resumed; if the gateway has forgotten the session meanwhile, the client joins anew and publishes its
tracks again. Everything runs on the event loop that called ``connect``.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from types import TracebackType

from wsmedia.client.address import GatewayAddress
from wsmedia.client.errors import ClientError
from wsmedia.client.events import ClientEvents, ConnectionState
from wsmedia.client.lane_keeper import FIRST_BACK_OFF, LAST_BACK_OFF
from wsmedia.client.lane_kinds import LANE_KINDS, KindLadder
from wsmedia.client.refusal import REJOINABLE, ending_text
from wsmedia.client.roster import Roster
from wsmedia.client.tracks import LocalTrack, RemoteTrack
from wsmedia.client.tunnel import Tunnel
from wsmedia.clock import Clock, SystemClock
from wsmedia.errors import CloseCode
from wsmedia.media import Codec, EncodedFrame, MediaKind, Participant, Track, TrackSource
from wsmedia.ports import RoomState
from wsmedia.session import (
    MAX_LANES,
    AllLanesLost,
    Closed,
    ControlReceived,
    Established,
    Event,
    FrameReceived,
    KeyframeNeeded,
    LaneFigures,
    PathEstimateChanged,
    PathStatistics,
    Resumed,
)
from wsmedia.wire import (
    KnownControl,
    Publish,
    PublishRejected,
    RoomStateChanged,
    TargetBitrate,
    TrackDescription,
    Unpublish,
)

RECONNECT_SECONDS = 120.0
"""For how long the client tries to get back before it gives up."""

MOST_LANES = 32
"""What a gateway lets one session hold, if nobody has told it otherwise."""

_LEAVE_TIMEOUT = 3.0
_AUDIO_SHARE_BPS = 64_000
_MIN_VIDEO_SHARE_BPS = 50_000
_ROOM = re.compile(r"[A-Za-z0-9._~-]{1,64}")


class Client:
    """One participant.

    Args:
        url: the gateway, ``http(s)://host:port`` or ``ws(s)://host:port``.
        room: 1–64 characters of ``A–Z a–z 0–9 . _ ~ -``.
        name: what others see, 1–64 characters.
        token: JWT, if the gateway wants one.
        insecure: accept any TLS certificate.
        events: hears what happens.
        reconnect_seconds: for how long to try to get back after the connection was lost.
        lanes: hold always so many connections (1–32), for measuring; None: as the path demands.
        max_lanes: how many connections the path may make the client hold (1–32).
        lane: use only this kind of connection, of ``LANE_KINDS``; None: the best that gets through.
        clock: for tests.

    Attributes:
        connection_state: how the way to the gateway is.
        room_state: how the gateway's way to its SFU is.
    """

    def __init__(
        self,
        url: str,
        room: str,
        name: str,
        *,
        token: str | None = None,
        insecure: bool = False,
        events: ClientEvents | None = None,
        reconnect_seconds: float = RECONNECT_SECONDS,
        lanes: int | None = None,
        max_lanes: int = MAX_LANES,
        lane: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.connection_state = ConnectionState.CONNECTING
        self.room_state = RoomState.CONNECTING
        if _ROOM.fullmatch(room) is None:
            raise ClientError(f"{room!r} cannot be a room: use 1 to 64 letters, digits, dots, dashes, underscores or ~")
        self._address = GatewayAddress.parse(url)
        self._room = room
        self._name = name.strip()
        if not 1 <= len(self._name) <= 64 or not self._name.isprintable():
            raise ClientError("a name has 1 to 64 printable characters")
        for option, count in (("lanes", lanes), ("max_lanes", max_lanes)):
            if count is not None and not 1 <= count <= MOST_LANES:
                raise ClientError(f"{option} is 1 to {MOST_LANES}, not {count}")
        if lane is not None and lane not in LANE_KINDS:
            raise ClientError(f"a lane is {', '.join(LANE_KINDS)}, not {lane}")
        self._ladder = KindLadder(lane)
        self._lanes = lanes
        self._max_lanes = max_lanes
        self._token = token
        self._insecure = insecure
        self._events = events or ClientEvents()
        self._reconnect_seconds = reconnect_seconds
        self._clock = clock or SystemClock()
        self._local: dict[int, LocalTrack] = {}
        self._next_track_id = 0
        self._roster = Roster(self._events, self._send_control, self._clock)
        self._tunnel: Tunnel | None = None
        self._task: asyncio.Task[None] | None = None
        self._leaving = False
        self._path_bps: int | None = None
        self._room_reason = ""
        self._was_in_room = False
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Client:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()

    @property
    def participant_id(self) -> str:
        """Who the gateway says we are; empty before ``connect``."""
        welcome = self._tunnel.session.welcome if self._tunnel else None
        return welcome.participant_id if welcome else ""

    @property
    def participants(self) -> dict[str, Participant]:
        """The others, by participant id."""
        return dict(self._roster.participants)

    @property
    def remote_tracks(self) -> list[RemoteTrack]:
        """The others' tracks."""
        return list(self._roster.tracks.values())

    @property
    def lanes(self) -> list[LaneFigures]:
        """The connections to the gateway, in the order in which they began."""
        return self._tunnel.session.lane_figures(self._clock.monotonic()) if self._tunnel else []

    @property
    def path(self) -> PathStatistics | None:
        """How the way to the gateway is now, None before ``connect``."""
        return self._tunnel.session.path(self._clock.monotonic()) if self._tunnel else None

    async def connect(self) -> None:
        """Join the room.

        Raises:
            ClientError: no server, certificate not trusted, token or room refused; the message says which.
        """
        if self._task is not None:
            raise ClientError("a client connects once; make another one")
        self._task = asyncio.create_task(self._run(), name="wsmedia client")
        while self.connection_state is ConnectionState.CONNECTING and not self._task.done():
            await self._change()
        if self.connection_state is ConnectionState.CLOSED or self._task.done():
            await self._task
            raise ClientError("left while connecting")

    def publish(self, codec: Codec, source: TrackSource, muted: bool = False) -> LocalTrack:
        """Announce a track; frames may be sent at once."""
        track = Track(self._next_track_id, codec, source, muted)
        self._next_track_id = (self._next_track_id + 1) & 0xFFFF
        local = self._local[track.track_id] = LocalTrack(track, self._send_frame, self._send_control)
        self._send_control(Publish(TrackDescription.of(track)))
        return local

    async def wait_until(self, condition: Callable[[], object], within: float | None = 10.0) -> None:
        """Wait until ``condition()`` is true; it is asked after every event of the session, frames excepted.

        Raises:
            TimeoutError: it did not become true ``within`` so many seconds; None waits for ever.
            ClientError: the session ended for good.
        """
        async with asyncio.timeout(within):
            while not condition():
                if self._task is not None and self._task.done():
                    self._task.result()
                    raise ClientError("the session has ended")
                await self._change()

    async def closed(self) -> None:
        """Wait until the client has left.

        Raises:
            ClientError: the session ended for good and not by ``leave``.
        """
        if self._task is not None:
            await asyncio.shield(self._task)

    async def drain(self, within: float = 2.0) -> None:
        """Wait until what was sent has arrived at the gateway, or so many seconds are over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                # Acknowledgements cause no event, so the figures are looked at again and again.
                while (path := self.path) is not None and (path.in_flight_bytes or path.backlog):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)

    async def leave(self) -> None:
        """Leave the room and free everything; safe to call twice."""
        self._leaving = True
        task = self._task
        if task is None:
            return
        if self._tunnel is not None:
            self._tunnel.pump.close(CloseCode.LEFT, "")
        await asyncio.wait([task], timeout=_LEAVE_TIMEOUT)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        """Carry one session after the other until we leave or one ends for good."""
        back_off = FIRST_BACK_OFF
        deadline: float | None = None  # until when to try to get back; None before we were ever in the room
        try:
            while True:
                tunnel = self._tunnel = Tunnel(
                    self._address,
                    room=self._room,
                    name=self._name,
                    token=self._token,
                    insecure=self._insecure,
                    lanes=self._lanes,
                    max_lanes=self._max_lanes,
                    ladder=self._ladder,
                    clock=self._clock,
                    on_event=self._handle_event,
                )
                for local in self._local.values():
                    self._send_control(Publish(TrackDescription.of(local.track)))
                patience = 0.0 if deadline is None else deadline - self._clock.monotonic()
                closed = await tunnel.run(max(0.0, patience))
                if self._leaving:
                    return
                now = self._clock.monotonic()
                if tunnel.session.is_established:
                    deadline = now + self._reconnect_seconds
                    back_off = FIRST_BACK_OFF
                else:
                    back_off = min(back_off * 2, LAST_BACK_OFF)
                # A failed SFU tells why before it closes.
                reason = ending_text(closed.code, closed.detail or self._room_reason)
                # A room that never let us in has a reason that lasts, as a wrong PIN.
                refused = closed.code == CloseCode.SFU_FAILED and not self._was_in_room
                if refused or closed.code not in REJOINABLE or deadline is None or now > deadline:
                    raise ClientError(reason)
                self._roster.clear()
                self._set_state(ConnectionState.RECONNECTING, reason)
                await asyncio.sleep(back_off)
        finally:
            self._roster.clear()
            self._set_state(ConnectionState.CLOSED, "")

    def _handle_event(self, event: Event) -> None:
        match event:
            case FrameReceived():
                self._roster.deliver(event.track_id, event.frame)
                return
            case KeyframeNeeded():
                if local := self._local.get(event.track_id):
                    local.keyframe_requested()
            case PathEstimateChanged():
                self._path_bps = event.bitrate_bps
                self._share_path()
            case Established() | Resumed():
                self._set_state(ConnectionState.CONNECTED, "")
                for local in self._local.values():
                    local.keyframe_requested()
            case AllLanesLost():
                self._set_state(ConnectionState.RECONNECTING, "the connection was cut")
            case ControlReceived():
                self._handle_control(event)
            case Closed():
                pass  # Tunnel.run returns it
        self._changed.set()

    def _handle_control(self, event: ControlReceived) -> None:
        match event.message:
            case RoomStateChanged(state=state, reason=reason):
                self.room_state = RoomState(state)
                self._was_in_room |= self.room_state is RoomState.CONNECTED
                self._room_reason = reason
                self._events.room_state_changed(self.room_state, reason)
            case PublishRejected(track_id=track_id, reason=reason):
                if local := self._local.pop(track_id, None):
                    local.rejected = reason
                    self._events.publish_rejected(local, reason)
            case TargetBitrate(track_id=track_id, bitrate_bps=bitrate_bps):
                if local := self._local.get(track_id):
                    local.remote_target_changed(bitrate_bps)
                    self._share_path()
            case message:
                self._roster.handle(message)

    def _share_path(self) -> None:
        """Tell each track what it may use: audio has its share first, video tracks divide the rest."""
        video = [local for local in self._local.values() if local.track.kind is MediaKind.VIDEO]
        audio_bps = _AUDIO_SHARE_BPS * (len(self._local) - len(video))
        for local in self._local.values():
            share: int | None = None
            if self._path_bps is not None and local.track.kind is MediaKind.VIDEO:
                share = max(_MIN_VIDEO_SHARE_BPS, (self._path_bps - audio_bps) // len(video))
            local.path_share_changed(share)

    def _send_frame(self, track_id: int, frame: EncodedFrame) -> None:
        if self._tunnel is not None and track_id in self._local:
            self._tunnel.session.send_frame(track_id, frame, self._clock.monotonic())
            self._tunnel.pump.wake()

    def _send_control(self, message: KnownControl) -> None:
        if isinstance(message, Unpublish):
            self._local.pop(message.track_id, None)
        if self._tunnel is not None:
            self._tunnel.session.send_control(message, self._clock.monotonic())
            self._tunnel.pump.wake()

    def _set_state(self, state: ConnectionState, reason: str) -> None:
        if state is not self.connection_state:
            self.connection_state = state
            self._events.connection_changed(state, reason)
        self._changed.set()

    async def _change(self) -> None:
        """Wait for the next change of anything, or for the task's end."""
        self._changed.clear()
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            tasks = [changed] if self._task is None else [changed, self._task]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
