"""The boxes that we made ourselves do what their networks are said to do; without browsers."""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reach import places
from tests.reach.firewalls import forward
from tests.reach.places import CLIENT, GATEWAY, MIDDLE, Places
from tests.support.certificates import Authority
from tests.support.netns import LoopbackNamespace

_PORT = 9999


@pytest.fixture
def network() -> Iterator[Places]:
    reason = places.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    with places.joined() as network:
        yield network


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await reader.read(1000):
        writer.write(block)


async def _connect(
    place: LoopbackNamespace, tls: ssl.SSLContext | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    with place.entered():
        connecting = asyncio.ensure_future(asyncio.open_connection(GATEWAY, 443, ssl=tls))
        # The socket is made when the task first runs, and it has to be while we are inside.
        await asyncio.sleep(0)
    return await connecting


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"more")
        await reader.readexactly(4)


@pytest.mark.parametrize(("silence", "life", "talks", "after"), [(0.4, 30, False, 0.4), (5, 1.2, True, 1.2)])
async def test_the_cutter_resets_after_silence_and_after_a_while(
    network: Places, silence: float, life: float, talks: bool, after: float
) -> None:
    redirected = f"type nat hook prerouting priority -100;\nip saddr {CLIENT} meta l4proto tcp redirect to :{_PORT}"
    network.apply(forward("") + f"table ip cut {{\nchain cut {{\n{redirected}\n}}\n}}\n")
    with network.servers.entered():
        server = await asyncio.start_server(_echo, GATEWAY, 443)
    command = [sys.executable, "-m", "tests.reach.boxes.cutter", MIDDLE, str(_PORT), str(silence), str(life)]
    async with server, places.program(network.middle, *command, listens=(MIDDLE, _PORT)):
        began = time.monotonic()
        reader, writer = await _connect(network.client)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(_talk(reader, writer) if talks else reader.read(1), 10)
        assert time.monotonic() - began >= after
        writer.close()


async def test_whole_answers_are_of_http_1_0_and_know_no_upgrade(network: Places, tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + head.lower().split(b"\r\n\r\n")[0])
        writer.close()

    authority = Authority(tmp_path)
    certificate, key = authority.issue((GATEWAY,))
    with network.servers.entered():
        server = await asyncio.start_server(answer, "127.0.0.1", 8080)
    command = [sys.executable, "-m", "tests.reach.boxes.whole_answers", GATEWAY, "443", str(certificate), str(key)]
    async with server, places.program(network.servers, *command, "8080", listens=(GATEWAY, 443)):
        tls = ssl.create_default_context(cafile=str(authority.certificate))
        reader, writer = await _connect(network.servers, tls)
        writer.write(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        answered = await reader.read(-1)
        writer.close()
    head, _, passed_on = answered.decode().partition("\r\n\r\n")
    assert head.startswith("HTTP/1.0 200 OK\r\n")
    assert f"Content-Length: {len(passed_on)}" in head
    assert passed_on.startswith("get /x http/1.0\r\n")
    assert "upgrade" not in passed_on
