"""Other people's TURN clients on the gateway's own port: coturn's, and Pion's with media all the way."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.interop.echo_peer import exchange, running
from tests.interop.test_pion import program
from tests.support.gateway import eventually, running_gateway
from wsmedia.app.server import Gateway
from wsmedia.peer import PeerConfig

pytestmark = pytest.mark.interop

SECRET = "a secret that both know"
MESSAGES = 20
CLIENTS = 2


def free_ports() -> int:
    """The first of two UDP ports in a row that nobody has; coturn's echo takes both."""
    while True:
        with socket.socket(type=socket.SOCK_DGRAM) as first, socket.socket(type=socket.SOCK_DGRAM) as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port


async def echoes(port: int) -> bool:
    """Whether an echo answers on a UDP port; it may need a moment to begin."""
    loop = asyncio.get_running_loop()
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        probe.connect(("127.0.0.1", port))
        for _ in range(50):
            with contextlib.suppress(TimeoutError, ConnectionError):
                await loop.sock_sendall(probe, b"here?")
                return await asyncio.wait_for(loop.sock_recv(probe, 100), 0.1) == b"here?"
            await asyncio.sleep(0.02)
    return False


@pytest.fixture
async def peer_port() -> AsyncIterator[int]:
    """coturn's UDP echo on 127.0.0.1."""
    if shutil.which("turnutils_uclient") is None or shutil.which("turnutils_peer") is None:
        pytest.skip("needs coturn's clients (apt-get install coturn)")
    port = free_ports()
    process = await asyncio.create_subprocess_exec(
        "turnutils_peer", "-p", str(port), "-L", "127.0.0.1", stdout=asyncio.subprocess.DEVNULL
    )
    assert await echoes(port)
    yield port
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def allocations(gateway: Gateway) -> int:
    assert gateway.parts.turn is not None
    return gateway.parts.turn.server.allocations


@pytest.mark.timeout(120)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("way", [[], ["-s"]], ids=["channels", "indications"])
async def test_coturns_client_loses_nothing(tmp_path: Path, peer_port: int, scheme: str, way: list[str]) -> None:
    flags: dict[str, Any] = {"http": scheme == "http", "https": scheme == "https", "port": 0, "state_dir": tmp_path}
    allowed = f"127.0.0.1:{peer_port}-{peer_port + 1}"
    async with running_gateway(turn_peer=allowed, turn_secret=SECRET, **flags) as gateway:
        process = await asyncio.create_subprocess_exec(
            "turnutils_uclient",
            *(["-t", "-S"] if scheme == "https" else ["-t"]),
            *("-c", *way, "-W", SECRET, "-u", "somebody"),
            *("-n", str(MESSAGES), "-m", str(CLIENTS), "-l", "1203"),
            *("-e", "127.0.0.1", "-r", str(peer_port), "-p", str(gateway.listeners[0].port), "127.0.0.1"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output = (await process.communicate())[0].decode()
        assert process.returncode == 0, output
        assert re.search(rf"tot_send_msgs={MESSAGES * CLIENTS}, tot_recv_msgs={MESSAGES * CLIENTS}\b", output), output
        assert "Total lost packets 0 " in output
        await eventually(lambda: allocations(gateway) == 0, "the end of the allocations")


@pytest.mark.timeout(60)
async def test_coturns_client_reaches_nobody_else(peer_port: int) -> None:
    async with running_gateway(turn_peer="10.0.0.5", turn_relay_address="127.0.0.1", turn_secret=SECRET) as gateway:
        process = await asyncio.create_subprocess_exec(
            *("turnutils_uclient", "-t", "-c", "-W", SECRET, "-u", "somebody", "-n", "1"),
            *("-e", "127.0.0.1", "-r", str(peer_port), "-p", str(gateway.listeners[0].port), "127.0.0.1"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output = (await process.communicate())[0].decode()
        assert "error 403 (Forbidden: this relay does not lead there)" in output
        assert process.returncode != 0


@pytest.mark.timeout(300)  # the first run compiles Pion
@pytest.mark.parametrize("they_offer", [False, True], ids=["we offer", "Pion offers"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_pions_media_goes_by_the_gateways_port_alone(tmp_path: Path, scheme: str, they_offer: bool) -> None:
    echo = program()
    flags: dict[str, Any] = {"http": scheme == "http", "https": scheme == "https", "port": 0, "state_dir": tmp_path}
    async with running_gateway(**flags) as gateway, httpx.AsyncClient(verify=False) as client:
        server = (await client.get(gateway.listeners[0].url + "v1/ice")).json()["ice_servers"][0]
        options = ["-turn", server["urls"][0], "-username", server["username"], "-credential", server["credential"]]
        # Go takes the gateway's self-signed certificate for an authority of its own.
        environment = {"SSL_CERT_FILE": str(tmp_path / "self-signed.crt")}
        assert gateway.parts.turn is not None
        config = PeerConfig(local_links=gateway.parts.turn.links)
        async with running(echo, *options, *(["-offer"] if they_offer else []), environment=environment) as peer:
            await exchange(peer, they_offer=they_offer, config=config)
            assert allocations(gateway) >= 1
        await eventually(lambda: allocations(gateway) == 0, "the end of the allocations")
