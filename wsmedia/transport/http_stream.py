"""The streamed download of an HTTP lane (PROTOCOL.md §2.2): one long response, into whose socket messages are written.

Like the WebSocket's, this way has no queue and no task in it: a message goes from the session into the socket in one
call. The response begins with a marker that tells the client that nothing between us keeps the response back.
"""

from __future__ import annotations

import asyncio
import socket

from starlette.types import Receive, Scope, Send

from wsmedia.transport.http import HttpCarrier, carrier_under
from wsmedia.transport.http_lane import HttpLane
from wsmedia.wire import delimit

PADDING = 0x80
MARKER_BYTES = 2048
"""More than a proxy or a virus scanner likes to see before it passes anything on."""
HEADERS = [
    (b"content-type", b"application/octet-stream"),
    # No cache, no compression, no buffering; the last is understood by nginx and others.
    (b"cache-control", b"no-store, no-transform"),
    (b"pragma", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]

# As of a WebSocket: what waits here or in the kernel arrives late and cannot be dropped.
_WRITE_BUFFER_HIGH = 16_384
_WRITE_BUFFER_LOW = 4_096
_NOT_SENT_LOW_WATER = 16_384
_MARKER = delimit(bytes([PADDING]) + bytes(MARKER_BYTES - 1))


class StreamDownload:
    """What a lane of the kind ``http-stream`` writes to."""

    def __init__(self, lane: HttpLane) -> None:
        self._lane = lane
        self._response: _Response | None = None
        self._waiting = bytearray()
        self._ended = False

    @property
    def is_open(self) -> bool:
        """Whether a response is being written."""
        return self._response is not None

    @property
    def is_ready(self) -> bool:
        """Whether a response is there."""
        return self._response is not None

    def write(self, message: bytes) -> bool:
        """Write one message, or keep it until a response is there."""
        if self._response is None:
            self._waiting += delimit(message)
            return False
        self._response.write(delimit(message))
        return self._response.is_writable

    def end(self) -> None:
        """Nothing follows."""
        self._ended = True

    async def respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Be the response until the lane or the connection is over."""
        carrier = carrier_under(scope)
        chunked = scope["http_version"] != "1.0"
        if not chunked:
            carrier.respond_until_closed()
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        response = _Response(carrier, chunked=chunked, writable=self._lane.writable)
        response.write(_MARKER + bytes(self._waiting))
        self._waiting.clear()
        if not self._ended:
            self._response = response
            self._lane.fetched()
            self._lane.writable()
            await self._until_over(receive)
            self._response = None
            response.release()
            self._lane.end()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _until_over(self, receive: Receive) -> None:
        gone = asyncio.create_task(_disconnected(receive))
        over = asyncio.create_task(self._lane.over.wait())
        try:
            await asyncio.wait((gone, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            over.cancel()
            await asyncio.gather(gone, over, return_exceptions=True)


class _Response:
    """Writes into the body of a response that has begun."""

    def __init__(self, carrier: HttpCarrier, *, chunked: bool, writable: object) -> None:
        self._carrier = carrier
        self._chunked = chunked
        transport = carrier.transport
        transport.set_write_buffer_limits(high=_WRITE_BUFFER_HIGH, low=_WRITE_BUFFER_LOW)
        tcp = transport.get_extra_info("socket")
        if tcp is not None and tcp.family in (socket.AF_INET, socket.AF_INET6):
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_NOTSENT_LOWAT"):
                tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _NOT_SENT_LOW_WATER)
        carrier.on_writable = writable  # type: ignore[assignment]

    @property
    def is_writable(self) -> bool:
        return not self._carrier.flow.write_paused

    def write(self, data: bytes) -> None:
        transport = self._carrier.transport
        if transport.is_closing():
            return  # it is lost, and the lane hears so
        transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def release(self) -> None:
        self._carrier.on_writable = None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
