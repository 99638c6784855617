"""The way up of an HTTP lane (PROTOCOL.md §2.2): batches in requests that say where they begin, two under way at most.

As long as no request may leave, messages wait in the session, where they can still be dropped, and count as not sent.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

import httpx

from wsmedia.wire import delimit

MAX_BODY_BYTES = 49_152
MIN_BODY_BYTES = 8_192

_MAX_UNDER_WAY = 2
# Seconds between two requests: enough for what is sent together to travel together, and never long.
_LEAST_GAP = 0.02
_LONGEST_GAP = 0.04
_RETRY_DELAY = 0.1
_MEMORY = 0.8
_ABNORMAL_CLOSURE = 1006
_HEADERS = {"Content-Type": "application/octet-stream"}


class HttpLaneError(OSError):
    """A request of an HTTP lane failed; ``code`` and ``reason`` tell how the gateway closed the lane, if it did."""

    def __init__(self, message: str, code: int = _ABNORMAL_CLOSURE, reason: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason

    @classmethod
    def of(cls, response: httpx.Response) -> HttpLaneError:
        """What a response says that is none of the expected ones; its body has been read."""
        if response.status_code == HTTPStatus.GONE:
            with contextlib.suppress(ValueError, TypeError, KeyError):
                body = response.json()
                return cls("the lane is over", int(body["code"]), str(body["reason"]))
        return cls(f"HTTP {response.status_code}")


async def asked_twice(ask: Callable[[], Coroutine[Any, Any, httpx.Response]]) -> httpx.Response:
    """One request, repeated once where that may help: the gateway knows what it has had.

    Raises:
        HttpLaneError: it failed both times.
    """
    failure = "no answer"
    for attempt in range(2):
        if attempt:
            await asyncio.sleep(_RETRY_DELAY)
        try:
            response = await ask()
        except httpx.HTTPError as error:
            failure = str(error) or type(error).__name__
            continue
        if response.status_code != HTTPStatus.REQUEST_TIMEOUT and not response.is_server_error:
            return response
        failure = f"HTTP {response.status_code}"
    raise HttpLaneError(failure)


class HttpUpload:
    """The pump's lane over requests to ``url``, the carrier's own address."""

    def __init__(self, lane_id: int, url: str, client: httpx.AsyncClient) -> None:
        self._lane_id = lane_id
        self._url = url
        self._client = client
        self._waiting = bytearray()
        self._offset = 0
        self._under_way = 0
        self._max_bytes = MAX_BODY_BYTES
        self._open_at = 0.0
        self._round_trip = 0.0
        self._opening: asyncio.TimerHandle | None = None
        self._flushing = False
        self._writable: Callable[[int], None] | None = None
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()

    @property
    def lane_id(self) -> int:
        """The id that HELLO gives it."""
        return self._lane_id

    @property
    def is_ready(self) -> bool:
        """Whether what is written now would leave at once."""
        return self._is_open and len(self._waiting) < self._max_bytes

    def write(self, message: bytes) -> bool:
        """Take one message, while ``is_ready``."""
        self._waiting += delimit(message)
        if not self._flushing:
            # Let all that is written in this turn travel together.
            self._flushing = True
            self._loop.call_soon(self._flush)
        return True

    def close(self, code: int, reason: str, last_message: bytes | None) -> None:
        """Send what is left, and close the lane at the gateway."""
        if self._closing or self._done.done():
            return
        self._closing = True
        if last_message is not None:
            self._waiting += delimit(last_message)
        self._run(self._farewell(code))

    async def run(self, writable: Callable[[int], None]) -> None:
        """Write until closed or until a request fails.

        Raises:
            HttpLaneError: the lane is lost.
        """
        self._writable = writable
        try:
            await asyncio.shield(self._done)
        finally:
            self._closing = True
            if self._opening is not None:
                self._opening.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if not self._done.done():
                self._done.cancel()

    @property
    def _is_open(self) -> bool:
        return not self._closing and self._under_way < _MAX_UNDER_WAY and self._loop.time() >= self._open_at

    def _flush(self) -> None:
        self._flushing = False
        if self._waiting and self._is_open:
            self._run(self._post(self._take()))
            self._wait_for_opening()

    def _take(self) -> tuple[int, bytes]:
        offset, body = self._offset, bytes(self._waiting[: self._max_bytes])
        del self._waiting[: self._max_bytes]
        self._offset += len(body)
        self._open_at = self._loop.time() + max(_LEAST_GAP, min(self._round_trip / 2, _LONGEST_GAP))
        self._under_way += 1
        return offset, body

    def _wait_for_opening(self) -> None:
        if self._opening is None and self._under_way < _MAX_UNDER_WAY and not self._closing:
            self._opening = self._loop.call_at(self._open_at, self._open)

    def _open(self) -> None:
        self._opening = None
        if not self._is_open:
            self._wait_for_opening()
            return
        if self._waiting:
            self._flush()
        if self.is_ready and self._writable is not None:
            self._writable(self._lane_id)

    async def _post(self, taken: tuple[int, bytes]) -> None:
        began = self._loop.time()
        await self._deliver(*taken)
        sample = self._loop.time() - began
        self._round_trip = _MEMORY * self._round_trip + (1 - _MEMORY) * sample if self._round_trip else sample
        self._under_way -= 1
        if not self._closing:
            self._open()

    async def _farewell(self, code: int) -> None:
        while self._waiting:
            await self._deliver(*self._take())
        await asked_twice(lambda: self._client.post(f"{self._url}/end/{code}"))
        if not self._done.done():
            self._done.set_result(None)

    async def _deliver(self, offset: int, body: bytes) -> None:
        """Bring octets to the gateway, in smaller pieces if a proxy wants that."""
        if len(body) > self._max_bytes:
            for at in range(0, len(body), self._max_bytes):
                await self._deliver(offset + at, body[at : at + self._max_bytes])
            return
        url = f"{self._url}/up/{offset}"
        response = await asked_twice(lambda: self._client.post(url, content=body, headers=_HEADERS))
        if response.is_success:
            return
        if response.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE or len(body) <= MIN_BODY_BYTES:
            raise HttpLaneError.of(response)
        # Another request may have been refused meanwhile.
        if len(body) <= self._max_bytes:
            self._max_bytes = max(MIN_BODY_BYTES, len(body) // 2)
        await self._deliver(offset, body)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ran)

    def _ran(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self._done.done():
            self._done.set_exception(error)
