"""The subscription follows what is wanted, one step at a time, whatever order Janus speaks in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from wsmedia.adapters.janus.errors import NoMediaError, RefusedError
from wsmedia.adapters.janus.signaling import PluginReply
from wsmedia.adapters.janus.subscription import SubscriptionLeg
from wsmedia.adapters.janus.videoroom import Stream
from wsmedia.peer import PeerState, RtpReceiver

ALICE: Stream = (7, "0")
BOB: Stream = (8, "0")


def offer(mids: int) -> str:
    head = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nt=0 0\r\n"
    section = (
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 10.0.0.1\r\na=sendonly\r\na=mid:{}\r\na=rtcp-mux\r\n"
        "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n"
        f"a=fingerprint:sha-256 {':'.join(['AA'] * 32)}\r\n"
        "a=rtpmap:111 opus/48000/2\r\na=msid:janus janus{}\r\n"
    )
    return head + "".join(section.format(mid, mid) for mid in range(mids))


def listing(*streams: Stream | None, offered: bool = True, kind: str = "updated") -> PluginReply:
    listed: list[dict[str, Any]] = [
        {"mid": str(mid), "type": "audio", "active": stream is not None}
        | ({"feed_id": stream[0], "feed_mid": stream[1]} if stream is not None else {})
        for mid, stream in enumerate(streams)
    ]
    return PluginReply({"videoroom": kind, "streams": listed}, offer(len(streams)) if offered else None)


class Peer:
    """Stands for a ``PeerConnection``: answers every offer and has a receiver for every active section."""

    def __init__(self) -> None:
        self.offers: list[str] = []
        self.on_receiver: Callable[[Any], None] = lambda _receiver: None
        self.on_receiver_removed: Callable[[Any], None] = lambda _receiver: None
        self.on_state: Callable[[PeerState], None] = lambda _state: None
        self.receivers: list[Any] = []
        self.transport = self
        self.closed = False

    def send_rtcp(self, data: bytes) -> None:
        raise AssertionError(data)

    async def accept_offer(self, text: str) -> str:
        self.offers.append(text)
        for mid in range(len(self.receivers), text.count("m=audio")):
            self.receivers.append(type("Receiver", (), {"mid": str(mid)})())
            self.on_receiver(self.receivers[-1])
        return "answer"

    async def close(self) -> None:
        self.closed = True


class Handle:
    """Stands for a plugin handle: every request is answered by the test's script."""

    def __init__(self, script: list[PluginReply | RefusedError]) -> None:
        self.requests: list[dict[str, Any]] = []
        self.on_event: Callable[[PluginReply], None] = lambda _reply: None
        self.on_hangup: Callable[[str], None] = lambda _reason: None
        self.before_reply: Callable[[], None] = lambda: None
        self.detached = False
        self.refuses_configure: RefusedError | None = None
        self._script = script

    async def send(self, body: dict[str, Any], *, answer: str | None = None) -> PluginReply:
        self.requests.append(body)
        if body["request"] == "start":
            assert answer == "answer"
            return PluginReply({"started": "ok"})
        if body["request"] == "configure":
            if isinstance(self.refuses_configure, RefusedError):
                raise self.refuses_configure
            return PluginReply({"configured": "ok"})
        before, self.before_reply = self.before_reply, lambda: None
        before()
        reply = self._script.pop(0)
        if isinstance(reply, RefusedError):
            raise reply
        return reply

    async def detach(self) -> None:
        self.detached = True

    @property
    def asked(self) -> list[dict[str, Any]]:
        return [request for request in self.requests if request["request"] != "start"]


class Bench:
    """A leg with everything around it."""

    def __init__(self, *script: PluginReply | RefusedError) -> None:
        self.handle = Handle(list(script))
        self.peer = Peer()
        self.bound: Mapping[Stream, RtpReceiver] = {}

        async def attach() -> Any:
            return self.handle

        self.leg = SubscriptionLeg(attach, 1234, 5, lambda: self.peer, self._bind)  # type: ignore[arg-type, return-value]

    def _bind(self, receivers: Mapping[Stream, RtpReceiver]) -> None:
        self.bound = receivers

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(self.leg.run())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert self.peer.closed == bool(self.peer.offers)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - lets the other tasks run; no time passes
                await asyncio.sleep(0)


async def test_the_first_wish_joins_and_binds_the_receiver() -> None:
    bench = Bench(listing(ALICE, kind="attached"))
    async with bench.running():
        bench.leg.set_wanted([ALICE])
        await bench.until(lambda: bench.bound)
        assert bench.handle.asked == [
            {
                "request": "join",
                "ptype": "subscriber",
                "room": 1234,
                "streams": [{"feed": 7, "mid": "0"}],
                "private_id": 5,
            }
        ]
        assert list(bench.bound) == [ALICE]
        assert "a=msid:7 7-0" in bench.peer.offers[0]


async def test_changes_become_updates() -> None:
    bench = Bench(listing(ALICE, kind="attached"), listing(ALICE, BOB), listing(None, BOB))
    async with bench.running():
        bench.leg.set_wanted([ALICE])
        await bench.until(lambda: ALICE in bench.bound)
        bench.leg.set_wanted([ALICE, BOB])
        await bench.until(lambda: BOB in bench.bound)
        bench.leg.set_wanted([BOB])
        await bench.until(lambda: ALICE not in bench.bound)
        assert bench.handle.asked[1:] == [
            {"request": "update", "subscribe": [{"feed": 8, "mid": "0"}]},
            {"request": "update", "unsubscribe": [{"sub_mid": "0"}]},
        ]


