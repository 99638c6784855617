"""What is in a room of the embedded SFU, over HTTP: one look, or server-sent events. Native participants use these."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from wsmedia.adapters.embedded import EmbeddedAdapter
from wsmedia.app.access import Access
from wsmedia.app.problems import Problem
from wsmedia.media import Participant
from wsmedia.ports import RemoteTrack, RoomState
from wsmedia.sfu import Room

# A reader that lags this far behind is cut off; it reconnects and gets everything anew.
_MAX_WAITING_EVENTS = 1000
_COMMENT_INTERVAL = 15.0
_ROOM_NAME = re.compile(r"[A-Za-z0-9._~-]{1,64}")  # PROTOCOL.md §3.1


class RoomRoutes:
    """``/v1/rooms/{room}`` and ``/v1/rooms/{room}/events``."""

    def __init__(self, adapter: EmbeddedAdapter | None, access: Access) -> None:
        self._adapter = adapter
        self._access = access
        self._watchers: set[_Watcher] = set()

    async def look(self, request: Request) -> Response:
        """Who is in the room and what they publish; a room that nobody is in is empty, not unknown."""
        adapter, name = self._enter(request)
        room = adapter.find_room(name)
        participants = [] if room is None else [describe(room, participant) for participant in room.participants]
        return JSONResponse({"room": name, "participants": participants}, headers={"Cache-Control": "no-store"})

    async def events(self, request: Request) -> Response:
        """Everything that is in the room and everything that happens, as server-sent events."""
        adapter, name = self._enter(request)

        async def stream() -> AsyncIterator[str]:
            watcher = _Watcher()
            self._watchers.add(watcher)
            room = adapter.watch(name, watcher)
            watcher.tell("ready", {})
            try:
                async for text in watcher.stream():
                    yield text
            finally:
                self._watchers.discard(watcher)
                adapter.unwatch(room, watcher)

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)

    def close(self) -> None:
        """End every event stream."""
        for watcher in list(self._watchers):
            watcher.end()

    def _enter(self, request: Request) -> tuple[EmbeddedAdapter, str]:
        adapter, name = require_embedded(self._adapter), room_name(request)
        self._access.check_origin(request)
        if not self._access.grant_request(request, name).subscribe:
            raise Problem(HTTPStatus.FORBIDDEN, "The token does not allow subscribing.")
        return adapter, name


class _Watcher:
    """A room's events on their way to one HTTP response. Bounded: a reader that lags too far behind is cut off."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue(_MAX_WAITING_EVENTS)

    def tell(self, event: str, data: dict[str, Any]) -> None:
        """Queue one event."""
        try:
            self._waiting.put_nowait(f"event: {event}\ndata: {json.dumps(data)}\n\n")
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """End the stream; what waits is dropped."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def stream(self) -> AsyncIterator[str]:
        """The response body; a comment now and then keeps proxies from closing it."""
        while True:
            text: str | None = ": still here\n\n"
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_COMMENT_INTERVAL):
                    text = await self._waiting.get()
            if text is None:
                return
            yield text

    def participant_joined(self, participant: Participant) -> None:
        self.tell("participant_joined", _participant(participant))

    def participant_left(self, participant_id: str) -> None:
        self.tell("participant_left", {"participant_id": participant_id})

    def track_added(self, remote: RemoteTrack) -> None:
        self.tell("track_added", {"participant_id": remote.participant_id, "track": _track(remote)})

    def track_removed(self, remote: RemoteTrack) -> None:
        data = {"participant_id": remote.participant_id, "track_id": remote.track.track_id}
        self.tell("track_removed", data)

    def track_muted(self, remote: RemoteTrack, muted: bool) -> None:
        data = {"participant_id": remote.participant_id, "track_id": remote.track.track_id, "muted": muted}
        self.tell("track_muted", data)

    def publish_rejected(self, track_id: int, reason: str) -> None:
        """A watcher publishes nothing."""

    def keyframe_requested(self, track_id: int) -> None:
        """A watcher publishes nothing."""

    def target_bitrate_changed(self, track_id: int, bitrate_bps: int) -> None:
        """A watcher publishes nothing."""

    def room_state_changed(self, state: RoomState, reason: str) -> None:
        """The embedded SFU is always there."""

    def room_failed(self, reason: str) -> None:
        """The embedded SFU is always there."""


def require_embedded(adapter: EmbeddedAdapter | None) -> EmbeddedAdapter:
    """The embedded SFU, whose rooms these routes are about.

    Raises:
        Problem: 404 when the gateway uses another SFU.
    """
    if adapter is None:
        raise Problem(
            HTTPStatus.NOT_FOUND, "Native WebRTC goes to the SFU itself here; only the embedded SFU has this."
        )
    return adapter


def room_name(request: Request) -> str:
    """The room of a request's path.

    Raises:
        Problem: 404 when it cannot be a room's name.
    """
    name = str(request.path_params["room"])
    if _ROOM_NAME.fullmatch(name) is None:
        raise Problem(HTTPStatus.NOT_FOUND, "A room's name has 1 to 64 characters of A-Z a-z 0-9 . _ ~ -")
    return name


def describe(room: Room, participant: Participant) -> dict[str, Any]:
    """One participant and their tracks, for JSON."""
    tracks = [_track(remote) for remote in room.tracks_of(participant.participant_id)]
    return {**_participant(participant), "tracks": tracks}


def _participant(participant: Participant) -> dict[str, Any]:
    return {"participant_id": participant.participant_id, "name": participant.name}


def _track(remote: RemoteTrack) -> dict[str, Any]:
    track = remote.track
    return {
        "track_id": track.track_id,
        "kind": track.kind.value,
        "codec": track.codec.value,
        "source": track.source.value,
        "muted": track.muted,
    }
