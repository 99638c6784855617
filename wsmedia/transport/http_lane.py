"""An HTTP lane of the gateway (PROTOCOL.md §2.2): uploads in many small requests, and a download.

The requests belong together by the id of their carrier. ``app`` finds the lane for a request and admits its HELLO; from
then on the lane gives messages to a ``Pump``, and the pump's to its download (``http_stream``, ``http_poll``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from wsmedia.errors import AdmissionError, RemoteProtocolError
from wsmedia.transport.pump import Pump
from wsmedia.transport.upload_order import UploadOrder
from wsmedia.wire import BatchReader, Close, encode

STREAM = "http-stream"
POLL = "http-poll"

# A lane that nothing fetches is lost after this.
UNFETCHED_TIMEOUT = 10.0
# RFC 6455 §7.4.1, which the other carriers speak as well.
_ABNORMAL_CLOSURE = 1006


class Download(Protocol):
    """How messages get to the client."""

    @property
    def is_ready(self) -> bool:
        """Whether what is written now would leave at once; the lane is told ``writable`` when that may have changed."""

    def write(self, message: bytes) -> bool:
        """Take one message. Returns False when no other may follow until the lane is told ``writable``."""

    def end(self) -> None:
        """Nothing follows; what has been written may still be fetched."""


class HttpLane:
    """One carrier; the session's ``Lane`` once it has joined a pump.

    Args:
        max_message_bytes: what a message may have.
        lost: told once, at the lane's end; ``app`` then takes it out of its session.

    Attributes:
        ended: why it is over, a close code and a word; None as long as it is not.
        over: set with it.
    """

    def __init__(self, max_message_bytes: int, lost: Callable[[HttpLane], None]) -> None:
        self.ended: tuple[int, str] | None = None
        self.over = asyncio.Event()
        self.pump: Pump | None = None
        self._lane_id = -1
        self._lost = lost
        self._order = UploadOrder()
        self._reader = BatchReader(max_message_bytes)
        self._kind: str | None = None
        self._download: Download | None = None
        self._unfetched: asyncio.TimerHandle | None = None
        self.expect_fetching()

    @property
    def lane_id(self) -> int:
        """The id that HELLO gave it; -1 before."""
        return self._lane_id

    @property
    def kind(self) -> str | None:
        """``STREAM`` or ``POLL``; None before anything has said so."""
        return self._kind

    def use(self, kind: str, make: Callable[[HttpLane], Download]) -> Download | None:
        """The lane's download, made if there is none; None if the lane is of the other kind."""
        if self._download is None:
            self._kind = kind
            self._download = make(self)
        return self._download if self._kind == kind else None

    def take(self, offset: int, body: bytes) -> list[bytes]:
        """The messages that an upload completes.

        Raises:
            UploadGapError: it is too far ahead.
            RemoteProtocolError: these octets are no messages; the session ends, if there is one.
        """
        return self._reader.read(self._order.take(offset, body))

    def join(self, lane_id: int, pump: Pump) -> None:
        """Be the lane ``lane_id`` of the pump's session, which knows it."""
        self._lane_id = lane_id
        self.pump = pump
        pump.attach(self)

    def receive(self, messages: list[bytes]) -> None:
        """Give messages to the session; call it after ``join``."""
        assert self.pump is not None  # noqa: S101 - joined
        for message in messages:
            self.pump.receive(self._lane_id, message)

    def refuse(self, error: AdmissionError | RemoteProtocolError) -> None:
        """End the session for what the client sent; without one, only the lane."""
        if self.pump is not None:
            self.pump.close(error.code, str(error))
        else:
            self.close(error.code, error.code.reason, encode(Close(error.code, error.code.reason, str(error))))

    @property
    def is_ready(self) -> bool:
        """Whether what is written now would leave at once."""
        return self._download is None or self.ended is not None or self._download.is_ready

    def write(self, message: bytes) -> bool:
        """Give one message to the download. Returns False when it takes no other for now."""
        if self.ended is not None or self._download is None:
            return True  # it is lost, and the pump hears so
        return self._download.write(message)

    def writable(self) -> None:
        """The download can take more."""
        if self.pump is not None and self.ended is None:
            self.pump.writable(self._lane_id)

    def close(self, code: int, reason: str, last_message: bytes | None = None) -> None:
        """Let ``last_message`` be fetched, and end."""
        if self.ended is not None:
            return
        if self._download is not None:
            if last_message is not None:
                self._download.write(last_message)
            self._download.end()
        self.end(code, reason)

    def end(self, code: int = _ABNORMAL_CLOSURE, reason: str = "") -> None:
        """The lane is over: lost, or closed by the client with that code."""
        if self.ended is not None:
            return
        self.ended = (code, reason)
        if self._download is not None:
            self._download.end()
        self.fetched()
        self.over.set()
        self._lost(self)

    def expect_fetching(self) -> None:
        """Nothing fetches what is written; wait for it, but not for ever."""
        self.fetched()
        if self.ended is None:
            self._unfetched = asyncio.get_running_loop().call_later(UNFETCHED_TIMEOUT, self.end)

    def fetched(self) -> None:
        """A request fetches what is written."""
        if self._unfetched is not None:
            self._unfetched.cancel()
            self._unfetched = None
