"""The Python client over HTTP requests, against a real gateway: forced, where WebSockets fail, and back again."""

from __future__ import annotations

import pytest

from tests.client.test_lanes import Interruptions, hear
from tests.support.gateway import eventually
from tests.support.tcp_proxy import TcpProxy
from wsmedia.app.server import Gateway
from wsmedia.client import Client, ClientError, lane_kinds
from wsmedia.client.lane_kinds import LANE_KINDS, POLL, STREAM, WEBSOCKET, KindLadder


def kinds_of(client: Client) -> set[str]:
    return {lane.kind for lane in client.lanes if lane.welcomed}


@pytest.mark.parametrize("kind", LANE_KINDS)
async def test_one_kind_may_be_forced(url: str, kind: str) -> None:
    interruptions = Interruptions()
    async with (
        Client(url, "room", "Ada") as ada,
        Client(url, "room", "Bob", lane=kind, events=interruptions) as bob,
    ):
        await hear(ada, bob, 5)
        await hear(bob, ada, 5)
        await hear(bob, ada, 3, size=200_000)
        await hear(ada, bob, 3, size=200_000)
        assert kinds_of(bob) == {kind}
        await bob.leave()
        # He says so, whatever carries him.
        await ada.wait_until(lambda: not ada.participants)
    assert interruptions.count == 0


async def test_requests_carry_the_call_where_no_websocket_gets_through(gateway: Gateway, url: str) -> None:
    async with TcpProxy(gateway.listeners[0].port) as proxy:
        proxy.upgrading = False
        async with Client(url, "room", "Ada") as ada, Client(proxy.url, "room", "Bob") as bob:
            assert kinds_of(bob) == {STREAM}
            await hear(bob, ada, 5)
            await hear(ada, bob, 5)


async def test_websockets_take_over_without_a_gap(gateway: Gateway, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_kinds, "_PROBE_DELAYS", (0.5,))
    interruptions = Interruptions()
    async with TcpProxy(gateway.listeners[0].port) as proxy:
        proxy.upgrading = False
        async with (
            Client(url, "room", "Ada") as ada,
            Client(proxy.url, "room", "Bob", events=interruptions) as bob,
        ):
            assert kinds_of(bob) == {STREAM}
            proxy.upgrading = True
            await eventually(lambda: kinds_of(bob) == {WEBSOCKET}, "WebSockets")
            await hear(bob, ada, 5)
            await hear(ada, bob, 5)
    assert interruptions.count == 0


async def test_a_stream_that_is_cut_is_resumed(gateway: Gateway, url: str) -> None:
    async with (
        TcpProxy(gateway.listeners[0].port) as proxy,
        Client(url, "room", "Ada") as ada,
        Client(proxy.url, "room", "Bob", lane=STREAM) as bob,
    ):
        await hear(bob, ada, 3)
        before = set(ada.participants)
        assert proxy.reset_streams() == 1
        await eventually(lambda: [lane.lane_id for lane in bob.lanes if lane.welcomed] == [1], "another lane")
        await hear(bob, ada, 3)
        await hear(ada, bob, 3)
        assert set(ada.participants) == before


async def test_an_unknown_kind_is_refused_in_words(url: str) -> None:
    with pytest.raises(ClientError, match="a lane is websocket"):
        Client(url, "room", "Bob", lane="carrier-pigeon")


class TestLadder:
    """The choice among kinds, in time that a test moves."""

    def test_each_kind_follows_the_one_before(self) -> None:
        ladder = KindLadder(None)
        assert ladder.first(0.0) == [WEBSOCKET]
        assert ladder.next([WEBSOCKET], 0.0) == STREAM
        assert ladder.next([WEBSOCKET, STREAM], 0.0) == POLL
        assert ladder.next(LANE_KINDS, 0.0) is None

    def test_what_worked_is_begun_at_once(self) -> None:
        ladder = KindLadder(None)
        ladder.carries(POLL, 0.0)
        ladder.lost(POLL, 100.0, 100.0)
        assert ladder.first(100.0) == [WEBSOCKET, POLL]

    def test_better_kinds_are_tried_less_and_less_often(self) -> None:
        ladder = KindLadder(None)
        ladder.carries(POLL, 0.0)
        assert ladder.probe(9.9) == []
        times = [now for now in range(400) if ladder.probe(float(now)) == [WEBSOCKET, STREAM]]
        assert times == [10, 40, 100, 220, 340]
        ladder.carries(WEBSOCKET, 400.0)
        assert ladder.probe_at is None

    def test_a_kind_that_is_cut_again_and_again_is_left_alone_for_a_while(self) -> None:
        ladder = KindLadder(None)
        for _ in range(3):
            ladder.carries(STREAM, 0.0)
            ladder.lost(STREAM, 5.0, 5.0)
        assert ladder.next([WEBSOCKET], 6.0) == POLL
        assert ladder.next([WEBSOCKET], 126.0) == STREAM

    def test_a_forced_kind_has_no_rivals(self) -> None:
        ladder = KindLadder(STREAM)
        for _ in range(4):
            ladder.carries(STREAM, 0.0)
            ladder.lost(STREAM, 1.0, 1.0)
        assert ladder.first(2.0) == [STREAM]
        assert ladder.next([STREAM], 2.0) is None
