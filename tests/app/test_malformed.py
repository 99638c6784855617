"""Messages that break the protocol end their own session with the documented code, also as WebSocket close code."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.gateway import CAMERA, TunnelClient, eventually, running_gateway, video_frame
from tests.support.raw_tunnel import assert_ends, hello, opened
from wsmedia.app.server import Gateway
from wsmedia.errors import CloseCode
from wsmedia.wire import Ping, RoomStateChanged, TrackAdded, encode

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway() as gateway:
        yield gateway


def short(value: object) -> str:
    return repr(value[:16] if isinstance(value, bytes) else value)


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
async def test_a_bad_first_message(gateway: Gateway, first: bytes | str, code: int) -> None:
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
async def test_a_bad_message_ends_its_own_session_only(gateway: Gateway, message: bytes | str, code: CloseCode) -> None:
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


async def test_a_client_that_never_reads_does_not_fill_the_memory(gateway: Gateway) -> None:
    """Its session drops frames and in the end gives the lane up; others do not notice."""
    alice = await TunnelClient(gateway, room="slow", name="Alice").connect()
    bob = await TunnelClient(gateway, room="slow", name="Bob").connect()
    alice.publish(CAMERA)
    await eventually(lambda: bob.controls(TrackAdded), "the camera")
    bob.stop_reading()
    path = functools.partial(gateway.parts.sessions.path, bob.session_id)
    numbers = itertools.count()

    def frames_dropped() -> int:
        number = next(numbers)
        alice.send_frame(CAMERA, video_frame(number, keyframe=number % 30 == 0, size=4000))
        return path().frames_dropped

    await eventually(frames_dropped, "dropping")
    assert path().in_flight_bytes < 200_000
    assert alice.closed is None
    await alice.close()
    await bob.close()
