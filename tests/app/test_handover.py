"""One participant changes from one connection to another: nobody else sees them leave or come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.app.test_native import connect, peer, play
from tests.peer.support import AUDIO, audio_frames
from tests.support.gateway import CAMERA, MICROPHONE, TunnelClient, eventually, http_url, running_gateway
from wsmedia.app.handover import Handovers
from wsmedia.app.server import Gateway
from wsmedia.wire import ParticipantJoined, ParticipantLeft, TrackAdded, TrackRemoved

SECRET = "0123456789abcdef0123456789abcdef"
HEADER = {"Wsmedia-Handover": SECRET}


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway(native_address=["127.0.0.1"]) as gateway:
        yield gateway


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=http_url(gateway), headers=HEADER) as client:
        yield client


@pytest.fixture
async def alice(gateway: Gateway) -> AsyncIterator[TunnelClient]:
    client = await TunnelClient(gateway, name="Alice").connect()
    yield client
    await client.close()


async def people(http: httpx.AsyncClient) -> dict[str, str]:
    """Who is in the room: ids by name."""
    room = (await http.get("/v1/rooms/r")).json()
    assert len({one["name"] for one in room["participants"]}) == len(room["participants"])
    return {one["name"]: one["participant_id"] for one in room["participants"]}


async def test_from_the_tunnel_to_native_and_back(
    gateway: Gateway, http: httpx.AsyncClient, alice: TunnelClient
) -> None:
    bob = await TunnelClient(gateway, name="Bob", handover=SECRET).connect()
    bob.publish(MICROPHONE)
    await eventually(lambda: alice.controls(TrackAdded), "Bob's first track")
    async with peer() as native:
        sender = native.add_sender(AUDIO)
        entered = await connect(http, "/v1/rooms/r/whip?name=Other", native)
        assert entered.headers["Wsmedia-Participant"] == (await people(http))["Bob"]
        sounds = audio_frames(20)
        await play(sounds, sender)
        await eventually(lambda: len(alice.controls(TrackAdded)) == 2, "Bob's second track")
        tracks = [added.track.track_id for added in alice.controls(TrackAdded)]
        await eventually(lambda: len(alice.frames.get(tracks[1], [])) >= 19, "his sound by the new way")

        bob.leave()
        await eventually(lambda: alice.controls(TrackRemoved), "the old track's end")
        assert alice.controls(TrackRemoved)[0].track_id == tracks[0]
        # He never hears of himself.
        assert not bob.controls(TrackAdded)

        again = await TunnelClient(gateway, name="Bob", handover=SECRET).connect()
        again.publish(CAMERA)
        await eventually(lambda: len(alice.controls(TrackAdded)) == 3, "his camera, by the tunnel again")
        assert alice.controls(TrackAdded)[2].participant_id == entered.headers["Wsmedia-Participant"]
        await http.delete(entered.headers["Location"])
        await eventually(lambda: len(alice.controls(TrackRemoved)) == 2, "the native track's end")
    assert [joined.participant.name for joined in alice.controls(ParticipantJoined)] == ["Bob"]
    assert not alice.controls(ParticipantLeft)
    again.leave()
    await eventually(lambda: alice.controls(ParticipantLeft), "his leaving for good")
    await asyncio.gather(bob.close(), again.close())


async def test_another_room_or_another_secret_is_somebody_else(gateway: Gateway, http: httpx.AsyncClient) -> None:
    ids = set()
    async with peer() as one, peer() as two, peer() as three:
        for connection, path, secret in (
            (one, "/v1/rooms/r/whip", SECRET),
            (two, "/v1/rooms/s/whip", SECRET),
            (three, "/v1/rooms/r/whip", SECRET[::-1]),
        ):
            connection.add_sender(AUDIO)
            http.headers["Wsmedia-Handover"] = secret
            ids.add((await connect(http, path, connection)).headers["Wsmedia-Participant"])
    assert len(ids) == 3


async def test_a_secret_that_is_none_is_refused(http: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/sdp", "Wsmedia-Handover": "guess"}
    response = await http.post("/v1/rooms/r/whip", content="v=0", headers=headers)
    assert response.status_code == 400
    assert "Wsmedia-Handover" in response.json()["detail"]


def test_a_secret_is_forgotten_with_its_last_connection() -> None:
    handovers = Handovers()
    alice, first = handovers.take("r", SECRET, "Alice")
    same, second = handovers.take("r", SECRET, "Mallory")
    assert same is alice
    first()
    assert handovers.take("r", SECRET, "x")[0] is alice
    second()
    assert len(handovers) == 1


def test_where_another_sfu_holds_the_room_everybody_is_somebody_new() -> None:
    handovers = Handovers(allowed=False)
    assert handovers.take("r", SECRET, "Alice")[0] != handovers.take("r", SECRET, "Alice")[0]
    assert len(handovers) == 0
