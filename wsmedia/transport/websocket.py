"""The WebSocket lane of the gateway (PROTOCOL.md §2.1): uvicorn's WebSocket protocol, joined to the pump directly.

ASGI puts a queue and a task between the socket and the application. For the handshake that is convenient and is used;
after HELLO the carrier is joined to a ``Pump``, and from then on a message goes from the socket's callback into the
session, and from the session into the socket, in one call. ``WebSocketCarrier`` is what uvicorn is configured with; the
application finds the carrier of its connection with ``carrier_of``.
"""

from __future__ import annotations

from asyncio.transports import BaseTransport
from typing import Any, cast

from starlette.websockets import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState, PayloadTooBig
from websockets.frames import Close as CloseFrame
from websockets.frames import Frame, Opcode

from wsmedia.errors import CloseCode
from wsmedia.transport.buffers import keep_short
from wsmedia.transport.pump import Pump
from wsmedia.wire import Close, encode

GOING_AWAY = 1001
"""What a browser closes the WebSocket of a closed or reloaded page with (RFC 6455 §7.4.1)."""
NO_CLOSE_CODE = 1005

_MAX_FRAGMENTS = 1024
_CLOSE_TIMEOUT = 5.0
# After a message that was too large the far end's close frame can no longer be found among its bytes.
_BLIND_CLOSE_TIMEOUT = 0.5
_EXTENSION = "wsmedia.carrier"


class WebSocketCarrier(WebSocketsSansIOProtocol):
    """One WebSocket of uvicorn's; also the session's ``Lane`` once it has joined a pump."""

    _pump: Pump | None = None
    _lane_id = -1
    _parser_failed = False

    @property
    def lane_id(self) -> int:
        """The id that HELLO gave it; -1 before."""
        return self._lane_id

    def join(self, lane_id: int, pump: Pump) -> None:
        """Be the lane ``lane_id`` of the pump's session, which knows it: what came meanwhile goes to it first."""
        self._lane_id = lane_id
        self._pump = pump
        pump.attach(self)
        waiting: list[Any] = []
        while not self.queue.empty():
            waiting.append(self.queue.get_nowait())
        for event in waiting:
            if event["type"] == "websocket.receive":
                self._deliver(event.get("bytes"))
            else:
                self.queue.put_nowait(event)
        if self.read_paused:
            self.read_paused = False
            if not self.transport.is_closing():
                self.transport.resume_reading()

    @property
    def is_ready(self) -> bool:
        """Whether ``write`` may be called: here what it returned says it all."""
        return True

    def write(self, message: bytes) -> bool:
        """Write one message. Returns False when the socket's buffer is full."""
        if self.close_sent or self.transport.is_closing():
            return True  # it is lost, and the pump will hear so
        self.transport.write(_header(len(message)) + message)
        return self.writable.is_set()

    def close(self, code: int, reason: str, last_message: bytes | None = None) -> None:
        """Send ``last_message`` and a close frame, and cut the connection when the answer takes too long."""
        if last_message is not None:
            self.write(last_message)
        if self.close_sent or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self._parser_failed:
            self.transport.write(Frame(Opcode.CLOSE, CloseFrame(code, reason).serialize()).serialize(mask=False))
        else:
            try:
                self.conn.send_close(code, reason)
            except InvalidState:
                return
            self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        timeout = _BLIND_CLOSE_TIMEOUT if self._parser_failed else _CLOSE_TIMEOUT
        self.close_timer = self.loop.call_later(timeout, self.transport.abort)

    def abort(self) -> None:
        """Cut the connection at once, unsent bytes and all."""
        self.transport.abort()

    def connection_made(self, transport: BaseTransport) -> None:
        """Keep the buffers short: what is in them arrives late and cannot be dropped."""
        super().connection_made(transport)
        # A session has many lanes: what one of them holds back could go on another.
        keep_short(self.transport)
        self.loop.call_soon(self._check_handshake)

    def resume_writing(self) -> None:
        """The socket's buffer has drained."""
        super().resume_writing()
        if self._pump is not None:
            self._pump.writable(self._lane_id)

    def handle_ping(self) -> None:
        """Answer WebSocket's own ping, but not to somebody who does not read: the answers would fill the memory."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_close(self, event: Frame) -> None:
        """Close, and do not wait for ever until what is left has been read."""
        super().handle_close(event)
        self._cut_later()

    def handle_cont(self, event: Frame) -> None:
        """Bound the number of fragments: empty ones cost memory and no bytes of the message limit."""
        if len(self.frames) >= _MAX_FRAGMENTS:
            self._refuse(CloseCode.MALFORMED, "too many fragments")
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Give a message to the session at once, or before HELLO to the application's queue."""
        if self._pump is None or self.close_sent:
            super().send_receive_event_to_app()
            return
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        self._deliver(bytes(data) if self.curr_msg_data_type == "bytes" else None)

    def handle_parser_exception(self) -> None:
        """Close with the tunnel's own code when a message is too large; whatever else breaks is WebSocket's affair."""
        if self._parser_failed:
            return  # more bytes after the one that broke it
        if not isinstance(self.conn.parser_exc, PayloadTooBig):
            super().handle_parser_exception()
            self._cut_later()
            return
        self.conn.data_to_send()  # a close frame with WebSocket's 1009
        self._parser_failed = True
        self._refuse(CloseCode.TOO_LARGE, "message over the limit")

    async def run_asgi(self) -> None:
        """Let the application find this carrier."""
        cast("dict[str, Any]", self.scope["extensions"])[_EXTENSION] = self
        await super().run_asgi()

    def _check_handshake(self) -> None:
        """A request that the WebSocket library refuses to read, for a header too long, is never answered by it."""
        if not self.handshake_initiated and self.conn.handshake_exc is not None:
            self.transport.abort()

    def _cut_later(self) -> None:
        if self.close_timer is None and not self.disconnected:
            self.close_timer = self.loop.call_later(_CLOSE_TIMEOUT, self.transport.abort)

    def _deliver(self, data: bytes | None) -> None:
        assert self._pump is not None  # noqa: S101 - joined
        if data is None:
            self._pump.close(CloseCode.MALFORMED, "a text message")
        else:
            self._pump.receive(self._lane_id, data)

    def _refuse(self, code: CloseCode, detail: str) -> None:
        if self._pump is not None:
            self._pump.close(code, detail)
        else:
            self.close(code, code.reason, encode(Close(code, code.reason)))


def _header(length: int) -> bytes:
    """The header of a whole binary message from a server (RFC 6455 §5.2): FIN, opcode 2, no mask."""
    if length < 126:
        return bytes((0x82, length))
    if length < 65536:
        return b"\x82\x7e" + length.to_bytes(2)
    return b"\x82\x7f" + length.to_bytes(8)


def carrier_of(websocket: WebSocket) -> WebSocketCarrier:
    """The carrier under an ASGI WebSocket.

    Raises:
        RuntimeError: the server was not started with ``WebSocketCarrier``.
    """
    carrier = websocket.scope.get("extensions", {}).get(_EXTENSION)
    if not isinstance(carrier, WebSocketCarrier):
        raise RuntimeError("the tunnel needs uvicorn with ws=WebSocketCarrier")  # noqa: TRY004 - a set-up fault
    return carrier


async def wait_until_lost(websocket: WebSocket) -> int:
    """Return when the connection is closed or lost, with the WebSocket close code; call it after ``join``."""
    while (event := await websocket.receive())["type"] != "websocket.disconnect":
        pass
    return int(event.get("code", NO_CLOSE_CODE))
