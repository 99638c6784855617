"""Who is let in, who is not, and what breaks only itself; each with the documented close code, also WebSocket's."""

from __future__ import annotations

import asyncio
import json
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
    session_url,
    video_frame,
)
from wsmedia.app.server import Gateway
from wsmedia.auth import issue_token
from wsmedia.errors import CloseCode
from wsmedia.wire import Close, Hello, Ping, PublishRejected, RoomStateChanged, TrackAdded, WireLimits, decode, encode

KEY = "k" * 32


def hello(**members: Any) -> bytes:
    fields: dict[str, Any] = {"lane_id": 0, "key": secrets.token_hex(16), "room": "r", "name": "Mallory", **members}
    return encode(Hello(**fields))


def short(value: object) -> str:
    return repr(value[:16] if isinstance(value, bytes) else value)


async def opened(gateway: Gateway, session_id: str | None = None, **options: Any) -> websockets.ClientConnection:
    url = session_url(gateway, session_id or secrets.token_hex(16))
    return await websockets.connect(url, subprotocols=["wsmedia.v1"], compression=None, **options)


async def ending(websocket: websockets.ClientConnection) -> tuple[list[int], int | None]:
    """The codes of the CLOSE messages until the end, and the WebSocket's close code."""
    codes = []
    async with asyncio.timeout(10):
        try:
            while True:
                message = decode(await websocket.recv(), WireLimits())  # type: ignore[arg-type]
                if isinstance(message, Close):
                    codes.append(message.code)
        except websockets.ConnectionClosed:
            return codes, websocket.close_code


async def assert_ends(websocket: websockets.ClientConnection, code: CloseCode) -> None:
    assert await ending(websocket) == ([code], code)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("text", CloseCode.MALFORMED),
        (b"", CloseCode.MALFORMED),
        (b"\x01", CloseCode.MALFORMED),
        (b"\x01{}", CloseCode.MALFORMED),
        (b'\x01{"version": 2}', CloseCode.VERSION_UNSUPPORTED),
        (b"\x01" + b"[" * 10_000, CloseCode.MALFORMED),
        (b"\x01" + b" " * 100_000, CloseCode.TOO_LARGE),
        (b"\x00" * 2_000_000, CloseCode.TOO_LARGE),
        (encode(Ping(0)), CloseCode.MALFORMED),
        (b"\x7f", CloseCode.MALFORMED),
        (hello(resume=True), CloseCode.SESSION_UNKNOWN),
        (b"\x01" + json.dumps({"version": 1, "lane_id": 0, "key": "z", "room": "r", "name": "n"}).encode(), 4400),
    ],
    ids=short,
)
async def test_a_bad_first_message(first: bytes | str, code: int) -> None:
    async with running_gateway() as gateway:
        websocket = await opened(gateway)
        await websocket.send(first)
        await assert_ends(websocket, CloseCode(code))


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("text", CloseCode.MALFORMED),
        (b"", CloseCode.MALFORMED),
        (b"\x04", CloseCode.MALFORMED),
        (b"\x05\x00\x00", CloseCode.MALFORMED),
        (b"\x03\x00\x00\x00\x01{", CloseCode.MALFORMED),
        (b"\x06\xff\x00\x00", CloseCode.MALFORMED),
        (b"\x07", CloseCode.MALFORMED),
        (b"\x0a", CloseCode.MALFORMED),
        (b"\x7f", CloseCode.MALFORMED),
        (b"\x04" + bytes(1_040_000), CloseCode.TOO_LARGE),
        (b"\x80" + bytes(1_048_576), CloseCode.TOO_LARGE),
        (b"\x80" + bytes(3_000_000), CloseCode.TOO_LARGE),
        (hello(), CloseCode.MALFORMED),
    ],
    ids=short,
)
async def test_a_bad_message_ends_its_own_session_only(message: bytes | str, code: CloseCode) -> None:
    async with running_gateway() as gateway:
        other = await TunnelClient(gateway, name="Bob").connect()
        mallory = await TunnelClient(gateway, name="Mallory").connect()
        await eventually(lambda: len(mallory.controls(RoomStateChanged)) == 2, "the room")
        await mallory.send_raw(message)
        closed = await eventually(lambda: mallory.closed, "CLOSE")
        assert (closed.code, closed.by_remote) == (code, True)
        await eventually(lambda: mallory.close_code == code, "the WebSocket's close code")
        other.publish(CAMERA)
        late = await TunnelClient(gateway, name="Carol").connect()
        await eventually(lambda: late.controls(TrackAdded), "the room's life")
        assert other.closed is None
        for client in (other, mallory, late):
            await client.close()


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
        assert websocket.close_code == CloseCode.MALFORMED


async def test_a_flood_is_rate_limited() -> None:
    async with running_gateway(max_messages_per_second=50) as gateway:
        mallory = await TunnelClient(gateway, name="Mallory").connect()
        await eventually(lambda: mallory.controls(RoomStateChanged), "the room")
        for _ in range(200):
            await mallory.send_raw(encode(Ping(0)))
        closed = await eventually(lambda: mallory.closed, "CLOSE")
        assert closed.code == CloseCode.RATE_LIMITED
        await mallory.close()


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
