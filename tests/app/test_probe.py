"""The media probe: Opus comes back, in no room, and not for long."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack

from tests.peer.support import Frames
from tests.support.gateway import eventually, http_url, running_gateway
from wsmedia.adapters.embedded import echo
from wsmedia.app.server import Gateway
from wsmedia.auth import issue_token
from wsmedia.media import MediaKind
from wsmedia.peer import PeerConfig, PeerConnection, PeerState

SDP = {"Content-Type": "application/sdp"}
ADDRESS = "127.0.0.1"
DEADLINE = 10.0


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway(native_address=[ADDRESS]) as gateway:
        yield gateway


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=http_url(gateway)) as client:
        yield client


@contextlib.asynccontextmanager
async def listener() -> AsyncIterator[tuple[PeerConnection, Frames]]:
    """A peer that only listens."""
    connection, heard = PeerConnection(PeerConfig(addresses=[ADDRESS])), Frames()
    connection.on_receiver = lambda receiver: receiver.add_sink(heard)
    connection.add_receiver_section(MediaKind.AUDIO)
    try:
        yield connection, heard
    finally:
        await connection.close()


async def test_a_tone_comes_back(gateway: Gateway, http: httpx.AsyncClient) -> None:
    connection = RTCPeerConnection()
    try:
        connection.addTrack(AudioStreamTrack())
        came: asyncio.Future[MediaStreamTrack] = asyncio.get_running_loop().create_future()
        connection.on("track", came.set_result)
        await connection.setLocalDescription(await connection.createOffer())
        response = await http.post("/v1/probe", content=connection.localDescription.sdp, headers=SDP)
        assert response.status_code == 201, response.text
        await connection.setRemoteDescription(RTCSessionDescription(response.text, "answer"))
        async with asyncio.timeout(DEADLINE):
            track = await came
            for _ in range(5):
                await track.recv()
    finally:
        await connection.close()
    assert (await http.delete(response.headers["Location"])).status_code == 200
    assert gateway.parts.embedded is not None


async def test_who_only_listens_hears_silence(http: httpx.AsyncClient) -> None:
    async with listener() as (connection, heard):
        response = await http.post("/v1/probe", content=await connection.create_offer(), headers=SDP)
        await connection.accept_answer(response.text)
        await heard.wait(5)
        assert set(heard.data) == {b"\xf8\xff\xfe"}
        await http.delete(response.headers["Location"])
        await eventually(lambda: connection.state in (PeerState.CLOSED, PeerState.FAILED), "the end")


async def test_an_echo_does_not_last(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo, "MAX_SECONDS", 0.5)
    async with listener() as (connection, _):
        response = await http.post("/v1/probe", content=await connection.create_offer(), headers=SDP)
        await connection.accept_answer(response.text)
        await eventually(lambda: connection.state in (PeerState.CLOSED, PeerState.FAILED), "the end")


async def test_there_are_no_more_echoes_than_allowed(
    http: httpx.AsyncClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wsmedia.app.native._MAX_PROBES", 1)
    async with listener() as (one, _), listener() as (other, _):
        first = await http.post("/v1/probe", content=await one.create_offer(), headers=SDP)
        assert first.status_code == 201
        refused = await http.post("/v1/probe", content=await other.create_offer(), headers=SDP)
        assert refused.status_code == 503
        assert "probes" in refused.json()["detail"]
        await http.delete(first.headers["Location"])
        again = await http.post("/v1/probe", content=await other.create_offer(), headers=SDP)
        assert again.status_code == 201


async def test_what_is_no_offer_of_one_audio_section_is_refused(http: httpx.AsyncClient) -> None:
    connection = PeerConnection(PeerConfig(addresses=[ADDRESS]))
    try:
        connection.add_receiver_section(MediaKind.VIDEO)
        response = await http.post("/v1/probe", content=await connection.create_offer(), headers=SDP)
        assert response.status_code == 400
        assert "one audio section" in response.json()["detail"]
        assert (await http.post("/v1/probe", content="nonsense", headers=SDP)).status_code == 400
    finally:
        await connection.close()


async def test_a_token_is_needed_where_tokens_are_in_use() -> None:
    key = "k" * 32
    async with (
        running_gateway(native_address=[ADDRESS], token_key=[key]) as gateway,
        httpx.AsyncClient(base_url=http_url(gateway)) as http,
        listener() as (connection, _),
    ):
        offer = await connection.create_offer()
        assert (await http.post("/v1/probe?room=r", content=offer, headers=SDP)).status_code == 401
        bearer = {"Authorization": f"Bearer {issue_token(key, 'r', 4e9)}"}
        assert (await http.post("/v1/probe?room=x", content=offer, headers=SDP | bearer)).status_code == 403
        assert (await http.post("/v1/probe?room=r", content=offer, headers=SDP | bearer)).status_code == 201
