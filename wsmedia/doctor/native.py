"""Picture by native WebRTC: published by WHIP, received by WHEP, and looked at. UDP between here and the gateway."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from wsmedia.doctor.private_room import PrivateRoom
from wsmedia.doctor.sample_media import is_our_picture, picture
from wsmedia.doctor.site import Site
from wsmedia.findings import Check, Outcome, Result

_PATIENCE = 10.0
_PICTURES = 10


async def check_native(site: Site, room: PrivateRoom) -> Result:
    """Publish, receive, and count our pictures."""
    connected = False
    seen = 0
    began = time.monotonic()
    setup = 0.0
    headers = {"Content-Type": "application/sdp", **({"Authorization": f"Bearer {room.token}"} if room.token else {})}
    try:
        async with (
            asyncio.timeout(2 * _PATIENCE),
            site.http(verify=site.trusted()) as http,
            _peer() as publisher,
            _peer() as viewer,
        ):
            publisher.addTrack(_made_picture())
            answer = await _exchange(publisher, http, f"/v1/rooms/{room.room}/whip?name=native-sender", headers)
            await _until_connected(publisher)
            connected, setup = True, time.monotonic() - began
            ours = answer.headers.get("wsmedia-participant", "")
            receiver = viewer.addTransceiver("video", direction="recvonly").receiver
            await _exchange(viewer, http, f"/v1/rooms/{room.room}/whep/{ours}", headers)
            await _until_connected(viewer)
            async with asyncio.timeout(_PATIENCE):
                while seen < _PICTURES:
                    seen += is_our_picture(await receiver.track.recv())
    except httpx.HTTPStatusError as error:
        return judge_native(error.response.status_code, connected, seen, setup)
    except (TimeoutError, _NoConnectionError):
        return judge_native(None, connected, seen, setup)
    except (httpx.HTTPError, OSError):  # a TimeoutError is one, too: it has to stand above
        return judge_native(0, connected, seen, setup)
    return judge_native(None, connected, seen, setup)


def judge_native(status: int | None, connected: bool, pictures: int, setup: float) -> Result:
    """The result.

    Args:
        status: HTTP status of the request that failed, 0 without an answer; None when none did.
        connected: whether ICE and DTLS came up.
        pictures: how many of ours were seen.
        setup: seconds until it was connected.
    """
    if status is not None:
        findings = {401: "needs-token", 403: "needs-token", 404: "other-sfu", 503: "busy"}
        return Result(Check.NATIVE, Outcome.UNTESTED, findings.get(status, "no-answer"))
    if not connected:
        return Result(Check.NATIVE, Outcome.BLOCKED, "udp-blocked")
    if pictures < _PICTURES:
        return Result(Check.NATIVE, Outcome.BLOCKED, "silent", {"pictures": pictures})
    return Result(Check.NATIVE, Outcome.WELL, "works", {"setup_ms": round(setup * 1000)})


class _NoConnectionError(Exception):
    """ICE has failed."""


@asynccontextmanager
async def _peer() -> AsyncIterator[Any]:
    from aiortc import RTCConfiguration, RTCPeerConnection  # noqa: PLC0415 - heavy, and only for this check

    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        yield peer
    finally:
        await peer.close()


def _made_picture() -> Any:
    from aiortc import VideoStreamTrack  # noqa: PLC0415

    class Made(VideoStreamTrack):
        number = 0

        async def recv(self) -> Any:
            pts, time_base = await self.next_timestamp()
            frame = picture(self.number)
            self.number += 1
            frame.pts, frame.time_base = pts, time_base
            return frame

    return Made()


async def _exchange(peer: Any, http: httpx.AsyncClient, path: str, headers: dict[str, str]) -> httpx.Response:
    from aiortc import RTCSessionDescription  # noqa: PLC0415

    await peer.setLocalDescription(await peer.createOffer())
    answer = await http.post(path, content=peer.localDescription.sdp, headers=headers)
    answer.raise_for_status()
    await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    return answer


async def _until_connected(peer: Any) -> None:
    changed = asyncio.Event()
    peer.on("connectionstatechange", changed.set)
    async with asyncio.timeout(_PATIENCE):
        while peer.connectionState != "connected":
            if peer.connectionState in ("failed", "closed"):
                raise _NoConnectionError
            await changed.wait()
            changed.clear()
