"""Connections that are slow, silent or too many: each is bounded in time and memory and closes only itself."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.gateway import TunnelClient, eventually, http_url, running_gateway
from tests.support.raw_tunnel import hello
from wsmedia.app.server import Gateway
from wsmedia.transport.http import HttpCarrier
from wsmedia.wire import ParticipantJoined, RoomStateChanged

SOON = 0.2
UPGRADE = (
    "GET /v1/sessions/{} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\nSec-WebSocket-Protocol: wsmedia.v1\r\n{}\r\n"
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpCarrier, "request_timeout", SOON)
    monkeypatch.setattr(HttpCarrier, "read_timeout", SOON)
    monkeypatch.setattr("wsmedia.transport.websocket._CLOSE_TIMEOUT", SOON)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with running_gateway(hello_timeout=SOON, port=0, https=True, state_dir=tmp_path) as gateway:
        alice = await TunnelClient(gateway, name="Alice").connect()
        await eventually(lambda: len(alice.controls(RoomStateChanged)) == 2, "the room")
        yield gateway
        # Whatever happened, the session that was there goes on, and others may come.
        bob = await TunnelClient(gateway, name="Bob").connect()
        await eventually(lambda: alice.controls(ParticipantJoined), "Bob's joining")
        assert alice.closed is None
        await alice.close()
        await bob.close()


async def opened(gateway: Gateway, scheme: str = "http") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    listener = next(listener for listener in gateway.listeners if listener.scheme == scheme)
    return await asyncio.open_connection("127.0.0.1", listener.port)


async def answer(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the gateway closes the connection."""
    async with asyncio.timeout(8):
        received = b""
        try:
            while data := await reader.read(65536):
                received += data
        except ConnectionError:
            pass
        return received


def stop_reading(writer: asyncio.StreamWriter) -> None:
    """Leave everything from now on in the network."""
    assert isinstance(writer.transport, asyncio.Transport)
    writer.transport.pause_reading()


def upgrade(headers: str = "") -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return UPGRADE.format("0" * 32 + "/ws", key, headers).encode()


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("http", b""),
        ("http", b"GET / HTTP/1.1\r\nHost: loc"),
        ("http", b"\r\n"),
        (
            "http",
            b"POST /v1/rooms/r/whip HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sdp\r\n"
            b"Content-Length: 1000\r\n\r\nv=0",
        ),
        ("http", upgrade()),
        ("http", upgrade() + b"\x82"),
        ("http", upgrade("X: " + "x" * 9000 + "\r\n")),
        ("http", upgrade("X: x\r\n" * 200)),
    ],
    ids=[
        "silence",
        "half a header",
        "a line end",
        "half a body",
        "no HELLO",
        "half a HELLO",
        "a long header",
        "many headers",
    ],
)
async def test_what_never_goes_on_is_ended(gateway: Gateway, scheme: str, said: bytes) -> None:
    before = gateway.connections
    reader, writer = await opened(gateway, scheme)
    writer.write(said)
    await answer(reader)
    writer.close()
    await eventually(lambda: gateway.connections == before, "the end of the connection")


async def test_a_request_that_trickles_is_ended(gateway: Gateway) -> None:
    reader, writer = await opened(gateway)
    ended = asyncio.create_task(answer(reader))
    writer.write(b"GET / HTTP/1.1\r\n")
    while not ended.done():
        writer.write(b"A: b\r\n")
        await asyncio.wait([ended], timeout=SOON / 10)
    assert ended.result() == b""
    writer.close()


async def test_a_header_without_end_is_ended_before_it_fills_the_memory(gateway: Gateway) -> None:
    reader, writer = await opened(gateway)
    writer.write(b"GET / HTTP/1.1\r\nA: " + b"a" * 4_000_000)
    assert await answer(reader) == b""
    writer.close()


