"""Entering, losing and finding the room again, against a scripted Janus; media is left to the interop tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.fake_janus import FakeJanus, Send
from tests.support.janus_room import RoomListener
from wsmedia.adapters.janus import JanusAdapter, JanusConfig
from wsmedia.errors import SfuError
from wsmedia.media import Participant


class Room:
    """Answers ``join``; what it answers can be changed between attempts.

    Attributes:
        attendees: who is there already.
        refusals: error codes for the next joins, one each.
        before_joined, after_joined: events that go with the answer.
    """

    def __init__(self) -> None:
        self.attendees: list[dict[str, Any]] = []
        self.refusals: list[int] = []
        self.after_joined: list[dict[str, Any]] = []
        self.joins: list[dict[str, Any]] = []

    async def answer(self, message: dict[str, Any], send: Send) -> None:
        body = message["body"]
        if body["request"] == "join":
            self.joins.append(body)
            if self.refusals:
                await self._reply(message, send, {"error_code": self.refusals.pop(0), "error": "no"})
                return
            joined = {"videoroom": "joined", "id": body["id"], "private_id": 1, "publishers": []}
            await self._reply(message, send, {**joined, "attendees": self.attendees})
            for event in self.after_joined:
                await send({"janus": "event", "sender": message["handle_id"], "plugindata": {"data": event}})
        else:
            await self._reply(message, send, {"videoroom": "created"})

    async def _reply(self, message: dict[str, Any], send: Send, data: dict[str, Any]) -> None:
        reply = {"janus": "event", "sender": message["handle_id"], "plugindata": {"data": data}}
        await send({**reply, "transaction": message["transaction"]})


@asynccontextmanager
async def entered(janus: FakeJanus, **options: Any) -> AsyncIterator[RoomListener]:
    listener = RoomListener()
    config = JanusConfig(janus.url, first_retry_s=0.01, last_retry_s=0.05, timeout_s=2, rejoin_grace_s=0.05, **options)
    adapter = JanusAdapter(config)
    try:
        await adapter.join("1234", Participant("p-1", "Alice"), listener)
        yield listener
    finally:
        await adapter.close()


async def test_a_broken_connection_is_made_again_under_the_same_id() -> None:
    room = Room()
    room.attendees = [{"id": 7, "display": "Bob"}]
    async with FakeJanus(room.answer) as janus, entered(janus) as listener:
        await janus.cut()
        await listener.until(lambda: listener.count("room_state_changed", "connected") == 2)
        assert listener.count("room_state_changed", "reconnecting") == 1
        assert room.joins[0]["id"] == room.joins[1]["id"]
        assert listener.count("participant_joined", "Bob") == 1
        assert listener.count("participant_left") == 0


async def test_who_is_missing_after_the_return_leaves_after_the_grace() -> None:
    room = Room()
    room.attendees = [{"id": 7, "display": "Bob"}]
    async with FakeJanus(room.answer) as janus, entered(janus) as listener:
        room.attendees = []
        await janus.cut()
        await listener.until(lambda: listener.count("participant_left", "Bob") == 1)


async def test_an_id_that_is_still_taken_is_replaced() -> None:
    room = Room()
    async with FakeJanus(room.answer) as janus, entered(janus) as listener:
        room.refusals = [436]
        await janus.cut()
        await listener.until(lambda: listener.count("room_state_changed", "connected") == 2)
        assert room.joins[1]["id"] == room.joins[0]["id"] != room.joins[2]["id"]


async def test_an_event_behind_the_answer_counts_after_it() -> None:
    room = Room()
    room.attendees = [{"id": 7, "display": "Bob"}]
    room.after_joined = [{"videoroom": "event", "leaving": 7}]
    async with FakeJanus(room.answer) as janus, entered(janus) as listener:
        await listener.until(lambda: listener.count("participant_left", "Bob") == 1)
        assert listener.participants == {}


async def test_a_room_that_is_missing_for_a_while_is_waited_for() -> None:
    room = Room()
    async with FakeJanus(room.answer) as janus, entered(janus) as listener:
        room.refusals = [426, 426]
        await janus.cut()
        await listener.until(lambda: listener.count("room_state_changed", "connected") == 2)
        assert listener.count("room_state_changed", "reconnecting") == 1


async def test_a_changed_pin_ends_the_session() -> None:
    room = Room()
    async with FakeJanus(room.answer) as janus, entered(janus) as listener:
        room.refusals = [433]
        await janus.cut()
        await listener.until(lambda: listener.count("room_failed") == 1)
        assert "PIN" in listener.log[-1][1]


async def test_patience_ends() -> None:
    room = Room()
    async with FakeJanus(room.answer) as janus, entered(janus, give_up_s=0.05) as listener:
        room.refusals = [426] * 100
        await janus.cut()
        await listener.until(lambda: listener.count("room_failed") == 1)
        assert "did not come back" in listener.log[-1][1]


async def test_a_closed_room_ends_the_session_at_once() -> None:
    room = Room()
    room.after_joined = [{"videoroom": "destroyed", "room": 1234}]
    async with FakeJanus(room.answer) as janus, entered(janus) as listener:
        await listener.until(lambda: listener.count("room_failed", "the room was closed") == 1)


async def test_a_refusal_at_the_door_is_raised() -> None:
    room = Room()
    room.refusals = [426]
    async with FakeJanus(room.answer) as janus:
        with pytest.raises(SfuError, match="does not exist"):
            async with entered(janus):
                pass


async def test_rooms_are_created_first_if_so_configured() -> None:
    room = Room()
    async with (
        FakeJanus(room.answer) as janus,
        entered(janus, create_rooms=True, pin="secret", bitrate_bps=1_000_000, admin_key="key"),
    ):
        created = next(r["body"] for r in janus.requests if r["janus"] == "message")
        assert created == {
            "request": "create",
            "permanent": False,
            "room": 1234,
            "description": "1234",
            "publishers": 16,
            "audiocodec": "opus",
            "videocodec": "h264",
            "notify_joining": True,
            "is_private": True,
            "bitrate": 1_000_000,
            "admin_key": "key",
            "pin": "secret",
        }
        assert room.joins[0]["pin"] == "secret"
