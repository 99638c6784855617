"""What a room shows over HTTP, and the small routes around it."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.support.gateway import CAMERA, TunnelClient, eventually, http_url, running_gateway
from wsmedia.app.server import Gateway
from wsmedia.auth import issue_token
from wsmedia.wire import Mute, RoomStateChanged, Unpublish

KEY = "k" * 32


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway() as gateway:
        yield gateway


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=http_url(gateway)) as client:
        yield client


async def test_an_empty_room_is_not_an_error(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/rooms/nobody-here")).json() == {"room": "nobody-here", "participants": []}


async def test_events_tell_what_is_and_what_happens(http: httpx.AsyncClient, gateway: Gateway) -> None:
    alice = await TunnelClient(gateway, name="Alice").connect()
    alice.publish(CAMERA)
    await eventually(lambda: len(alice.controls(RoomStateChanged)) == 2, "the room")
    seen: list[tuple[str, dict[str, Any]]] = []

    async with http.stream("GET", "/v1/rooms/r/events") as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        lines = response.aiter_lines()

        async def read_until(name: str) -> None:
            event = ""
            async for line in lines:
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    seen.append((event, json.loads(line.removeprefix("data: "))))
                elif not line and event == name:
                    return

        await read_until("ready")
        alice.send(Mute(CAMERA.track_id, True))
        await read_until("track_muted")
        alice.send(Unpublish(CAMERA.track_id))
        await read_until("track_removed")
        bob = await TunnelClient(gateway, name="Bob").connect()
        await read_until("participant_joined")
        await alice.close()
        await bob.close()

    names = [name for name, _ in seen]
    assert names == ["participant_joined", "track_added", "ready", "track_muted", "track_removed", "participant_joined"]
    joined, added = seen[0][1], seen[1][1]
    assert joined["name"] == "Alice"
    assert added["participant_id"] == joined["participant_id"]
    assert added["track"] | {"track_id": 0} == {
        "track_id": 0, "kind": "video", "codec": "h264", "source": "camera", "muted": False
    }  # fmt: skip


async def test_event_streams_end_with_the_gateway() -> None:
    async with httpx.AsyncClient() as http:
        async with running_gateway() as gateway:
            response = await http.send(http.build_request("GET", http_url(gateway, "/v1/rooms/r/events")), stream=True)
        assert "ready" in (await response.aread()).decode()


async def test_rooms_want_a_token_where_keys_are_configured() -> None:
    async with running_gateway(token_key=[KEY]) as gateway, httpx.AsyncClient(base_url=http_url(gateway)) as http:
        refused = await http.get("/v1/rooms/r")
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert refused.json()["detail"]
        for room, extra, status in (
            ("r", {}, 200),
            ("other", {}, 403),
            ("r", {"subscribe": False}, 403),
        ):
            token = issue_token(KEY, room, time.time() + 60, **extra)  # type: ignore[arg-type]
            response = await http.get("/v1/rooms/r", headers={"Authorization": f"Bearer {token}"})
            assert response.status_code == status
        published = await http.post(
            "/v1/rooms/r/whip",
            headers={
                "Content-Type": "application/sdp",
                "Authorization": f"Bearer {issue_token(KEY, 'r', time.time() + 60, publish=False)}",
            },
        )
        assert published.status_code == 403


async def test_what_the_page_is_told(http: httpx.AsyncClient) -> None:
    told = (await http.get("/v1/config")).json()
    assert told["adapter"] == "embedded"
    assert told["token_required"] is False
    assert told["native_mode"] is True
    assert told["policy"] == "auto"
    assert len(told["network"]) == 8


async def test_unknown_addresses_and_methods_are_problems(http: httpx.AsyncClient) -> None:
    for method, path, status in (
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/resources/none", 404),
        ("POST", "/v1/config", 405),
    ):
        response = await http.request(method, path)
        assert response.status_code == status
        assert response.headers["Content-Type"] == "application/problem+json"
    assert (await http.get("/healthz")).text == "ok\n"


async def test_the_page_is_served_or_its_absence_explained(http: httpx.AsyncClient) -> None:
    response = await http.get("/")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    if response.status_code == 200:
        assert "<html" in response.text
        assert response.headers["Cache-Control"] == "no-cache"
    else:
        assert "make run" in response.text


async def test_cors_is_for_allowed_origins_only() -> None:
    async with (
        running_gateway(allowed_origin=["https://app.example"]) as gateway,
        httpx.AsyncClient(base_url=http_url(gateway)) as http,
    ):
        preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        good = await http.options("/v1/rooms/r/whip", headers={"Origin": "https://app.example", **preflight})
        assert good.headers["Access-Control-Allow-Origin"] == "https://app.example"
        bad = await http.options("/v1/rooms/r/whip", headers={"Origin": "https://evil.example", **preflight})
        assert "Access-Control-Allow-Origin" not in bad.headers
        response = await http.get("/v1/rooms/r", headers={"Origin": "https://app.example"})
        assert "Location" in response.headers["Access-Control-Expose-Headers"]
        assert (await http.get("/v1/rooms/r", headers={"Origin": "https://evil.example"})).status_code == 403


async def test_cors_takes_the_origins_that_the_websocket_takes() -> None:
    async with (
        running_gateway(allowed_origin=["https://App.example:443/"]) as gateway,
        httpx.AsyncClient(base_url=http_url(gateway)) as http,
    ):
        origin = {"Origin": "https://app.example"}
        for path, method in (
            ("/healthz", "GET"),
            ("/v1/config", "GET"),
            ("/v1/rooms/r/events", "GET"),
            ("/v1/rooms/r/whip", "POST"),
            ("/v1/rooms/r/whep/p-1", "POST"),
            ("/v1/resources/1", "DELETE"),
        ):
            preflight = await http.options(
                path,
                headers={
                    "Access-Control-Request-Method": method,
                    "Access-Control-Request-Headers": "authorization,content-type",
                    **origin,
                },
            )
            assert preflight.status_code == 200
            assert preflight.headers["Access-Control-Allow-Origin"] == origin["Origin"]
            assert method in preflight.headers["Access-Control-Allow-Methods"]
            assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()
        # A refusal can be read too, so that the page can say why.
        refused = await http.post("/v1/rooms/r/whip", headers={"Content-Type": "text/plain", **origin})
        assert refused.status_code == 415
        assert refused.headers["Access-Control-Allow-Origin"] == origin["Origin"]
        assert (await http.get("/healthz", headers=origin)).headers["Access-Control-Allow-Origin"] == origin["Origin"]