async def test_a_tls_handshake_that_stalls_is_ended(gateway: Gateway) -> None:
    for serving in gateway._servers:
        serving.acceptor._handshake_timeout = serving.acceptor._handshake_timeout and SOON
    before = gateway.connections
    for said in (b"", b"\x16\x03\x01\x02\x00\x01"):
        reader, writer = await opened(gateway, "https")
        writer.write(said)
        await eventually(lambda: gateway.connections > before, "being counted")
        await answer(reader)
        writer.close()
    await eventually(lambda: gateway.connections == before, "the end of the connections")


async def test_a_client_that_never_reads_its_answers_is_ended(gateway: Gateway) -> None:
    before = gateway.connections
    # Small buffers, so that not much has to be written until nothing more goes.
    for serving in gateway._servers:
        serving.acceptor._listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", gateway.listeners[-1].port))
    _, writer = await asyncio.open_connection(sock=connection)
    stop_reading(writer)
    states = [serving.server.server_state for serving in gateway._servers]

    def answered() -> int:
        return sum(state.total_requests for state in states)

    await eventually(lambda: gateway.connections > before, "being counted")
    for _ in range(5000):
        asked = answered() + 4
        writer.write(b"GET /v1/config HTTP/1.1\r\nHost: localhost\r\n\r\n" * 4)
        await eventually(lambda: answered() >= asked or gateway.connections == before, "an answer or the end")  # noqa: B023
        if gateway.connections == before:
            break
    assert gateway.connections == before
    writer.transport.abort()


async def test_endless_requests_at_once_are_not_kept(gateway: Gateway) -> None:
    reader, writer = await opened(gateway)
    writer.write(b"GET /v1/config HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100_000)
    await answer(reader)
    writer.close()


async def test_pings_whose_pongs_are_not_read_do_not_fill_the_memory(gateway: Gateway) -> None:
    before = gateway.connections
    reader, writer = await opened(gateway)
    writer.write(upgrade())
    await reader.readuntil(b"\r\n\r\n")
    greeting = hello()
    writer.write(b"\x82\xfe" + len(greeting).to_bytes(2) + bytes(4) + greeting)
    await reader.read(1)
    stop_reading(writer)
    ping = b"\x89\xfd" + bytes(4) + bytes(125)
    for _ in range(400):
        writer.write(ping * 200)
        await writer.drain()
    carriers = [carrier for serving in gateway._servers for carrier in serving.server.server_state.connections]
    assert max(carrier.transport.get_write_buffer_size() for carrier in carriers) < 100_000
    writer.transport.abort()
    await eventually(lambda: gateway.connections == before, "the end of the connection")


async def test_more_connections_than_allowed_are_refused_at_once() -> None:
    async with running_gateway(max_connections=3) as gateway:
        held = [await opened(gateway) for _ in range(3)]
        await eventually(lambda: gateway.connections == 3, "all of them")
        reader, writer = await opened(gateway)
        assert await answer(reader) == b""
        writer.close()
        for _, other in held:
            other.transport.abort()
        await eventually(lambda: gateway.connections == 0, "their end")
        async with httpx.AsyncClient() as http:
            assert (await http.get(http_url(gateway, "/healthz"))).status_code == 200


async def test_the_acceptor_goes_on_after_it_ran_out_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_gateway() as gateway:
        loop = asyncio.get_running_loop()
        accept, failures = loop.sock_accept, [OSError(24, "Too many open files"), ConnectionAbortedError()]

        async def failing(listening: object) -> object:
            if failures:
                raise failures.pop()
            return await accept(listening)  # type: ignore[arg-type]

        monkeypatch.setattr("wsmedia.transport.acceptor._REST", 0.0)
        monkeypatch.setattr(loop, "sock_accept", failing)
        async with httpx.AsyncClient() as http:
            for _ in range(4):
                response = await http.get(http_url(gateway, "/healthz"), headers={"Connection": "close"})
                assert response.status_code == 200
        assert failures == []
