"""One port: HTTP, WebSocket and TURN side by side, and where native clients are told of it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aioice import stun, turn

from tests.support.gateway import MICROPHONE, TunnelClient, eventually, http_url, running_gateway
from wsmedia.app.server import Gateway, Listener
from wsmedia.auth import issue_token
from wsmedia.peer import PeerConfig, PeerConnection
from wsmedia.wire import RoomStateChanged

KEY = "k" * 32


class Datagrams(asyncio.DatagramProtocol):
    """Everything that came, and everything that went wrong."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, tuple[str, int]]] = []
        self.errors: list[Exception] = []
        self.lost = False

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.append((data, addr))

    def error_received(self, exc: Exception) -> None:
        self.errors.append(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


class Echo(asyncio.DatagramProtocol):
    """Sends everything back."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(data, addr)


@pytest.fixture
async def echo() -> AsyncIterator[tuple[str, int]]:
    """A UDP echo on this machine."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    yield transport.get_extra_info("sockname")
    transport.close()


async def ice(gateway: Gateway, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(
            http_url(gateway, "/v1/ice"), headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


@contextlib.asynccontextmanager
async def relayed(
    gateway: Gateway, listener: Listener, credential: str | None = None
) -> AsyncIterator[tuple[turn.TurnTransport, Datagrams]]:
    """aioice's TURN client with an allocation, on a listener of the gateway."""
    server = (await ice(gateway)).json()["ice_servers"][-1]
    tls = None
    if listener.scheme == "https":
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    transport, datagrams = await turn.create_turn_endpoint(
        Datagrams,
        ("127.0.0.1", listener.port),
        server["username"],
        credential or server["credential"],
        ssl=tls,
        transport="tcp",
    )
    try:
        yield transport, datagrams
    finally:
        transport.close()
        await eventually(lambda: datagrams.lost, "the end of the allocation")


def allocations(gateway: Gateway) -> int:
    assert gateway.parts.turn is not None
    return gateway.parts.turn.server.allocations


async def test_http_websocket_and_turn_share_both_ports(tmp_path: Path, echo: tuple[str, int]) -> None:
    peer = f"{echo[0]}:{echo[1]}"
    async with running_gateway(https=True, port=0, state_dir=tmp_path, turn_peer=peer) as gateway:
        for listener in gateway.listeners:
            tunnelled = await TunnelClient(gateway).connect()
            async with (
                relayed(gateway, listener) as (transport, datagrams),
                httpx.AsyncClient(verify=False) as client,
            ):
                assert allocations(gateway) == 1
                for number in range(20):
                    transport.sendto(b"%d" % number, echo)
                assert (await client.get(listener.url + "healthz")).text == "ok\n"
                await eventually(lambda found=datagrams: len(found.received) == 20, "all echoes")
                assert sorted(int(data) for data, _ in datagrams.received) == list(range(20))
                assert all(address == echo for _, address in datagrams.received)
                await eventually(
                    lambda one=tunnelled: one.controls(RoomStateChanged), "the tunnelled participant's room"
                )
            await eventually(lambda: allocations(gateway) == 0, "the allocation's end")
            await tunnelled.close()
        await eventually(lambda: gateway.connections == 0, "the end of every connection")


async def test_it_leads_nowhere_else(echo: tuple[str, int]) -> None:
    async with (
        running_gateway(turn_peer="10.0.0.5") as gateway,
        relayed(gateway, gateway.listeners[0]) as (transport, datagrams),
    ):
        transport.sendto(b"x", echo)
        refusal = await eventually(lambda: datagrams.errors, "a refusal")
        assert isinstance(refusal[0], stun.TransactionFailed)
        assert refusal[0].response.attributes["ERROR-CODE"] == (403, "Forbidden: this relay does not lead there")


async def test_for_the_embedded_sfu_alone_no_socket_is_bound(echo: tuple[str, int]) -> None:
    async with running_gateway() as gateway, relayed(gateway, gateway.listeners[0]) as (transport, datagrams):
        assert transport.get_extra_info("sockname")[0] == "192.0.2.1"  # which is no machine's
        transport.sendto(b"x", echo)
        await eventually(lambda: datagrams.errors, "a refusal")


async def test_wrong_credentials_are_refused() -> None:
    async with running_gateway() as gateway:
        with pytest.raises(stun.TransactionFailed, match="401"):
            async with relayed(gateway, gateway.listeners[0], credential="wrong"):
                pass
        assert allocations(gateway) == 0


async def test_a_lost_connection_gives_its_address_back() -> None:
    async with running_gateway() as gateway:
        server = (await ice(gateway)).json()["ice_servers"][0]
        _, datagrams = await turn.create_turn_endpoint(
            Datagrams,
            ("127.0.0.1", gateway.listeners[0].port),
            server["username"],
            server["credential"],
            transport="tcp",
        )
        assert allocations(gateway) == 1
        gateway_side = next(iter(gateway._servers[0].server.server_state.connections))
        gateway_side.transport.abort()
        await eventually(lambda: allocations(gateway) == 0 and datagrams.lost, "the end")


async def test_turn_is_off_when_it_should_be() -> None:
    async with running_gateway(turn=False) as gateway:
        assert (await ice(gateway)).json()["ice_servers"] == []
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.listeners[0].port)
        writer.write(bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST)))
        async with asyncio.timeout(5):
            assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("localhost:8080", "turn:localhost:8080?transport=tcp"),
        ("localhost", "turn:localhost:80?transport=tcp"),
        ("[::1]:8080", "turn:[::1]:8080?transport=tcp"),
    ],
)
async def test_it_is_where_the_client_asked(host: str, url: str) -> None:
    async with running_gateway() as gateway:
        answer = await ice(gateway, host=host)
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        assert [server["urls"] for server in body["ice_servers"]] == [[url]]
        assert body["policy"] == "all"
        expires_at = int(body["ice_servers"][0]["username"].partition(":")[0])
        assert abs(expires_at - time.time() - body["ttl"]) < 30


