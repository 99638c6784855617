"""The polled download of an HTTP lane (PROTOCOL.md §2.3): requests that are answered as soon as there is something.

For proxies that keep a long response back, cut it after a while, or speak HTTP/1.0. Two polls are outstanding as a
rule: while the answer of one is under way the other waits here. Answers are spread over the round trip, so that there
is always one left for what comes next.
"""

from __future__ import annotations

import asyncio

from wsmedia.errors import WsmediaError
from wsmedia.transport.http_lane import HttpLane
from wsmedia.wire import delimit

MAX_ANSWER_BYTES = 65_536
MAX_WAIT = 8.0
"""Seconds after which a poll is answered with nothing; there are proxies that wait no longer than ten."""

_MAX_AHEAD = 4
_KEPT = 2
# Seconds between two answers: enough for what is sent together to travel together, and never long.
_LEAST_GAP = 0.008
_LONGEST_GAP = 0.04
_MEMORY = 0.875


class PollOrderError(WsmediaError):
    """A poll's number is far from those that are expected; its sender is at fault."""


class PollDownload:
    """What a lane of the kind ``http-poll`` writes to.

    Args:
        lane: told when a poll is there to be filled.
    """

    def __init__(self, lane: HttpLane) -> None:
        self._lane = lane
        self._next = 0
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._kept: dict[int, bytes] = {}
        self._answered_at: dict[int, float] = {}
        self._last_answer = 0.0
        self._round_trip = 0.0
        self._buffer = bytearray()
        self._flushing: asyncio.TimerHandle | asyncio.Handle | None = None
        self._ended = False

    @property
    def is_spent(self) -> bool:
        """Whether the lane has ended and all of it has been fetched."""
        return self._ended and not self._buffer

    @property
    def is_ready(self) -> bool:
        """Whether an answer may leave now that has room."""
        return self._may_answer() and len(self._buffer) < MAX_ANSWER_BYTES

    def write(self, message: bytes) -> bool:
        """Put one message into the next answer."""
        self._buffer += delimit(message)
        self._flush_soon()
        return True

    def end(self) -> None:
        """Nothing follows: answer all polls that wait."""
        self._ended = True
        while self._next in self._waiting:
            self._answer()

    async def poll(self, number: int, wait: float) -> bytes:
        """The answer to poll ``number``: octets that follow those of the one before; empty if nothing came in time.

        Args:
            number: polls count from 0. One that is asked again gets the same answer.
            wait: seconds, at most ``MAX_WAIT``.
        Raises:
            PollOrderError: long answered, or too far ahead.
        """
        if number < self._next:
            kept = self._kept.get(number)
            if kept is None:
                raise PollOrderError("that poll was answered long ago")
            return kept
        if number >= self._next + _MAX_AHEAD:
            raise PollOrderError("that poll is too far ahead")
        loop = asyncio.get_running_loop()
        self._learn(number, loop.time())
        answer = self._waiting.get(number)
        if answer is None:
            answer = self._waiting[number] = loop.create_future()
            expiry = loop.call_later(min(wait, MAX_WAIT), self._expire, number)
            answer.add_done_callback(lambda _: expiry.cancel())
        self._lane.fetched()
        if self._ended:
            self.end()
        elif self.is_ready:
            self._lane.writable()
        else:
            self._flush_soon()
        # A repetition waits for the same answer; a connection that is cut takes it from nobody.
        return await asyncio.shield(answer)

    def _learn(self, number: int, now: float) -> None:
        """A poll comes when the answer to the one before the last has arrived."""
        answered_at = self._answered_at.pop(number - _KEPT, None)
        if answered_at is not None:
            sample = now - answered_at
            self._round_trip = _MEMORY * self._round_trip + (1 - _MEMORY) * sample if self._round_trip else sample

    def _may_answer(self) -> bool:
        return self._next in self._waiting and self._due() <= asyncio.get_running_loop().time()

    def _due(self) -> float:
        return self._last_answer + max(_LEAST_GAP, min(self._round_trip / 2, _LONGEST_GAP))

    def _flush_soon(self) -> None:
        """Answer when what is written together has been written, and not too soon after the answer before."""
        if self._flushing is not None or self._next not in self._waiting:
            return
        loop = asyncio.get_running_loop()
        delay = self._due() - loop.time()
        if delay > 0:
            self._flushing = loop.call_later(delay, self._flush)
        elif self._buffer:
            self._flushing = loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Answer with what there is; without anything, let the session know that it may write."""
        self._flushing = None
        if self._buffer and self._may_answer():
            self._answer()
        else:
            self._lane.writable()
        self._flush_soon()

    def _answer(self) -> None:
        number, self._next = self._next, self._next + 1
        octets = bytes(self._buffer[:MAX_ANSWER_BYTES])
        del self._buffer[:MAX_ANSWER_BYTES]
        self._kept[number] = octets
        self._kept.pop(number - _KEPT, None)
        self._last_answer = asyncio.get_running_loop().time()
        if octets:
            self._answered_at[number] = self._last_answer
        self._answered_at.pop(number - 2 * _KEPT, None)
        self._waiting.pop(number).set_result(octets)
        if not self._waiting:
            self._lane.expect_fetching()

    def _expire(self, number: int) -> None:
        """Answer with what there is, those before it included."""
        while self._next <= number and self._next in self._waiting:
            self._answer()
