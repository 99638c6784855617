"""Who is let in, who is not, and what breaks only itself; each with the documented close code, also WebSocket's."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import Any

import httpx
import pytest
import websockets

from tests.support.gateway import (
    CAMERA,
    TunnelClient,
    eventually,
    http_url,
    running_gateway,
    video_frame,
)
from tests.support.raw_tunnel import assert_ends, ending, hello, opened
from wsmedia.app.server import Gateway
from wsmedia.auth import issue_token
from wsmedia.errors import CloseCode
from wsmedia.wire import Ping, PublishRejected, RoomStateChanged, TrackAdded, Welcome, WireLimits, decode, encode

KEY = "k" * 32


async def test_endless_fragments_do_not_fill_the_memory() -> None:
    async with running_gateway() as gateway:
        websocket = await opened(gateway)
        await websocket.send(hello())

        async def fragments() -> Any:
            while True:
                yield b""
                await asyncio.sleep(0)

        with pytest.raises(websockets.ConnectionClosed):
            await websocket.send(fragments())
        await websocket.wait_closed()
        assert websocket.close_code == CloseCode.MALFORMED


async def test_a_flood_is_rate_limited() -> None:
    async with running_gateway(max_messages_per_second=50) as gateway:
        mallory = await opened(gateway)
        await mallory.send(hello())
        with contextlib.suppress(websockets.ConnectionClosed):
            for _ in range(1000):
                await mallory.send(encode(Ping(0)))
        await assert_ends(mallory, CloseCode.RATE_LIMITED)


async def test_too_many_tracks() -> None:
    async with running_gateway(max_tracks=1) as gateway:
        mallory = await TunnelClient(gateway).connect()
        mallory.publish(CAMERA, CAMERA.__class__(5, CAMERA.codec, CAMERA.source))
        closed = await eventually(lambda: mallory.closed, "CLOSE")
        assert closed.code == CloseCode.RATE_LIMITED
        await mallory.close()


async def test_silence_instead_of_hello() -> None:
    async with running_gateway(hello_timeout=0.05) as gateway:
        await assert_ends(await opened(gateway), CloseCode.TIMEOUT)


async def test_somebody_elses_session_id() -> None:
    async with running_gateway() as gateway:
        alice = await TunnelClient(gateway).connect()
        await eventually(lambda: alice.controls(RoomStateChanged), "the room")
        for resume in (False, True):
            thief = await opened(gateway, alice.session_id)
            await thief.send(hello(lane_id=7, resume=resume))
            await assert_ends(thief, CloseCode.KEY_MISMATCH)
        assert alice.closed is None
        await alice.close()


async def test_a_lane_id_used_twice() -> None:
    async with running_gateway() as gateway:
        session_id = secrets.token_hex(16)
        message = hello()
        lanes = [await opened(gateway, session_id) for _ in range(2)]
        await lanes[0].send(message)
        await lanes[0].recv()
        await lanes[1].send(message)
        for lane in lanes:
            _, code = await ending(lane)
            assert code == CloseCode.MALFORMED


async def joined(gateway: Gateway, alice: TunnelClient, lane_id: int) -> websockets.ClientConnection:
    """One more lane of somebody's session, HELLO said."""
    websocket = await opened(gateway, alice.session_id)
    await websocket.send(hello(lane_id=lane_id, key=alice.session.key))
    return websocket


async def is_welcome(websocket: websockets.ClientConnection) -> bool:
    """Whether a lane is welcomed rather than closed."""
    try:
        return isinstance(decode(await websocket.recv(), WireLimits()), Welcome)  # type: ignore[arg-type]
    except websockets.ConnectionClosed:
        return False


async def test_a_lane_too_many_is_refused_and_the_session_goes_on() -> None:
    async with running_gateway(max_lanes=2) as gateway:
        alice = await TunnelClient(gateway).connect()
        await eventually(lambda: alice.session.is_established, "a welcome")
        second = await joined(gateway, alice, 1)
        assert await is_welcome(second)
        assert await ending(await joined(gateway, alice, 2)) == ([], 1013)
        alice.publish(CAMERA)
        alice.send_frame(CAMERA, video_frame(0, keyframe=True))
        await second.close()
        assert await eventually_welcome(gateway, alice, 3)  # there is room again
        assert alice.closed is None
        await alice.close()


async def eventually_welcome(gateway: Gateway, alice: TunnelClient, lane_id: int) -> bool:
    """Try until the gateway has seen the end of the lane that had the place."""
    async with asyncio.timeout(10):
        while not await is_welcome(await joined(gateway, alice, lane_id)):
            lane_id += 1
    return True


async def test_further_lanes_leave_a_quarter_of_the_connections_to_people_who_come() -> None:
    async with running_gateway(max_connections=8) as gateway:
        alice = await TunnelClient(gateway).connect()
        await eventually(lambda: alice.session.is_established, "a welcome")
        lanes = [await joined(gateway, alice, lane_id) for lane_id in range(1, 6)]
        assert [await is_welcome(lane) for lane in lanes] == [True] * 5
        assert await ending(await joined(gateway, alice, 6)) == ([], 1013)
        bob = await TunnelClient(gateway, name="Bob").connect()
        await eventually(lambda: bob.session.is_established, "Bob's welcome")
        assert await is_welcome(await joined(gateway, bob, 1))  # everybody may have two
        for person in (alice, bob):
            await person.close()


