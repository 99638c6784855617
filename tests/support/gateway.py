"""A real gateway on free ports, and a small tunnel client that shows everything that arrives."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import struct
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import websockets

from wsmedia.app.config import load_settings
from wsmedia.app.server import Gateway
from wsmedia.clock import SystemClock
from wsmedia.errors import CloseCode
from wsmedia.media import Codec, EncodedFrame, Track, TrackSource
from wsmedia.ports import Adapter
from wsmedia.session import Closed, ControlReceived, Event, FrameReceived, KeyframeNeeded, Role, Session
from wsmedia.transport import AwaitingLane, Pump
from wsmedia.wire import Hello, Publish, TrackDescription

DEADLINE = 10.0
CAMERA = Track(1, Codec.H264, TrackSource.CAMERA)
MICROPHONE = Track(2, Codec.OPUS, TrackSource.MICROPHONE)

T = TypeVar("T")


@contextlib.asynccontextmanager
async def running_gateway(adapter: Adapter | None = None, **flags: Any) -> AsyncIterator[Gateway]:
    """A gateway with plain HTTP on a free port, unless ``flags`` say otherwise."""
    gateway = Gateway(load_settings({"https": False, "http_port": 0, **flags}), adapter)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


def http_url(gateway: Gateway, path: str = "/") -> str:
    """A URL of the gateway's plain HTTP listener."""
    listener = next(listener for listener in gateway.listeners if listener.scheme == "http")
    return f"http://127.0.0.1:{listener.port}{path}"


def session_url(gateway: Gateway, session_id: str) -> str:
    """Where a WebSocket lane of a session goes."""
    return http_url(gateway, f"/v1/sessions/{session_id}/ws").replace("http", "ws", 1)


async def eventually(look: Callable[[], T | None], what: str = "it", deadline: float = DEADLINE) -> T:
    """Wait until ``look`` gives something true, and give that."""
    end = asyncio.get_running_loop().time() + deadline
    while True:
        found = look()
        if found:
            return found
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"{what} did not happen within {deadline} s")
        await asyncio.sleep(0.005)


class TunnelClient:
    """One session of a client; ``events`` holds everything that it was told."""

    def __init__(
        self,
        gateway: Gateway,
        room: str = "r",
        name: str = "Alice",
        token: str | None = None,
        handover: str | None = None,
    ) -> None:
        self.session_id = secrets.token_hex(16)
        self.events: list[Event] = []
        self.frames: dict[int, list[EncodedFrame]] = {}
        self.close_code: int | None = None
        self._gateway = gateway
        self._clock = SystemClock()
        key = secrets.token_hex(16)
        hello = Hello(lane_id=0, key=key, room=room, name=name, token=token, handover=handover)
        self.session = Session(Role.CLIENT, self.session_id, key=key, now=self.now, hello=hello)
        self.pump = Pump(self.session, self._clock, self._on_event)
        self._next_lane_id = 0
        self._websocket: websockets.ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def now(self) -> float:
        return self._clock.monotonic()

    async def connect(self, **options: Any) -> TunnelClient:
        """Open a lane; again after ``cut``: resume."""
        self._websocket = await websockets.connect(
            session_url(self._gateway, self.session_id), subprotocols=["wsmedia.v1"], compression=None, **options
        )
        lane_id, self._next_lane_id = self._next_lane_id, self._next_lane_id + 1
        self.session.open_lane(lane_id, "websocket", self.now)
        self._tasks.append(asyncio.create_task(self._run_lane(self._websocket, lane_id)))
        return self

    async def _run_lane(self, websocket: websockets.ClientConnection, lane_id: int) -> None:
        lane = AwaitingLane(lane_id, websocket.send, websocket.close)
        self.pump.attach(lane)
        writer = asyncio.create_task(lane.run(self.pump.writable))
        try:
            async for message in websocket:
                assert isinstance(message, bytes)
                self.pump.receive(lane_id, message)
        except websockets.ConnectionClosed:
            pass
        finally:
            self.close_code = websocket.close_code
            self.pump.detach(lane_id, lane)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, FrameReceived):
            self.frames.setdefault(event.track_id, []).append(event.frame)
        else:
            self.events.append(event)

    def controls(self, kind: type[T]) -> list[T]:
        """The CONTROL messages of one type that came."""
        return [
            event.message
            for event in self.events
            if isinstance(event, ControlReceived) and isinstance(event.message, kind)
        ]

    def keyframes_needed(self, track_id: int) -> int:
        """How often a keyframe of our track was asked for."""
        return sum(isinstance(event, KeyframeNeeded) and event.track_id == track_id for event in self.events)

    @property
    def closed(self) -> Closed | None:
        """How the session ended, if it has."""
        return next((event for event in self.events if isinstance(event, Closed)), None)

    def publish(self, *tracks: Track) -> None:
        for track in tracks:
            self.send(Publish(TrackDescription.of(track)))

    def send(self, message: Any) -> None:
        self.session.send_control(message, self.now)
        self.pump.wake()

    def send_frame(self, track: Track, frame: EncodedFrame) -> None:
        self.session.send_frame(track.track_id, frame, self.now)
        self.pump.wake()

    async def send_raw(self, message: bytes | str) -> None:
        """Put anything on the newest lane."""
        assert self._websocket is not None
        await self._websocket.send(message)

    def stop_reading(self) -> None:
        """Leave everything from now on in the network."""
        assert self._websocket is not None
        self._websocket.transport.pause_reading()

    async def close_websocket(self, code: int) -> None:
        """Close the newest lane's WebSocket without a CLOSE before."""
        assert self._websocket is not None
        await self._websocket.close(code)
        await asyncio.gather(*self._tasks)

    def cut(self) -> None:
        """Reset the TCP connection, as a network does that forgets a flow."""
        assert self._websocket is not None
        transport = self._websocket.transport
        tcp = transport.get_extra_info("socket")
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    def leave(self) -> None:
        """Say goodbye; it is sent at once if there is a lane."""
        self.session.close(CloseCode.LEFT, "", self.now)
        self.pump.wake()

    async def close(self) -> None:
        """Leave without waiting for anything from the far end."""
        if self._websocket is not None:
            self._websocket.transport.abort()
        await asyncio.gather(*self._tasks)
        self.pump.stop()


def video_frame(number: int, *, keyframe: bool = False, size: int = 1000) -> EncodedFrame:
    """Something that looks like an H.264 access unit and can be told from others."""
    nal_type = b"\x65" if keyframe else b"\x41"
    payload = number.to_bytes(4, "big") * (size // 4)
    data = b"\x00\x00\x00\x01" + nal_type + payload
    return EncodedFrame(data, number * 3000, 1_000_000 + number * 33_333, keyframe=keyframe)


def audio_frame(number: int) -> EncodedFrame:
    """Something that can pass for an Opus packet."""
    return EncodedFrame(b"\xfc" + number.to_bytes(4, "big"), number * 960, 1_000_000 + number * 20_000)