async def test_an_offer_of_janus_own_is_answered_before_anything_is_asked() -> None:
    bench = Bench(listing(ALICE, kind="attached"), listing(BOB))
    async with bench.running():
        bench.leg.set_wanted([ALICE])
        await bench.until(lambda: ALICE in bench.bound)
        bench.handle.on_event(listing(None))
        bench.leg.set_wanted([BOB])
        await bench.until(lambda: BOB in bench.bound)
        assert [request["request"] for request in bench.handle.requests] == [
            "join", "start", "start", "update", "start",
        ]  # fmt: skip


async def test_an_update_that_crosses_an_offer_is_not_asked_twice() -> None:
    pending = PluginReply({"videoroom": "updating"})
    bench = Bench(listing(ALICE, kind="attached"), pending)
    async with bench.running():
        bench.leg.set_wanted([ALICE])
        await bench.until(lambda: ALICE in bench.bound)
        bench.handle.before_reply = lambda: bench.handle.on_event(listing(ALICE))
        bench.leg.set_wanted([ALICE, BOB])
        await bench.until(lambda: len(bench.peer.offers) == 2)
        bench.handle.on_event(listing(ALICE, BOB))
        await bench.until(lambda: BOB in bench.bound)
        assert len(bench.handle.asked) == 2


async def test_who_is_not_ready_is_asked_for_again_and_holds_nobody_up() -> None:
    no_such_feed = RefusedError(428, "No such feed (8)")
    bench = Bench(no_such_feed, listing(ALICE, kind="attached"), no_such_feed, listing(ALICE, BOB))
    async with bench.running():
        bench.leg.set_wanted([ALICE, BOB])
        await bench.until(lambda: ALICE in bench.bound)
        await bench.until(lambda: BOB in bench.bound)
        assert [len(request.get("streams", request.get("subscribe"))) for request in bench.handle.asked] == [2, 1, 1, 1]


async def test_who_is_gone_is_not_asked_for_again() -> None:
    bench = Bench(RefusedError(428, "No such feed (8)"), listing(ALICE, kind="attached"))
    async with bench.running():
        bench.leg.set_wanted([BOB])
        await bench.until(lambda: len(bench.handle.asked) == 1)
        bench.leg.set_wanted([ALICE])
        await bench.until(lambda: ALICE in bench.bound)
        assert len(bench.handle.asked) == 2


async def test_another_refusal_ends_the_leg() -> None:
    bench = Bench(RefusedError(458, "No such session"))
    async with bench.running() as task:
        bench.leg.set_wanted([ALICE])
        with pytest.raises(RefusedError):
            await task


def configured(mid: str, send: bool) -> dict[str, Any]:
    return {"request": "configure", "streams": [{"mid": mid, "send": send}]}


async def test_what_rests_is_held_back_and_flows_again() -> None:
    bench = Bench(listing(ALICE, BOB, kind="attached"))
    async with bench.running():
        bench.leg.set_wanted([ALICE, BOB])
        await bench.until(lambda: BOB in bench.bound)
        bench.leg.set_resting([BOB])
        await bench.until(lambda: len(bench.handle.asked) == 2)
        bench.leg.set_resting([BOB])
        bench.leg.set_resting([])
        await bench.until(lambda: len(bench.handle.asked) == 3)
        assert bench.handle.asked[1:] == [configured("1", False), configured("1", True)]


async def test_a_section_that_was_held_back_flows_for_its_next_stream() -> None:
    bench = Bench(listing(ALICE, kind="attached"), listing(None), listing(BOB))
    async with bench.running():
        bench.leg.set_wanted([ALICE])
        await bench.until(lambda: ALICE in bench.bound)
        bench.leg.set_resting([ALICE])
        await bench.until(lambda: configured("0", False) in bench.handle.asked)
        bench.leg.set_wanted([])
        await bench.until(lambda: not bench.bound)
        bench.leg.set_wanted([BOB])
        await bench.until(lambda: configured("0", True) in bench.handle.asked)


async def test_a_refusal_to_hold_back_ends_nothing() -> None:
    bench = Bench(listing(ALICE, kind="attached"), listing(ALICE, BOB))
    bench.handle.refuses_configure = RefusedError(430, "Invalid element")
    async with bench.running():
        bench.leg.set_wanted([ALICE])
        bench.leg.set_resting([ALICE])
        await bench.until(lambda: configured("0", False) in bench.handle.asked)
        bench.leg.set_wanted([ALICE, BOB])
        await bench.until(lambda: BOB in bench.bound)


async def test_media_that_never_came_is_told_from_media_that_ended() -> None:
    bench = Bench(listing(ALICE, kind="attached"))
    async with bench.running() as task:
        bench.leg.set_wanted([ALICE])
        await bench.until(lambda: ALICE in bench.bound)
        bench.peer.on_state(PeerState.FAILED)
        with pytest.raises(NoMediaError, match="does not reach"):
            await task
