"""What the network check talks to: the request as it arrived, timed answers, bounds on everything."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from tests.support.gateway import http_url, running_gateway
from wsmedia.app.arrival import Certificate, client_kind
from wsmedia.app.check import MAX_DOWNLOAD_BYTES, MAX_UPLOAD_BYTES
from wsmedia.app.server import Gateway
from wsmedia.auth import issue_token

KEY = "k" * 32
PROBE = "0123456789abcdef" * 2


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with running_gateway(state_dir=tmp_path) as running:
        yield running


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=http_url(gateway), trust_env=False) as client:
        yield client


async def test_a_request_is_told_as_it_arrived(http: httpx.AsyncClient) -> None:
    headers = {"Via": "1.1 box.example", "Wsmedia-Probe": "abc", "Authorization": "Bearer secret", "Cookie": "a=b"}
    body = (await http.get("/v1/check/echo", headers=headers)).json()
    assert body["http_version"] == "1.1"
    assert ["via", "1.1 box.example"] in body["headers"]
    assert ["wsmedia-probe", "abc"] in body["headers"]
    assert "secret" not in json.dumps(body)
    assert "a=b" not in json.dumps(body)
    assert body["tls"] is None


async def test_tls_as_the_gateway_sees_it_and_its_own_certificate(tmp_path: Path) -> None:
    async with running_gateway(https=True, http=False, port=0, state_dir=tmp_path) as gateway:
        url = gateway.listeners[0].url
        context = ssl.create_default_context(cafile=str(tmp_path / "self-signed.crt"))
        async with httpx.AsyncClient(verify=context, trust_env=False) as client:
            as_browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0 Safari/537.36"}
            pretended = (await client.get(f"{url}v1/check/echo", headers=as_browser)).json()
            honest = (await client.get(f"{url}v1/check/echo")).json()
    assert pretended["tls"]["client"] == "program"  # it says Chrome and is OpenSSL
    assert honest["tls"]["client"] == "unknown"
    assert honest["tls"]["version"] == "TLSv1.3"
    certificate = Certificate.read(tmp_path / "self-signed.crt")
    assert honest["certificate"] == {
        "sha256": certificate.sha256,
        "issuer": "wsmedia self-signed",
        "self_signed": True,
    }


@pytest.mark.parametrize(
    ("user_agent", "suite", "kind"),
    [
        ("Mozilla/5.0 (X11) Chrome/156.0 Safari/537.36", "ECDHE-RSA-CHACHA20-POLY1305", "browser"),
        ("Mozilla/5.0 (X11; rv:150.0) Gecko/20100101 Firefox/150.0", "ECDHE-RSA-AES128-SHA", "browser"),
        ("Mozilla/5.0 (X11) Chrome/156.0 Safari/537.36", "DHE-RSA-AES128-GCM-SHA256", "program"),
        ("Mozilla/5.0 (X11) Chrome/156.0 Safari/537.36", "ECDHE-ECDSA-AES256-SHA384", "program"),
        ("curl/8.0", "DHE-RSA-AES128-GCM-SHA256", "unknown"),
        ("", "DHE-RSA-AES128-GCM-SHA256", "unknown"),
    ],
)
def test_whether_a_browser_began_tls(user_agent: str, suite: str, kind: str) -> None:
    assert client_kind(user_agent, ["TLS_AES_128_GCM_SHA256", suite, "ECDHE-RSA-AES128-GCM-SHA256"]) == kind


async def test_pieces_of_the_stream_come_one_after_the_other(http: httpx.AsyncClient) -> None:
    loop = asyncio.get_running_loop()
    async with http.stream("GET", "/v1/check/stream") as response:
        assert response.headers["cache-control"] == "no-store, no-transform"
        assert response.headers["x-accel-buffering"] == "no"
        arrivals = [(loop.time(), chunk) async for chunk in response.aiter_raw()]
    assert b"".join(chunk for _, chunk in arrivals).count(b"\n") == 6
    assert len(arrivals) == 6
    assert len(arrivals[0][1]) == 2048
    assert arrivals[-1][0] - arrivals[0][0] > 0.9


async def test_a_silent_answer_ends_when_the_gateway_stops(gateway: Gateway) -> None:
    begun = asyncio.Event()

    async def read() -> bytes:
        async with (
            httpx.AsyncClient(base_url=http_url(gateway), trust_env=False) as client,
            client.stream("GET", "/v1/check/idle?seconds=500") as response,
        ):
            octets = b""
            async for chunk in response.aiter_raw():
                octets += chunk
                begun.set()
            return octets

    reading = asyncio.create_task(read())
    async with asyncio.timeout(10):
        await begun.wait()
        gateway.parts.check.close()
        assert (await reading).endswith(b"end\n")


async def test_silence_on_a_websocket_and_echo(gateway: Gateway) -> None:
    url = http_url(gateway, "/v1/check/ws").replace("http", "ws", 1)
    async with websockets.connect(url, subprotocols=["wsmedia.v1"], proxy=None) as websocket:
        assert websocket.subprotocol == "wsmedia.v1"
        await websocket.send(b"some octets")
        assert await websocket.recv() == b"some octets"
        await websocket.send("silent 0")
        assert await websocket.recv() == "end"
        await websocket.send("what is this")
        with pytest.raises(websockets.ConnectionClosedOK):
            await websocket.recv()


async def test_a_handshake_that_lost_its_upgrade_is_remembered(http: httpx.AsyncClient, gateway: Gateway) -> None:
    never = (await http.get(f"/v1/check/echo?probe={PROBE}")).json()
    assert never["probe"] is None
    answer = await http.get(f"/v1/check/ws?id={PROBE}", headers={"Via": "1.0 box"})
    assert answer.status_code == 426
    body = (await http.get(f"/v1/check/echo?probe={PROBE}")).json()
    assert body["probe"]["upgraded"] is False
    assert ["via", "1.0 box"] in body["probe"]["headers"]
    url = http_url(gateway, f"/v1/check/ws?id={PROBE}").replace("http", "ws", 1)
    async with websockets.connect(url, proxy=None):
        pass
    assert (await http.get(f"/v1/check/echo?probe={PROBE}")).json()["probe"]["upgraded"] is True


async def test_uploads_and_downloads_are_bounded(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/check/upload", content=bytes(MAX_UPLOAD_BYTES))).json() == {"octets": 122_880}
    assert (await http.post("/v1/check/upload", content=bytes(MAX_UPLOAD_BYTES + 1))).status_code == 413
    answer = await http.get("/v1/check/download?octets=200000")
    assert len(answer.content) == 200_000
    for wrong in ("", "0", "-1", "x", "nan", str(MAX_DOWNLOAD_BYTES + 1)):
        refused = await http.get(f"/v1/check/download?octets={wrong}")
        assert refused.status_code == 400, wrong
        assert "octets is a number" in refused.json()["detail"]


async def test_who_asks_too_much_is_told_to_wait(http: httpx.AsyncClient) -> None:
    answers = [await http.get(f"/v1/check/download?octets={MAX_DOWNLOAD_BYTES}") for _ in range(9)]
    refused = answers[-1]
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert (await http.get("/v1/check/echo")).status_code == 200


async def test_without_keys_everybody_gets_a_room(http: httpx.AsyncClient) -> None:
    body = (await http.post("/v1/check/room")).json()
    assert body["room"].startswith("check-")
    assert body["token"] is None


async def test_a_room_costs_a_token(tmp_path: Path) -> None:
    async with (
        running_gateway(token_key=[KEY], state_dir=tmp_path) as gateway,
        httpx.AsyncClient(base_url=http_url(gateway), trust_env=False) as http,
    ):
        assert (await http.get("/v1/check")).json()["token_required"] is True
        assert (await http.post("/v1/check/room")).status_code == 401
        for token in ("rubbish", issue_token("x" * 32, "*", 4e9), issue_token(KEY, "standup", 1)):
            headers = {"Authorization": f"Bearer {token}"}
            assert (await http.post("/v1/check/room", headers=headers)).status_code == 401
        headers = {"Authorization": f"Bearer {issue_token(KEY, 'standup', 4e9)}"}
        body = (await http.post("/v1/check/room", headers=headers)).json()
        # It opens that room and no other.
        into = await http.get(f"/v1/rooms/{body['room']}", headers={"Authorization": f"Bearer {body['token']}"})
        assert into.status_code == 200
        other = await http.get("/v1/rooms/standup", headers={"Authorization": f"Bearer {body['token']}"})
        assert other.status_code == 403


async def test_an_operator_may_let_everybody_try_media(tmp_path: Path) -> None:
    options: dict[str, Any] = {"token_key": [KEY], "check_without_token": True, "state_dir": tmp_path}
    async with (
        running_gateway(**options) as gateway,
        httpx.AsyncClient(base_url=http_url(gateway), trust_env=False) as http,
    ):
        assert (await http.post("/v1/check/room")).json()["token"]


async def test_pages_of_foreign_origins_may_not_check(http: httpx.AsyncClient) -> None:
    for method, path in (("GET", "/v1/check"), ("GET", "/v1/check/echo"), ("POST", "/v1/check/room")):
        answer = await http.request(method, path, headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 403, path


async def test_it_can_be_switched_off(tmp_path: Path) -> None:
    async with (
        running_gateway(check=False, state_dir=tmp_path) as gateway,
        httpx.AsyncClient(base_url=http_url(gateway), trust_env=False) as http,
    ):
        for path in ("/v1/check", "/v1/check/echo", "/check", "/check.html"):
            assert (await http.get(path)).status_code == 404, path
