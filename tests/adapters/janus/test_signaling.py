"""Transactions, keepalive, time-outs and endings of the WebSocket API, against a scripted Janus."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.fake_janus import FakeJanus, Send
from wsmedia.adapters.janus.errors import RefusedError, UnavailableError
from wsmedia.adapters.janus.signaling import JanusConnection, PluginReply


def event(message: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {
        "janus": "event",
        "sender": message["handle_id"],
        "transaction": message["transaction"],
        "plugindata": {"plugin": "p", "data": data},
    }


async def test_a_plugin_answers_after_the_ack_and_other_events_pass_between() -> None:
    async def answer(message: dict[str, Any], send: Send) -> None:
        news = {"janus": "event", "sender": message["handle_id"], "plugindata": {"data": {"news": 1}}}
        await send(news)
        await send({**event(message, joined=True), "jsep": {"type": "answer", "sdp": "v=0"}})

    heard: list[PluginReply] = []
    async with FakeJanus(answer) as janus, JanusConnection(janus.url) as connection:
        handle = await connection.attach("p")
        handle.on_event = heard.append
        reply = await handle.send({"request": "join"}, offer="v=0 offer")
        assert reply == PluginReply({"joined": True}, "v=0")
        assert heard == [PluginReply({"news": 1})]
        assert janus.requests[-1]["jsep"] == {"type": "offer", "sdp": "v=0 offer"}


async def test_credentials_go_with_every_request() -> None:
    async with FakeJanus() as janus, JanusConnection(janus.url, api_secret="s", token="t") as connection:
        await connection.attach("p")
    assert all((request["apisecret"], request["token"]) == ("s", "t") for request in janus.requests)


async def test_leaving_destroys_the_session() -> None:
    async with FakeJanus() as janus, JanusConnection(janus.url):
        pass
    assert [request["janus"] for request in janus.requests] == ["create", "destroy"]


async def test_a_plugins_error_is_raised_with_its_code() -> None:
    async def answer(message: dict[str, Any], send: Send) -> None:
        await send(event(message, error_code=433, error="Unauthorized (wrong pin)"))

    async with FakeJanus(answer) as janus, JanusConnection(janus.url) as connection:
        handle = await connection.attach("p")
        with pytest.raises(RefusedError, match="PIN or token is wrong") as caught:
            await handle.send({"request": "join"})
        assert caught.value.code == 433


async def test_the_cores_error_is_raised() -> None:
    async with FakeJanus() as janus, JanusConnection(janus.url) as connection:
        janus.silent.add("attach")
        attaching = asyncio.create_task(connection.attach("p"))
        while not janus.requests or janus.requests[-1]["janus"] != "attach":
            janus.arrived.clear()
            await janus.arrived.wait()
        await janus.send(
            {
                "janus": "error",
                "transaction": janus.requests[-1]["transaction"],
                "error": {"code": 460, "reason": "No such plugin"},
            }
        )
        with pytest.raises(RefusedError, match="no VideoRoom plugin"):
            await attaching


async def test_silence_is_an_error_in_time() -> None:
    async with FakeJanus() as janus, JanusConnection(janus.url, timeout_s=0.05) as connection:
        janus.silent.add("attach")
        with pytest.raises(UnavailableError, match="did not answer 'attach' in time"):
            await connection.attach("p")


async def test_keepalives_are_sent_and_a_missing_answer_ends_the_connection() -> None:
    async with FakeJanus() as janus, JanusConnection(janus.url, timeout_s=0.2, keepalive_s=0.02) as connection:
        async with asyncio.timeout(5):
            while sum(request["janus"] == "keepalive" for request in janus.requests) < 2:
                janus.arrived.clear()
                await janus.arrived.wait()
            janus.silent.add("keepalive")
            assert "keepalive" in await asyncio.shield(connection.lost)


async def test_a_cut_connection_fails_what_is_pending_and_what_follows() -> None:
    async with FakeJanus() as janus, JanusConnection(janus.url) as connection:
        janus.silent.add("attach")
        attaching = asyncio.create_task(connection.attach("p"))
        while janus.requests[-1]["janus"] != "attach":
            janus.arrived.clear()
            await janus.arrived.wait()
        await janus.cut()
        with pytest.raises(UnavailableError):
            await attaching
        assert connection.lost.done()
        with pytest.raises(UnavailableError):
            await connection.attach("p")


async def test_nonsense_is_ignored() -> None:
    async with FakeJanus() as janus, JanusConnection(janus.url) as connection:
        for nonsense in ("{", "[]", '{"janus": 5}', '{"janus": "event"}', '{"janus": "hangup", "sender": 99}'):
            await janus.send(nonsense)
        await connection.attach("p")
        assert not connection.lost.done()


async def test_a_listener_that_raises_does_not_end_the_connection() -> None:
    async with FakeJanus() as janus, JanusConnection(janus.url) as connection:
        handle = await connection.attach("p")

        def explode(_reply: PluginReply) -> None:
            raise ValueError("bug")

        handle.on_event = explode
        await janus.send({"janus": "event", "sender": 2, "plugindata": {"data": {}}})
        await connection.attach("p")


async def test_hangup_and_webrtcup_reach_their_handle() -> None:
    async with FakeJanus() as janus, JanusConnection(janus.url) as connection:
        handle = await connection.attach("p")
        heard: list[str] = []
        handle.on_connected = lambda: heard.append("up")
        handle.on_hangup = heard.append
        await janus.send({"janus": "webrtcup", "sender": 2})
        await janus.send({"janus": "hangup", "sender": 2, "reason": "DTLS alert"})
        await connection.attach("p")
        assert heard == ["up", "DTLS alert"]


async def test_a_session_that_janus_gave_up_is_lost() -> None:
    async with FakeJanus() as janus, JanusConnection(janus.url) as connection:
        await janus.send({"janus": "timeout", "session_id": 1})
        async with asyncio.timeout(5):
            assert "timed" in await asyncio.shield(connection.lost)


async def test_nobody_there_is_said_plainly() -> None:
    with pytest.raises(UnavailableError, match="cannot be reached"):
        async with JanusConnection("ws://127.0.0.1:1"):
            pass
