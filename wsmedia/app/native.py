"""WHIP and WHEP over HTTP (RFC 9725 and its sibling for egress): native WebRTC into and out of the embedded SFU."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from wsmedia.adapters.embedded import EmbeddedAdapter, NativeEcho, NativePeer, NativePublisher, NativeSubscriber
from wsmedia.app.access import Access
from wsmedia.app.handover import Handovers
from wsmedia.app.ice import IceRoutes
from wsmedia.app.problems import Problem
from wsmedia.app.rooms import require_embedded, room_name
from wsmedia.app.settings import Settings
from wsmedia.app.turn import TurnHost
from wsmedia.clock import Clock
from wsmedia.errors import PeerError, SdpError, SfuError
from wsmedia.media import TrackSource
from wsmedia.peer import PeerConfig, PeerConnection
from wsmedia.wire import is_handover

_MAX_SDP_BYTES = 65_536
_CONNECT_TIMEOUT = 15.0
_MAX_PROBES = 100
_MAX_PATCH_BYTES = 1024
_DEFAULT_NAME = "Guest"
_BAD_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f]")

logger = logging.getLogger(__name__)


class _Change(msgspec.Struct, frozen=True):
    muted: dict[TrackSource, bool] = {}
    ended: tuple[TrackSource, ...] = ()


class NativeRoutes:
    """``/v1/rooms/{room}/whip`` and ``…/whep/{participant_id}``, ``/v1/probe``, ``/v1/resources/{resource_id}``.

    Args:
        settings: addresses and how many connections there may be.
        adapter: None when another SFU is configured; then everything is 404.
        access: checks tokens and origins.
        clock: time.
        handovers: who may be in a room by two connections.
        ice: names STUN and TURN servers.
        turn: the embedded TURN server, whose clients reach our peers past all sockets; None when it is off.
    """

    def __init__(
        self,
        settings: Settings,
        adapter: EmbeddedAdapter | None,
        access: Access,
        clock: Clock,
        handovers: Handovers,
        *,
        ice: IceRoutes,
        turn: TurnHost | None,
    ) -> None:
        self._settings = settings
        self._adapter = adapter
        self._access = access
        self._clock = clock
        self._handovers = handovers
        self._probes = 0
        self._ice = ice
        self._local_links = None if turn is None else turn.links
        self._resources: dict[str, NativePeer] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def publish(self, request: Request) -> Response:
        """WHIP: the body is an offer to send."""
        adapter, room = require_embedded(self._adapter), room_name(request)
        self._access.check_origin(request)
        grant = self._access.grant_request(request, room)
        if not grant.publish:
            raise Problem(HTTPStatus.FORBIDDEN, "The token does not allow publishing.")
        name, secret = grant.name or _name(request), _handover(request)
        offer = await _read_offer(request)
        resource_id, peer = self._new_peer()
        participant, give_back = self._handovers.take(room, secret, name)

        def ended() -> None:
            give_back()
            self._ended(resource_id, peer)

        try:
            screen = request.query_params.get("screen")
            native = NativePublisher(adapter, room, participant, peer, ended, screen=screen)
        except SfuError as error:
            give_back()
            self._close_soon(peer)
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
        response = await self._answer(request, resource_id, native, offer)
        response.headers["Wsmedia-Participant"] = participant.participant_id
        logger.info("native %s entered room %s", resource_id[:6], room)
        return response

    async def subscribe(self, request: Request) -> Response:
        """WHEP: the body is an offer to receive one participant's tracks."""
        adapter, room = require_embedded(self._adapter), room_name(request)
        self._access.check_origin(request)
        if not self._access.grant_request(request, room).subscribe:
            raise Problem(HTTPStatus.FORBIDDEN, "The token does not allow subscribing.")
        offer = await _read_offer(request)
        resource_id, peer = self._new_peer()
        participant_id = request.path_params["participant_id"]
        try:
            native = NativeSubscriber(adapter, room, participant_id, peer, lambda: self._ended(resource_id, peer))
        except SfuError as error:
            self._close_soon(peer)
            raise Problem(HTTPStatus.NOT_FOUND, str(error)) from error
        return await self._answer(request, resource_id, native, offer)

    async def probe(self, request: Request) -> Response:
        """The media probe: the body is an offer of one audio section, which comes back as an echo, in no room.

        Where tokens are in use, ``?room=`` names the room that the token is for.
        """
        require_embedded(self._adapter)
        self._access.check_origin(request)
        self._access.grant_request(request, request.query_params.get("room", ""))
        offer = await _read_offer(request)
        if self._probes >= _MAX_PROBES:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The gateway is answering as many probes as it may.")
        resource_id, peer = self._new_peer()
        self._probes += 1

        def ended() -> None:
            self._probes -= 1
            self._ended(resource_id, peer)

        return await self._answer(request, resource_id, NativeEcho(peer, ended, self._clock), offer)

    async def change(self, request: Request) -> Response:
        """PATCH of a publisher's resource: what the user has muted, has not any more, or does not publish any more."""
        self._access.check_origin(request)
        native = self._resources.get(request.path_params["resource_id"])
        if not isinstance(native, NativePublisher):
            raise Problem(HTTPStatus.NOT_FOUND, "This publisher is not there any more.")
        change = await _read_change(request)
        for source, muted in change.muted.items():
            native.set_muted(source, muted)
        for source in change.ended:
            native.end_source(source)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def end(self, request: Request) -> Response:
        """DELETE of a resource: the publisher leaves, the subscriber stops. Its unguessable id is the permission.

        One that has ended already is no error: the participant may have left just before.
        """
        self._access.check_origin(request)
        native = self._resources.get(request.path_params["resource_id"])
        if native is not None:
            native.end()
        return Response(status_code=HTTPStatus.OK)

    async def close(self) -> None:
        """End every native connection and wait until their peers are closed."""
        for native in list(self._resources.values()):
            native.end()
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _new_peer(self) -> tuple[str, PeerConnection]:
        if len(self._resources) >= self._settings.max_native:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The gateway has as many WebRTC connections as it may.")
        config = PeerConfig(
            addresses=list(self._settings.native_address) or None,
            connect_timeout=_CONNECT_TIMEOUT,
            local_links=self._local_links,
        )
        return secrets.token_hex(16), PeerConnection(config)

    async def _answer(self, request: Request, resource_id: str, native: NativePeer, offer: str) -> Response:
        self._resources[resource_id] = native
        try:
            answer = await native.answer(offer)
        except SdpError as error:
            native.end()
            raise Problem(HTTPStatus.BAD_REQUEST, f"The offer cannot be used: {error}.") from error
        except PeerError as error:
            native.end()
            raise Problem(HTTPStatus.INTERNAL_SERVER_ERROR, f"The gateway cannot connect: {error}.") from error
        except BaseException:
            native.end()
            raise
        headers = {"Location": f"/v1/resources/{resource_id}", "Cache-Control": "no-store"}
        response = Response(answer, HTTPStatus.CREATED, headers, media_type="application/sdp")
        self._ice.add_links(request, response)
        return response

    def _ended(self, resource_id: str, peer: PeerConnection) -> None:
        if self._resources.pop(resource_id, None) is not None:
            logger.info("native %s ended", resource_id[:6])
        self._close_soon(peer)

    def _close_soon(self, peer: PeerConnection) -> None:
        task = asyncio.create_task(peer.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _name(request: Request) -> str:
    name = request.query_params.get("name", _DEFAULT_NAME).strip()
    if not 1 <= len(name) <= 64 or _BAD_NAME.search(name):
        raise Problem(HTTPStatus.BAD_REQUEST, "A name has 1 to 64 characters, none of them a control character.")
    return name


async def _read_change(request: Request) -> _Change:
    """The body of a PATCH, ``{"muted": {SOURCE: true or false}, "ended": [SOURCE]}``.

    Raises:
        Problem: 413 when it is too long, 400 when it is something else.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_PATCH_BYTES:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A change has at most {_MAX_PATCH_BYTES} octets.")
    try:
        return msgspec.json.decode(body, type=_Change)
    except (msgspec.DecodeError, UnicodeDecodeError):
        detail = 'A change is {"muted": {SOURCE: true or false}, "ended": [SOURCE]} of microphone, camera and screen.'
        raise Problem(HTTPStatus.BAD_REQUEST, detail) from None


def _handover(request: Request) -> str | None:
    secret = request.headers.get("wsmedia-handover")
    if secret is not None and not is_handover(secret):
        raise Problem(HTTPStatus.BAD_REQUEST, "Wsmedia-Handover has 32 lower-case hexadecimal digits.")
    return secret


async def _read_offer(request: Request) -> str:
    """The body of a request, as SDP.

    Raises:
        Problem: 415 when it is something else, 413 when it is too long, 400 when it is not UTF-8.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/sdp":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body has to be an offer of type application/sdp.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_SDP_BYTES:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"An offer has at most {_MAX_SDP_BYTES} octets.")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The offer is not UTF-8.") from None