async def test_more_sessions_than_allowed() -> None:
    async with running_gateway(max_sessions=1) as gateway:
        alice = await TunnelClient(gateway).connect()
        await eventually(lambda: alice.controls(RoomStateChanged), "the room")
        bob = await opened(gateway)
        await bob.send(hello())
        await assert_ends(bob, CloseCode.OVERLOADED)
        await alice.close()


async def test_a_full_room() -> None:
    async with running_gateway(max_participants=1) as gateway:
        alice = await TunnelClient(gateway).connect()
        await eventually(lambda: len(alice.controls(RoomStateChanged)) == 2, "the room")
        bob = await TunnelClient(gateway, name="Bob").connect()
        closed = await eventually(lambda: bob.closed, "CLOSE")
        assert closed.code == CloseCode.SFU_FAILED
        assert "full" in closed.detail
        for client in (alice, bob):
            await client.close()


async def test_tokens() -> None:
    async with running_gateway(token_key=[KEY]) as gateway:
        now = time.time()
        refused = {
            None: CloseCode.UNAUTHORIZED,
            "nonsense": CloseCode.UNAUTHORIZED,
            issue_token("o" * 32, "r", now + 60): CloseCode.UNAUTHORIZED,
            issue_token(KEY, "r", now - 60): CloseCode.UNAUTHORIZED,
            issue_token(KEY, "another", now + 60): CloseCode.FORBIDDEN,
        }
        for token, code in refused.items():
            websocket = await opened(gateway)
            await websocket.send(hello(token=token))
            await assert_ends(websocket, code)

        alice = await TunnelClient(gateway, token=issue_token(KEY, "r", now + 60)).connect()
        listener = await TunnelClient(gateway, token=issue_token(KEY, "r", now + 60, publish=False)).connect()
        speaker = await TunnelClient(gateway, token=issue_token(KEY, "r", now + 60, subscribe=False)).connect()
        alice.publish(CAMERA)
        listener.publish(CAMERA)
        speaker.publish(CAMERA)
        await eventually(lambda: len(listener.controls(TrackAdded)) == 2, "what the listener may see")
        await eventually(lambda: len(alice.controls(TrackAdded)) == 1, "what Alice may see")
        await eventually(lambda: listener.controls(PublishRejected), "the refusal to publish")
        assert speaker.controls(TrackAdded) == []
        listener.send_frame(CAMERA, video_frame(0, keyframe=True))
        assert listener.closed is None
        for client in (alice, listener, speaker):
            await client.close()


async def test_the_tokens_name_is_the_participants() -> None:
    async with running_gateway(token_key=[KEY]) as gateway:
        token = issue_token(KEY, "r", time.time() + 60, name="Dr. Alice")
        alice = await TunnelClient(gateway, name="Somebody Else", token=token).connect()
        await eventually(lambda: len(alice.controls(RoomStateChanged)) == 2, "the room")
        room = gateway.parts.embedded.find_room("r")  # type: ignore[union-attr]
        assert [participant.name for participant in room.participants] == ["Dr. Alice"]  # type: ignore[union-attr]
        await alice.close()


@pytest.mark.parametrize(
    ("allowed", "origin", "fine"),
    [
        ([], None, True),
        ([], "own", True),
        ([], "https://evil.example", False),
        ([], "null", False),
        (["https://app.example"], "https://app.example", True),
        (["https://app.example"], "https://evil.example", False),
    ],
)
async def test_origins(allowed: list[str], origin: str | None, fine: bool) -> None:
    async with running_gateway(allowed_origin=allowed) as gateway:
        if origin == "own":
            origin = http_url(gateway).rstrip("/")
        websocket = await opened(gateway, origin=origin)
        if fine:
            await websocket.send(hello())
            assert (await websocket.recv())[0] == 2  # WELCOME
            await websocket.close()
        else:
            await assert_ends(websocket, CloseCode.FORBIDDEN)


async def test_without_keys_only_this_machine_by_its_own_name_is_served() -> None:
    async with running_gateway() as gateway, httpx.AsyncClient() as http:
        for headers in ({"Host": "rebound.example:8080"}, {"X-Forwarded-For": "203.0.113.7"}):
            response = await http.get(http_url(gateway, "/v1/config"), headers=headers)
            assert response.status_code == 403
            assert "token keys" in response.json()["detail"]
        with pytest.raises(websockets.InvalidStatus) as refusal:
            await opened(gateway, additional_headers={"X-Forwarded-For": "203.0.113.7"})
        assert refusal.value.response.status_code == 403


@pytest.mark.parametrize(
    ("path", "subprotocols", "status"),
    [
        ("/v1/sessions/xyz/ws", ["wsmedia.v1"], 404),
        (f"/v1/sessions/{'A' * 32}/ws", ["wsmedia.v1"], 404),
        (f"/v1/sessions/{'a' * 32}/ws", ["something"], 400),
        (f"/v1/sessions/{'a' * 32}/ws", None, 400),
        ("/elsewhere", ["wsmedia.v1"], 403),
    ],
)
async def test_bad_addresses(path: str, subprotocols: Any, status: int) -> None:
    async with running_gateway() as gateway:
        with pytest.raises(websockets.InvalidStatus) as refusal:
            await websockets.connect(http_url(gateway, path).replace("http", "ws"), subprotocols=subprotocols)
        assert refusal.value.response.status_code == status
