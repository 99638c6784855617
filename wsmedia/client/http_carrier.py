"""HTTP lanes of the client (PROTOCOL.md §2.2, §2.3): one long response, read as it comes, or two polls at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx

from wsmedia.client.http_upload import HttpLaneError, HttpUpload, asked_twice
from wsmedia.errors import RemoteProtocolError
from wsmedia.wire import BatchReader

# How long after another request's answer the marker of a stream may come.
_MARKER_PATIENCE = 0.8
_OPEN_TIMEOUT = 10.0
# Silence is the session's business.
_STREAM_TIMEOUT = httpx.Timeout(_OPEN_TIMEOUT, read=None)
_PADDING = 0x80
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024
_OUTSTANDING_POLLS = 2


class HttpCarrier:
    """One carrier; ``HttpStream`` and ``HttpPolls`` say how messages come.

    Args:
        url: the carrier's own address.
        client: whose connections are used.
    """

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.close_code: int | None = None
        self.close_reason = ""
        self._url = url
        self._client = client
        self._reader = BatchReader(_MAX_MESSAGE_BYTES)
        self._over = asyncio.Event()

    async def open(self) -> None:
        """Wait until HELLO may follow.

        Raises:
            HttpLaneError: the gateway cannot be reached so.
        """

    def lane(self, lane_id: int) -> HttpUpload:
        """See ``Carrier``."""
        return HttpUpload(lane_id, self._url, self._client)

    async def messages(self) -> AsyncIterator[bytes]:
        """What comes, until the carrier is gone."""
        try:
            async for octets in self._octets():
                for message in self._reader.read(octets):
                    yield message
        except HttpLaneError as error:
            self.close_code, self.close_reason = error.code, error.reason
        except (httpx.HTTPError, RemoteProtocolError):
            pass  # something on the way cut it, or answers in the gateway's place
        finally:
            self._over.set()

    async def wait_closed(self) -> None:
        """See ``Carrier``."""
        await self._over.wait()

    def abort(self) -> None:
        """See ``Carrier``."""
        self._over.set()

    def _octets(self) -> AsyncIterator[bytes]:
        raise NotImplementedError


class HttpStream(HttpCarrier):
    """One long response."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        super().__init__(url, client)
        self._response: httpx.Response | None = None
        self._stream: AsyncIterator[bytes] | None = None
        self._early: list[bytes] = []

    async def open(self) -> None:
        """Wait for the marker, but not for long once something else has been answered."""
        marker = asyncio.ensure_future(self._marker())
        knock = asyncio.ensure_future(asked_twice(lambda: self._client.post(f"{self._url}/up/0")))
        try:
            async with asyncio.timeout(_OPEN_TIMEOUT):
                await asyncio.wait((marker, knock), return_when=asyncio.FIRST_COMPLETED)
                if not marker.done():
                    knock.result()
                    await asyncio.wait((marker,), timeout=_MARKER_PATIENCE)
                if marker.done():
                    marker.result()
                    return
        except BaseException:
            self.abort()
            raise
        finally:
            for task in (marker, knock):
                task.cancel()
            await asyncio.gather(marker, knock, return_exceptions=True)
        self.abort()
        raise HttpLaneError("something on the way keeps responses back")

    def abort(self) -> None:
        """Close the response, too."""
        super().abort()
        response, self._response = self._response, None
        if response is not None:
            closing = asyncio.ensure_future(response.aclose())
            _closings.add(closing)
            closing.add_done_callback(_closings.discard)

    async def _marker(self) -> None:
        try:
            request = self._client.build_request("GET", f"{self._url}/stream", timeout=_STREAM_TIMEOUT)
            self._response = response = await self._client.send(request, stream=True)
            if response.status_code != HTTPStatus.OK:
                await response.aread()
                raise HttpLaneError.of(response)
            self._stream = stream = response.aiter_raw()
            async for octets in stream:
                messages = self._reader.read(octets)
                if messages:
                    # The marker belongs to nobody.
                    self._early = messages[1:] if messages[0][0] == _PADDING else messages
                    return
        except (httpx.HTTPError, RemoteProtocolError) as error:
            raise HttpLaneError(str(error) or type(error).__name__) from error
        raise HttpLaneError("the response ended at once")

    async def messages(self) -> AsyncIterator[bytes]:
        """What came with the marker first."""
        for message in self._early:
            yield message
        async for message in super().messages():
            yield message

    async def _octets(self) -> AsyncIterator[bytes]:
        assert self._stream is not None  # noqa: S101 - open
        async for octets in self._stream:
            yield octets


_closings: set[asyncio.Future[None]] = set()


class HttpPolls(HttpCarrier):
    """Short requests, two of them outstanding; answers count in the order of their numbers."""

    async def _octets(self) -> AsyncIterator[bytes]:
        polls = [asyncio.ensure_future(self._answer(number)) for number in range(_OUTSTANDING_POLLS)]
        number = _OUTSTANDING_POLLS
        try:
            while True:
                octets = await polls[0]
                del polls[0]
                polls.append(asyncio.ensure_future(self._answer(number)))
                number += 1
                yield octets
        finally:
            for poll in polls:
                poll.cancel()
            await asyncio.gather(*polls, return_exceptions=True)

    async def _answer(self, number: int) -> bytes:
        response = await asked_twice(lambda: self._client.get(f"{self._url}/poll/{number}"))
        if not response.is_success:
            raise HttpLaneError.of(response)
        return response.content
