"""A tunnel client on a raw socket: the project's session and pump, a WebSocket of a few lines, and time stamps."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable

from benchmarks.hop import stamps
from benchmarks.hop.frames import number_of
from wsmedia.clock import SystemClock
from wsmedia.media import EncodedFrame, Track
from wsmedia.session import ControlReceived, Event, FrameReceived, Role, Session
from wsmedia.transport import Pump
from wsmedia.wire import Hello, Publish, TrackAdded, TrackDescription

_MEDIA_TYPES = (0x04, 0x05)
_BINARY = 0x82


class TunnelClient:
    """One participant. ``sent_ns`` has the departure of each frame by (track id, number).

    Args:
        on_frame: called with each downlink frame's kind, number and the kernel's receive time.
    """

    lane_id = 0

    def __init__(self, room: str, on_frame: Callable[[str, int, int], None]) -> None:
        self.sent_ns: dict[tuple[int, int], int] = {}
        self.frames_received = 0
        self._room = room
        self._on_frame = on_frame
        self._kinds: dict[int, str] = {}
        self._clock = SystemClock()
        self._incoming = bytearray()
        self._outgoing = b""
        self._arrived_ns = 0

    async def connect(self, port: int, tracks: tuple[Track, ...]) -> None:
        """Open the WebSocket, say HELLO and publish ``tracks``."""
        loop = asyncio.get_running_loop()
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stamps.enable(self._socket)
        await loop.sock_connect(self._socket, ("127.0.0.1", port))
        session_id = secrets.token_hex(16)
        request = (
            f"GET /v1/sessions/{session_id}/ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Protocol: wsmedia.v1\r\n\r\n"
        )
        await loop.sock_sendall(self._socket, request.encode())
        while b"\r\n\r\n" not in self._incoming:
            self._incoming += await loop.sock_recv(self._socket, 65536)
        head, _, rest = bytes(self._incoming).partition(b"\r\n\r\n")
        if b" 101 " not in head:
            raise ConnectionError(head.decode())
        self._incoming = bytearray(rest)
        now = self._clock.monotonic()
        hello = Hello(
            version=1, lane_id=0, lane_kind="websocket", key="", resume=False, room=self._room, name="load",
            control_received=0,
        )  # fmt: skip
        self._session = Session(Role.CLIENT, session_id, key=secrets.token_hex(16), now=now, hello=hello)
        self._pump = Pump(self._session, self._clock, self._on_event)
        self._session.open_lane(0, "websocket", now)
        for track in tracks:
            self._session.send_control(Publish(TrackDescription.of(track)), now)
        self._pump.attach(self)
        loop.add_reader(self._socket, self._readable)

    def send_frame(self, track_id: int, frame: EncodedFrame) -> None:
        """Give a frame to the session, which writes it at once if the path is clear."""
        self._session.send_frame(track_id, frame, self._clock.monotonic())
        self._pump.wake()

    def stop(self) -> None:
        """Cut the connection."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._pump.stop()
        self._socket.close()

    # The pump's lane.

    @property
    def is_ready(self) -> bool:
        """See ``Lane.is_ready``."""
        return True

    def write(self, message: bytes) -> bool:
        """See ``Lane.write``; notes the time of frames."""
        size = len(message)
        # The masking key is zero: the gateway unmasks all the same, and we need not mask.
        if size < 126:
            header = bytes((_BINARY, 0x80 | size))
        elif size < 65536:
            header = bytes((_BINARY, 0xFE)) + size.to_bytes(2)
        else:
            header = bytes((_BINARY, 0xFF)) + size.to_bytes(8)
        data = self._outgoing + header + b"\0\0\0\0" + message
        now = time.time_ns()
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        if message[0] in _MEDIA_TYPES:
            self.sent_ns[int.from_bytes(message[2:4]), number_of(message)] = now
        self._outgoing = data[sent:]
        if self._outgoing:
            asyncio.get_running_loop().add_writer(self._socket, self._writable)
        return not self._outgoing

    def close(self, code: int, reason: str, last_message: bytes | None) -> None:
        """See ``Lane.close``; it does not happen in a good run."""
        raise ConnectionError(f"the gateway closed a session: {code} {reason}")

    def _writable(self) -> None:
        try:
            sent = self._socket.send(self._outgoing)
        except BlockingIOError:
            return
        self._outgoing = self._outgoing[sent:]
        if not self._outgoing:
            asyncio.get_running_loop().remove_writer(self._socket)
            self._pump.writable(0)

    def _readable(self) -> None:
        try:
            data, ancillary, _, _ = self._socket.recvmsg(262_144, 64)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError("the gateway closed a connection")
        self._arrived_ns = stamps.stamp_of(ancillary)
        self._incoming += data
        position = 0
        incoming = self._incoming
        while len(incoming) - position >= 2:
            size, start = incoming[position + 1], position + 2
            if size == 126:
                size, start = int.from_bytes(incoming[start : start + 2]), start + 2
            elif size == 127:
                size, start = int.from_bytes(incoming[start : start + 8]), start + 8
            if len(incoming) < start + size:
                break
            self._pump.receive(0, bytes(incoming[start : start + size]))
            position = start + size
        del incoming[:position]

    def _on_event(self, event: Event) -> None:
        if isinstance(event, FrameReceived):
            self.frames_received += 1
            self._on_frame(self._kinds[event.track_id], number_of(event.frame.data), self._arrived_ns)
        elif isinstance(event, ControlReceived) and isinstance(event.message, TrackAdded):
            self._kinds[event.message.track.track_id] = event.message.track.kind.value
