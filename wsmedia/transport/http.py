"""uvicorn's HTTP protocol, bounded: a slow or silent client costs a little for a while, and then nothing.

uvicorn waits for a request for ever, keeps headers of any length, and waits for ever for a client to read. The
WebSocket handshake begins here too; after it the connection is a ``WebSocketCarrier``'s.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from collections.abc import Callable
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "wsmedia.http_carrier"


class HttpCarrier(HttpToolsProtocol):
    """One HTTP connection.

    Attributes:
        request_timeout: seconds that a request may take to arrive, from the connection's beginning or its first octet.
        read_timeout: seconds that a client may leave a response unread.
        max_request_bytes: a whole request, headers and body; an offer is the largest thing that anybody sends.
        max_pipelined: requests that may wait for the answer to the one before; uvicorn reads on after every answer,
            however many wait.
        on_writable: told when the client has read, by who writes into a long response.
    """

    request_timeout = 10.0
    read_timeout = 30.0
    max_request_bytes = 131_072
    max_pipelined = 8
    on_writable: Callable[[], None] | None = None

    _received = 0
    _arriving: TimerHandle | None = None
    _unread: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._request_arrived()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; one that has become too large ends the connection."""
        if self._arriving is None:
            self._expect_request()
        self._received += len(data)
        super().data_received(data)
        if self._arriving is not None and self._received > self.max_request_bytes:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        """Begin to answer, or queue the request."""
        if len(self.pipeline) < self.max_pipelined:
            super().on_headers_complete()
        else:
            self.transport.abort()

    def on_message_complete(self) -> None:
        """The whole request has arrived."""
        self._request_arrived()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """From here on the connection is not ours."""
        self._request_arrived()
        if not self.transport.is_closing():
            super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """The client does not read as fast as we write; wait, but not for ever."""
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        if self._unread is not None and not self.transport.is_closing():
            self._unread.cancel()
            self._unread = None
        if self.on_writable is not None:
            self.on_writable()

    def on_message_begin(self) -> None:
        """Let the application find this connection under its request."""
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)["extensions"] = {_EXTENSION: self}

    def respond_until_closed(self) -> None:
        """Begin the next response without a length and without chunks: its end is the connection's, as in HTTP/1.0."""
        self.cycle.chunked_encoding = False

    def on_response_complete(self) -> None:
        """A connection that is closed after its response still has to be read empty."""
        super().on_response_complete()
        self._expect_last_reading()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        super().send_400_response(msg)
        self._expect_last_reading()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more was asked."""
        super().timeout_keep_alive_handler()
        self._expect_last_reading()

    def _expect_request(self) -> None:
        self._received = 0
        self._arriving = self.loop.call_later(self.request_timeout, self.transport.abort)

    def _request_arrived(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _expect_reading(self) -> None:
        if self._unread is None:
            self._unread = self.loop.call_later(self.read_timeout, self.transport.abort)

    def _expect_last_reading(self) -> None:
        if self.transport.is_closing():
            self._expect_reading()


def carrier_under(scope: Scope) -> HttpCarrier:
    """The connection under an ASGI request.

    Raises:
        RuntimeError: the server was not started with ``HttpCarrier``.
    """
    carrier = scope.get("extensions", {}).get(_EXTENSION)
    if not isinstance(carrier, HttpCarrier):
        raise RuntimeError("HTTP lanes need uvicorn with http=HttpCarrier")  # noqa: TRY004 - a set-up fault
    return carrier
