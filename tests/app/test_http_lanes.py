"""HTTP lanes at the gateway, request by request: what clients and proxies may do, and what they may not."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.support.gateway import TunnelClient, eventually, http_url, running_gateway
from tests.support.raw_tunnel import hello
from wsmedia.app.server import Gateway
from wsmedia.errors import CloseCode
from wsmedia.transport import http_lane
from wsmedia.wire import (
    BatchReader,
    Close,
    Control,
    Message,
    ParticipantLeft,
    Ping,
    RoomStateChanged,
    Skipped,
    Welcome,
    WireLimits,
    decode,
    delimit,
    encode,
)

PADDING = 0x80


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway(allowed_origin=["https://meet.example"]) as gateway:
        yield gateway


class RawLane:
    """One carrier, without an engine: requests as a test wants them, and the messages that come."""

    def __init__(self, gateway: Gateway, http: httpx.AsyncClient, kind: str, session_id: str | None = None) -> None:
        self.session_id = session_id or secrets.token_hex(16)
        self.url = http_url(gateway, f"/v1/sessions/{self.session_id}/http/{secrets.token_hex(16)}")
        self.messages: list[Message] = []
        self.kind = kind
        self.over = False
        self._http = http
        self._reader = BatchReader(1_000_000)

    async def up(self, offset: int, body: bytes, **options: Any) -> httpx.Response:
        return await self._http.post(f"{self.url}/up/{offset}", content=body, **options)

    async def greet(self, **members: Any) -> int:
        """Say HELLO; gives how many octets that took."""
        octets = delimit(hello(lane_kind=self.kind, **members))
        response = await self.up(0, octets)
        assert response.status_code == 204
        return len(octets)

    async def stream(self) -> None:
        """Read the response to its end."""
        async with self._http.stream("GET", f"{self.url}/stream") as response:
            assert response.status_code == 200
            assert response.headers["x-accel-buffering"] == "no"
            assert "no-store" in response.headers["cache-control"]
            async for octets in response.aiter_raw():
                self.take(octets)
        self.over = True

    async def poll(self, number: int, wait_ms: int = 200) -> httpx.Response:
        return await self._http.get(f"{self.url}/poll/{number}?wait={wait_ms}")

    def take(self, octets: bytes) -> None:
        self.messages += [decode(message, WireLimits()) for message in self._reader.read(octets)]

    def kinds(self) -> list[type]:
        return [type(message) for message in self.messages]

    @property
    def close_codes(self) -> list[int]:
        return [message.code for message in self.messages if isinstance(message, Close)]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


async def people_in_the_room(gateway: Gateway, http: httpx.AsyncClient, count: int) -> None:
    """Wait until there are so many, well before a session would be given up."""
    async with asyncio.timeout(5):
        while len((await http.get(http_url(gateway, "/v1/rooms/r"))).json()["participants"]) != count:
            pass


async def test_a_stream_begins_with_its_marker_before_anybody_has_said_hello(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    lane = RawLane(gateway, http, "http-stream")
    reading = asyncio.create_task(lane.stream())
    await eventually(lambda: lane.messages, "the marker")
    assert lane.messages == [Skipped(PADDING)]
    await lane.greet()
    await eventually(lambda: RoomStateChanged in [type(getattr(m, "message", None)) for m in lane.messages], "the room")
    assert lane.kinds()[:3] == [Skipped, Welcome, Control]
    assert (await http.post(f"{lane.url}/end/1000")).status_code == 204
    await asyncio.wait_for(reading, 5)
    late = await lane.up(1000, b"x")
    assert (late.status_code, late.json()["code"]) == (410, 1000)


async def test_who_leaves_is_gone_though_a_page_took_an_upload_with_it(
    gateway: Gateway, http: httpx.AsyncClient
) -> None:
    lane = RawLane(gateway, http, "http-stream")
    reading = asyncio.create_task(lane.stream())
    octets = await lane.greet()
    await people_in_the_room(gateway, http, 1)
    # What goes before it never comes.
    await lane.up(octets + 1000, delimit(encode(Close(CloseCode.LEFT))))
    await http.post(f"{lane.url}/end/4000")
    await asyncio.wait_for(reading, 5)
    await people_in_the_room(gateway, http, 0)


async def test_a_server_of_http_1_0_gets_a_stream_without_chunks(gateway: Gateway, http: httpx.AsyncClient) -> None:
    lane = RawLane(gateway, http, "http-stream")
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.listeners[0].port)
    path = httpx.URL(lane.url).path
    writer.write(f"GET {path}/stream HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    assert b"transfer-encoding" not in head.lower()
    await lane.greet()
    await http.post(f"{lane.url}/end/1000")
    lane.take(await asyncio.wait_for(reader.read(), 5))
    assert lane.kinds()[:2] == [Skipped, Welcome]
    writer.close()


async def test_a_poll_waits_for_something_and_may_be_asked_again(gateway: Gateway, http: httpx.AsyncClient) -> None:
    lane = RawLane(gateway, http, "http-poll")
    first, second = asyncio.create_task(lane.poll(0, 5000)), asyncio.create_task(lane.poll(1, 5000))
    octets = await lane.greet()
    answers = [await first]
    await lane.up(octets, delimit(encode(Ping(7))))
    answers.append(await second)
    assert [answer.headers["content-length"] for answer in answers] == [str(len(a.content)) for a in answers]
    for answer in answers:
        lane.take(answer.content)
    assert lane.kinds()[:2] == [Welcome, Control]
    assert (await lane.poll(0)).content == answers[0].content
    assert (await lane.poll(1)).content == answers[1].content
    number = 2
    while (answer := await lane.poll(number)).status_code == 200:
        number += 1
    assert answer.status_code == 204
    assert (await lane.poll(0)).status_code == 409
    assert (await lane.poll(number + 9)).status_code == 409


async def test_uploads_are_put_in_order_and_taken_once(gateway: Gateway, http: httpx.AsyncClient) -> None:
    lane = RawLane(gateway, http, "http-stream")
    reading = asyncio.create_task(lane.stream())
    row = delimit(hello(lane_kind="http-stream")) + delimit(encode(Ping(7))) + delimit(encode(Ping(8)))
    assert (await lane.up(0, b"")).status_code == 204
    for begin, end in ((40, 90), (90, None), (0, 60), (0, 60), (20, 90)):
        assert (await lane.up(begin, row[begin:end])).status_code == 204
    pongs = "Pong(ping_sent_at_us={}"
    await eventually(lambda: all(any(pongs.format(n) in repr(m) for m in lane.messages) for n in (7, 8)), "both PONGs")
    assert sum("Pong" in repr(message) for message in lane.messages) == 2
    assert lane.close_codes == []
    assert (await lane.up(len(row) + 300_000, b"x")).status_code == 409
    reading.cancel()


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (delimit(b"\x07" + bytes(8)), CloseCode.MALFORMED),
        (delimit(b"\xff\xff"), CloseCode.MALFORMED),
        (bytes(4), CloseCode.MALFORMED),
        (b"\xff\xff\xff\xff", CloseCode.TOO_LARGE),
        (delimit(hello(lane_kind="http-poll")), CloseCode.MALFORMED),
        (delimit(hello(lane_kind="websocket")), CloseCode.MALFORMED),
        (delimit(hello(lane_kind="http-stream", resume=True)), CloseCode.SESSION_UNKNOWN),
    ],
)
async def test_what_is_no_hello_is_refused_with_a_close(
    gateway: Gateway, http: httpx.AsyncClient, octets: bytes, code: CloseCode
) -> None:
    lane = RawLane(gateway, http, "http-stream")
    reading = asyncio.create_task(lane.stream())
    await eventually(lambda: lane.messages, "the marker")
    assert (await lane.up(0, octets)).status_code == 204
    await asyncio.wait_for(reading, 5)
    assert lane.close_codes == [code]
    assert (await lane.up(len(octets), b"x")).json()["code"] == code


async def test_octets_that_are_no_messages_end_the_session(gateway: Gateway, http: httpx.AsyncClient) -> None:
    alice = await TunnelClient(gateway).connect()
    await eventually(lambda: alice.session.is_established, "WELCOME")
    lane = RawLane(gateway, http, "http-stream", alice.session_id)
    reading = asyncio.create_task(lane.stream())
    octets = await lane.greet(key=alice.session.key, lane_id=7)
    await lane.up(octets, bytes(4))
    await asyncio.wait_for(reading, 5)
    assert lane.close_codes == [CloseCode.MALFORMED]
    await eventually(lambda: alice.closed, "the end")
    await alice.close()


async def test_hello_has_to_come_in_time(http: httpx.AsyncClient) -> None:
    async with running_gateway(hello_timeout=0.2) as gateway:
        lane = RawLane(gateway, http, "http-stream")
        await asyncio.wait_for(lane.stream(), 5)
        assert lane.close_codes == [CloseCode.TIMEOUT]


async def test_a_lane_too_many_is_told_to_come_later(http: httpx.AsyncClient) -> None:
    async with running_gateway(max_lanes=1) as gateway:
        alice = await TunnelClient(gateway).connect()
        await eventually(lambda: alice.session.is_established, "WELCOME")
        lane = RawLane(gateway, http, "http-poll", alice.session_id)
        await lane.greet(key=alice.session.key, lane_id=7)
        answer = await lane.poll(0)
        assert (answer.status_code, answer.json()["code"]) == (410, 1013)
        assert alice.closed is None
        await alice.close()


async def test_requests_to_nothing(gateway: Gateway, http: httpx.AsyncClient) -> None:
    lane = RawLane(gateway, http, "http-poll")
    assert (await lane.up(17, b"x")).status_code == 404
    assert (await lane.poll(5)).status_code == 404
    assert (await http.post(f"{lane.url}/end/1000")).status_code == 404
    assert (await http.post(f"{lane.url}/up/x")).status_code == 404
    assert (await http.post(f"{lane.url[:-1]}/up/0")).status_code == 404
    assert (await lane.up(0, b"")).status_code == 204
    assert (await lane.poll(0, 1)).status_code == 204
    assert (await http.get(f"{lane.url}/stream")).status_code == 409


async def test_pages_of_other_origins_need_permission(gateway: Gateway, http: httpx.AsyncClient) -> None:
    lane = RawLane(gateway, http, "http-poll")
    assert (await lane.up(0, b"", headers={"Origin": "https://evil.example"})).status_code == 403
    allowed = await lane.up(0, b"", headers={"Origin": "https://meet.example", "Content-Type": "text/plain"})
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == "https://meet.example"


async def test_a_lane_that_nobody_fetches_is_lost(
    gateway: Gateway, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_lane, "UNFETCHED_TIMEOUT", 0.2)
    lane = RawLane(gateway, http, "http-poll")
    octets = await lane.greet()
    answer = await lane.poll(0)
    assert answer.status_code == 200

    async with asyncio.timeout(5):
        while (response := await lane.up(octets, b"")).status_code == 204:
            pass
    assert response.json()["code"] == 1006


async def test_a_page_that_goes_away_is_soon_forgotten(gateway: Gateway, http: httpx.AsyncClient) -> None:
    alice = await TunnelClient(gateway).connect()
    lane = RawLane(gateway, http, "http-poll")
    await lane.greet(name="Bob")
    await eventually(lambda: "Bob" in repr(alice.events), "Bob")
    await http.post(f"{lane.url}/end/1001")
    await eventually(lambda: alice.controls(ParticipantLeft), "Bob's leaving", 8.0)
    await alice.close()
