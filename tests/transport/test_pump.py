"""The pump: lanes that take, refuse, fail and close; timers; handlers that fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.support.gateway import eventually
from wsmedia.clock import SystemClock
from wsmedia.errors import CloseCode
from wsmedia.media import Codec, EncodedFrame, Track, TrackSource
from wsmedia.session import (
    AllLanesLost,
    Closed,
    ControlReceived,
    Established,
    Event,
    FrameReceived,
    Role,
    Session,
    SessionLimits,
    WelcomeInfo,
)
from wsmedia.transport import AwaitingLane, Pump
from wsmedia.wire import Close, Hello, Publish, TrackDescription, WireLimits, decode

KEY = "0" * 32
HELLO = Hello(lane_id=0, key=KEY, room="r", name="n")
MICROPHONE = Track(1, Codec.OPUS, TrackSource.MICROPHONE)


class TestLane:
    """A lane in memory; ``capacity`` messages fit before it says that it is full."""

    __test__ = False

    def __init__(self, lane_id: int = 0, capacity: int = 1000) -> None:
        self.lane_id = lane_id
        self.capacity = capacity
        self.is_ready = True
        self.written: list[bytes] = []
        self.closed: tuple[int, str, bytes | None] | None = None

    def write(self, message: bytes) -> bool:
        self.written.append(message)
        self.capacity -= 1
        return self.capacity > 0

    def close(self, code: int, reason: str, last_message: bytes | None) -> None:
        self.closed = (code, reason, last_message)


class Pair:
    """A client's and a gateway's pump; ``run`` carries messages until there are none."""

    def __init__(self, limits: SessionLimits | None = None) -> None:
        clock = SystemClock()
        now = clock.monotonic()
        self.events: list[Event] = []
        self.gateway_events: list[Event] = []
        self.on_gateway_event: Callable[[Event], None] = self.gateway_events.append
        self.client = Pump(
            Session(Role.CLIENT, KEY, key=KEY, now=now, limits=limits, hello=HELLO), clock, self.events.append
        )
        gateway = Session(Role.GATEWAY, KEY, key=KEY, now=now, limits=limits)
        self.gateway = Pump(gateway, clock, self._on_gateway_event)
        self.up, self.down = TestLane(), TestLane()
        self.client.session.open_lane(0, "websocket", now)
        self.client.attach(self.up)
        hello = decode(self.up.written.pop(0), WireLimits())
        assert isinstance(hello, Hello)
        gateway.attach_lane(0, hello, WelcomeInfo("p"), now)
        self.gateway.attach(self.down)
        self.run()

    def _on_gateway_event(self, event: Event) -> None:
        self.on_gateway_event(event)

    def run(self) -> None:
        while self.up.written or self.down.written:
            up, self.up.written = self.up.written, []
            for message in up:
                self.gateway.receive(0, message)
            down, self.down.written = self.down.written, []
            for message in down:
                self.client.receive(0, message)

    def stop(self) -> None:
        self.client.stop()
        self.gateway.stop()


async def test_a_frame_crosses_in_the_call_that_brings_it() -> None:
    pair = Pair()
    assert isinstance(pair.events[0], Established)
    pair.client.session.send_control(Publish(TrackDescription.of(MICROPHONE)), SystemClock().monotonic())
    pair.client.wake()
    pair.client.session.send_frame(1, EncodedFrame(b"opus", 0, 0), SystemClock().monotonic())
    pair.client.wake()
    pair.run()
    kinds = [type(event) for event in pair.gateway_events]
    assert kinds == [Established, ControlReceived, FrameReceived]
    pair.stop()


async def test_a_full_lane_is_left_alone_until_it_is_writable() -> None:
    pair = Pair()
    pair.up.capacity = 1
    now = SystemClock().monotonic()
    for track_id in range(3):
        pair.client.session.send_control(
            Publish(TrackDescription.of(Track(track_id, Codec.OPUS, MICROPHONE.source))), now
        )
        pair.client.wake()
    assert len(pair.up.written) == 1
    pair.up.capacity = 10
    pair.client.writable(0)
    assert len(pair.up.written) == 3
    pair.stop()


async def test_acknowledgements_leave_by_timer() -> None:
    pair = Pair()
    pair.client.session.send_control(Publish(TrackDescription.of(MICROPHONE)), SystemClock().monotonic())
    pair.client.wake()
    pair.run()
    await eventually(lambda: pair.down.written)
    assert pair.down.written[0][0] == 6  # ACK
    pair.stop()


async def test_a_close_is_written_even_on_a_full_lane() -> None:
    pair = Pair()
    pair.down.capacity = 1
    now = SystemClock().monotonic()
    pair.gateway.session.send_control(Publish(TrackDescription.of(MICROPHONE)), now)
    pair.gateway.close(CloseCode.OVERLOADED, "Too much.")
    assert pair.down.closed is not None
    code, reason, last = pair.down.closed
    assert (code, reason) == (4503, "overloaded")
    assert last is not None
    message = decode(last, WireLimits())
    assert isinstance(message, Close)
    assert message.detail == "Too much."
    assert (await pair.gateway.ended).code == 4503
    pair.stop()


async def test_the_far_ends_close_ends_the_pump() -> None:
    pair = Pair()
    pair.client.close(CloseCode.LEFT, "")
    assert pair.up.closed is not None
    assert pair.up.closed[2] is not None
    pair.gateway.receive(0, pair.up.closed[2])
    assert (await pair.gateway.ended).by_remote
    assert pair.down.closed == (4000, "left", None)
    pair.stop()


async def test_a_handler_that_fails_ends_only_its_session(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()

    def fail(event: Event) -> None:
        if isinstance(event, ControlReceived):
            raise ZeroDivisionError

    pair.on_gateway_event = fail
    pair.client.session.send_control(Publish(TrackDescription.of(MICROPHONE)), SystemClock().monotonic())
    pair.client.wake()
    pair.run()
    assert (await pair.gateway.ended).code == CloseCode.INTERNAL_ERROR
    assert pair.down.closed is not None
    assert "A session failed" in caplog.text
    pair.stop()


async def test_the_resume_window_ends_by_timer() -> None:
    pair = Pair(SessionLimits(resume_window=0.02))
    pair.gateway.detach(0, pair.down)
    assert isinstance(pair.gateway_events[-1], AllLanesLost)
    async with asyncio.timeout(2):
        closed: Closed = await pair.gateway.ended
    assert closed.code == CloseCode.TIMEOUT
    pair.stop()


async def test_a_silent_lane_is_given_up() -> None:
    pair = Pair(SessionLimits(idle_timeout=0.03))
    closed = await eventually(lambda: pair.down.closed)
    assert closed[0] == 1000
    pair.stop()


async def test_a_lane_that_is_not_attached_is_not_lost() -> None:
    pair = Pair()
    pair.gateway.detach(0, TestLane())
    pair.gateway.detach(5, pair.down)
    assert pair.gateway.session.lane_ids == (0,)
    pair.stop()


async def test_an_awaiting_lane_writes_one_by_one_then_the_farewell_then_closes() -> None:
    done: list[object] = []
    gate = asyncio.Event()

    async def send(message: bytes) -> None:
        await gate.wait()
        done.append(message)

    async def close(code: int, reason: str) -> None:
        done.append((code, reason))

    lane = AwaitingLane(0, send, close)
    writable: list[int] = []
    task = asyncio.create_task(lane.run(writable.append))
    assert lane.write(b"one") is False
    lane.close(4000, "left", b"farewell")
    lane.close(4500, "again", None)
    gate.set()
    await asyncio.wait_for(task, 2)
    assert done == [b"one", b"farewell", (4000, "left")]
    assert writable == [0]


async def test_an_awaiting_lane_fails_with_its_carrier() -> None:
    async def send(message: bytes) -> None:
        raise ConnectionResetError

    async def close(code: int, reason: str) -> None:
        raise AssertionError("not reached")

    lane = AwaitingLane(0, send, close)
    lane.write(b"one")
    with pytest.raises(ConnectionResetError):
        await lane.run(lambda _: None)