async def test_over_https_it_is_turns(tmp_path: Path) -> None:
    async with (
        running_gateway(https=True, http=False, port=0, state_dir=tmp_path) as gateway,
        httpx.AsyncClient(verify=False) as client,
    ):
        body = (await client.get(gateway.listeners[0].url + "v1/ice")).json()
        assert body["ice_servers"][0]["urls"] == [f"turns:localhost:{gateway.listeners[0].port}?transport=tcp"]


async def test_behind_an_http_proxy_it_is_where_the_operator_says() -> None:
    async with running_gateway() as gateway:
        assert (await ice(gateway, x_forwarded_for="127.0.0.1")).json()["ice_servers"] == []
    url = "turns:turn.example.org:443?transport=tcp"
    async with running_gateway(turn_url=url, ice_policy="relay") as gateway:
        body = (await ice(gateway, x_forwarded_for="127.0.0.1")).json()
        assert body["ice_servers"][0]["urls"] == [url]
        assert body["policy"] == "relay"


async def test_the_operators_own_servers_come_first() -> None:
    servers = [
        "stun:stun.example.org",
        "turn:a.example.org turns:a.example.org:443?transport=tcp username=me credential=pass",
        "turn:b.example.org secret=shared",
    ]
    async with running_gateway(ice_server=servers, turn_lifetime=60) as gateway:
        stun_server, static, shared, own = (await ice(gateway)).json()["ice_servers"]
        assert stun_server == {"urls": ["stun:stun.example.org"]}
        assert static["urls"] == ["turn:a.example.org", "turns:a.example.org:443?transport=tcp"]
        assert (static["username"], static["credential"]) == ("me", "pass")
        assert shared["username"] == own["username"]
        assert shared["credential"] != own["credential"]  # of another secret


async def test_a_token_is_needed_where_keys_are_configured() -> None:
    async with running_gateway(token_key=KEY) as gateway:
        assert (await ice(gateway)).status_code == 401
        token = issue_token(KEY, "standup", time.time() + 60)
        answer = await ice(gateway, authorization=f"Bearer {token}")
        assert len(answer.json()["ice_servers"]) == 1
        assert (await ice(gateway, authorization=f"Bearer {token}", origin="https://evil.example")).status_code == 403


async def test_gateways_with_one_secret_take_each_others_credentials() -> None:
    async with running_gateway(turn_secret="s" * 16) as one, running_gateway(turn_secret="s" * 16) as other:
        server = (await ice(one)).json()["ice_servers"][0]
        transport, datagrams = await turn.create_turn_endpoint(
            Datagrams,
            ("127.0.0.1", other.listeners[0].port),
            server["username"],
            server["credential"],
            transport="tcp",
        )
        assert allocations(other) == 1
        transport.close()
        await eventually(lambda: datagrams.lost, "the end")


async def test_whip_names_the_servers_in_link_headers() -> None:
    peer = PeerConnection(PeerConfig(addresses=["127.0.0.1"]))
    peer.add_sender(MICROPHONE)
    async with running_gateway(ice_server="stun:stun.example.org") as gateway, httpx.AsyncClient() as client:
        headers = {"Content-Type": "application/sdp"}
        offer = await peer.create_offer()
        answer = await client.post(http_url(gateway, "/v1/rooms/r/whip"), content=offer, headers=headers)
        assert answer.status_code == 201
        first, own = answer.headers.get_list("link")
        assert first == '<stun:stun.example.org>; rel="ice-server"'
        assert own.startswith(
            f'<turn:127.0.0.1:{gateway.listeners[0].port}?transport=tcp>; rel="ice-server"; username='
        )
        assert own.endswith('credential-type="password"')
    await peer.close()
