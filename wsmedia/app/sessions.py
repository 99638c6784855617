"""Tunnel sessions of this process: admits lanes, makes sessions, resumes them, and ends them all at shutdown.

WebSockets are served here, the requests of HTTP lanes in ``http_lanes``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.websockets import WebSocket

from wsmedia import __version__
from wsmedia.app.access import Access
from wsmedia.app.handover import Handovers
from wsmedia.app.problems import problem
from wsmedia.app.settings import Settings
from wsmedia.clock import Clock
from wsmedia.errors import AdmissionError, CloseCode, RemoteProtocolError, WsmediaError
from wsmedia.interworking import Bridge
from wsmedia.ports import Adapter
from wsmedia.session import Attachment, Event, PathStatistics, SessionRegistry, WelcomeInfo
from wsmedia.transport import Lane, Pump
from wsmedia.transport.websocket import GOING_AWAY, NO_CLOSE_CODE, carrier_of, wait_until_lost
from wsmedia.wire import Close, Hello, decode, encode, is_session_id

SUBPROTOCOL = "wsmedia.v1"

# RFC 6455's registry, "try again later": the session is not concerned, and none of its own codes (PROTOCOL.md §3.1).
TRY_AGAIN_LATER = 1013
# A session may always have these: audio and video apart.
_FIRST_LANES = 2
# Further lanes may take so much of all connections. The rest is for people who come.
_SHARE_OF_LANES = 0.75

_LEAVE_TIMEOUT = 5.0
_SHUTTING_DOWN = "The gateway is shutting down."

logger = logging.getLogger(__name__)


class TooManyLanesError(WsmediaError):
    """A session that has lanes may have no more; it is not concerned, and the client tries again later."""


@dataclass(slots=True)
class _Hosted:
    pump: Pump
    bridge: Bridge


class SessionHost:
    """Every tunnel session of the process.

    Args:
        settings: limits and timers.
        access: checks tokens and origins.
        adapter: the SFU.
        clock: time.
        handovers: who may be in a room by two connections.
    """

    def __init__(
        self, settings: Settings, access: Access, adapter: Adapter, clock: Clock, handovers: Handovers
    ) -> None:
        self._settings = settings
        self._limits = settings.session_limits
        self._access = access
        self._adapter = adapter
        self._clock = clock
        self._handovers = handovers
        self._registry = SessionRegistry(settings.max_sessions)
        self._hosted: dict[str, _Hosted] = {}
        # Of every session until it has left its room, even when its id belongs to a newer one already.
        self._tasks: set[asyncio.Task[None]] = set()
        self._lanes = 0
        self._closing = False

    def __len__(self) -> int:
        return len(self._hosted)

    def path(self, session_id: str) -> PathStatistics:
        """How the path to one client is.

        Raises:
            KeyError: no such session is here.
        """
        return self._hosted[session_id].pump.session.path(self._clock.monotonic())

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one WebSocket of ``/v1/sessions/{session_id}/ws`` until it is closed (PROTOCOL.md §2.1)."""
        session_id = websocket.path_params["session_id"]
        if not is_session_id(session_id):
            detail = "A session id has 32 lower-case hexadecimal digits."
            await websocket.send_denial_response(problem(HTTPStatus.NOT_FOUND, detail))
            return
        if SUBPROTOCOL not in websocket.scope["subprotocols"]:
            detail = f"The WebSocket subprotocol {SUBPROTOCOL} has to be asked for."
            await websocket.send_denial_response(problem(HTTPStatus.BAD_REQUEST, detail))
            return
        await websocket.accept(SUBPROTOCOL)
        try:
            hello = await self._read_hello(websocket)
            if hello is None:
                return
            pump = self.enter(session_id, hello)
        except TooManyLanesError:
            carrier_of(websocket).close(TRY_AGAIN_LATER, "too many lanes")
            await wait_until_lost(websocket)
            return
        except (AdmissionError, RemoteProtocolError) as error:
            logger.info("session %s refused: %s", session_id[:6], error)
            farewell = encode(Close(error.code, error.code.reason, str(error)))
            carrier_of(websocket).close(error.code, error.code.reason, farewell)
            await wait_until_lost(websocket)
            return
        code = NO_CLOSE_CODE
        try:
            carrier_of(websocket).join(hello.lane_id, pump)
            code = await wait_until_lost(websocket)
        finally:
            self.leave(pump, carrier_of(websocket), code)

    def enter(self, session_id: str, hello: Hello) -> Pump:
        """Admit a lane into the session of its HELLO, made if there is none; the carrier then joins the pump.

        Call ``leave`` once for each lane that has entered.

        Raises:
            TooManyLanesError: the session may have no more lanes now.
            AdmissionError: token, room or limits do not allow it.
            RemoteProtocolError: HELLO contradicts the session.
        """
        if not self._has_room_for(session_id, hello):
            logger.debug("session %s may not have lane %d", session_id[:6], hello.lane_id)
            raise TooManyLanesError("too many lanes")
        pump = self._admit(session_id, hello).pump
        self._lanes += 1
        return pump

    def leave(self, pump: Pump, lane: Lane, code: int) -> None:
        """The carrier of a lane that has entered is gone; ``code`` is what it was closed with."""
        self._lanes -= 1
        pump.detach(lane.lane_id, lane, going_away=code == GOING_AWAY)

    async def close(self) -> None:
        """Admit nobody any more, close every session, wait until all have left their rooms.

        The sessions end as ``overloaded``: nobody left, and clients come back by themselves, here or elsewhere.
        """
        self._closing = True
        for hosted in list(self._hosted.values()):
            hosted.pump.close(CloseCode.OVERLOADED, _SHUTTING_DOWN)
        tasks = list(self._tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_LEAVE_TIMEOUT)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _read_hello(self, websocket: WebSocket) -> Hello | None:
        """The first message; None when the connection was lost before it came."""
        if not self._access.is_origin_allowed(websocket.headers):
            raise AdmissionError("Pages of this origin may not use the gateway.", CloseCode.FORBIDDEN)
        try:
            async with asyncio.timeout(self._settings.hello_timeout):
                event = await websocket.receive()
        except TimeoutError:
            raise AdmissionError("No HELLO came in time.", CloseCode.TIMEOUT) from None
        if event["type"] == "websocket.disconnect":
            return None
        data = event.get("bytes")
        if data is None:
            raise RemoteProtocolError("a text message")
        message = decode(bytes(data), self._limits.wire)
        if not isinstance(message, Hello):
            raise RemoteProtocolError("the first message was not HELLO")
        return message

    def _has_room_for(self, session_id: str, hello: Hello) -> bool:
        """Whether one more lane may join a session that has others; it goes on without it if not."""
        if self._registry.decide(session_id, hello) is not Attachment.ADDED:
            return True
        held = len(self._hosted[session_id].pump.session.lane_ids)
        if held < _FIRST_LANES <= self._limits.max_lanes:
            return True
        return held < self._limits.max_lanes and self._lanes < self._settings.max_connections * _SHARE_OF_LANES

    def _admit(self, session_id: str, hello: Hello) -> _Hosted:
        now = self._clock.monotonic()
        if self._closing:
            raise AdmissionError(_SHUTTING_DOWN, CloseCode.OVERLOADED)
        if self._registry.decide(session_id, hello) is Attachment.NEW:
            hosted = self._create(session_id, hello, now)
        else:
            hosted = self._hosted[session_id]
        info = WelcomeInfo(hosted.bridge.participant.participant_id, f"wsmedia/{__version__}")
        hosted.pump.session.attach_lane(hello.lane_id, hello, info, now)
        logger.debug("session %s has lane %d, %s", session_id[:6], hello.lane_id, hello.lane_kind)
        return hosted

    def _create(self, session_id: str, hello: Hello, now: float) -> _Hosted:
        grant = self._access.grant(hello.token, hello.room)
        session, _ = self._registry.attach(session_id, hello, now=now, limits=self._limits)

        def on_event(event: Event) -> None:
            bridge.handle_event(event)

        pump = Pump(session, self._clock, on_event)
        participant, give_back = self._handovers.take(hello.room, hello.handover, grant.name or hello.name)
        bridge = Bridge(
            session,
            participant,
            grant,
            clock=self._clock,
            call_later=asyncio.get_running_loop().call_later,
            wake=pump.wake,
        )
        task = asyncio.create_task(self._run(session_id, hello.room, pump, bridge, give_back))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        hosted = self._hosted[session_id] = _Hosted(pump, bridge)
        logger.info("session %s entered room %s", session_id[:6], hello.room)
        return hosted

    async def _run(self, session_id: str, room: str, pump: Pump, bridge: Bridge, give_back: Callable[[], None]) -> None:
        """Hold a session from its first HELLO until its participant has left the room."""
        try:
            await bridge.run(self._adapter, room, pump.ended)
            if not pump.ended.done():
                pump.close(CloseCode.INTERNAL_ERROR, "the bridge ended first")
            closed = pump.ended.result()
            logger.info("session %s left room %s: %s", session_id[:6], room, closed.reason)
        finally:
            give_back()
            pump.stop()
            self._registry.remove(pump.session)
            # The client may have made a new session under the same id while this one was leaving its room.
            if self._hosted.get(session_id) is not None and self._hosted[session_id].pump is pump:
                del self._hosted[session_id]
