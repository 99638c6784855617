"""What the pump needs of a carrier connection, and a lane over any carrier whose send is awaited."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol


class Lane(Protocol):
    """One carrier connection of a session. It holds no queue: the pump gives a message when the lane can take it."""

    @property
    def lane_id(self) -> int:
        """The id that HELLO gave it (PROTOCOL.md §3.1)."""

    @property
    def is_ready(self) -> bool:
        """False while what is written would only wait here; ``Pump.writable`` follows."""

    def write(self, message: bytes) -> bool:
        """Take one message. Returns False when no other may follow until the lane calls ``Pump.writable``."""

    def close(self, code: int, reason: str, last_message: bytes | None) -> None:
        """Write ``last_message``, writable or not, and close the carrier with a WebSocket close code."""


class AwaitingLane:
    """A lane over a carrier whose ``send`` and ``close`` are coroutines, as a WebSocket library's are.

    The owner awaits ``run``, which ends when the lane was closed or the carrier failed. At most one message waits
    here, so nothing grows stale out of the session's sight.

    Args:
        lane_id: as in HELLO.
        send: writes one message, returning when the carrier can take more; raises when it is lost.
        close: closes the carrier with code and reason.
    """

    def __init__(
        self,
        lane_id: int,
        send: Callable[[bytes], Awaitable[None]],
        close: Callable[[int, str], Awaitable[None]],
    ) -> None:
        self._lane_id = lane_id
        self._send = send
        self._close = close
        self._message: bytes | None = None
        self._last_message: bytes | None = None
        self._closing: tuple[int, str] | None = None
        self._changed = asyncio.Event()

    @property
    def lane_id(self) -> int:
        """The id that HELLO gave it."""
        return self._lane_id

    @property
    def is_ready(self) -> bool:
        """Whether ``write`` may be called: here what it returned says it all."""
        return True

    def write(self, message: bytes) -> bool:
        """Hand one message to the task in ``run``; always False, because it takes one at a time."""
        self._message = message
        self._changed.set()
        return False

    def close(self, code: int, reason: str, last_message: bytes | None) -> None:
        """Let ``run`` write what is left and close the carrier; the first call counts."""
        if self._closing is None:
            self._closing = (code, reason)
            self._last_message = last_message
            self._changed.set()

    async def run(self, writable: Callable[[int], None]) -> None:
        """Write until closed or until the carrier fails.

        Args:
            writable: told the lane id whenever another message may come; ``Pump.writable``.
        Raises:
            Exception: whatever ``send`` raised when the carrier was lost.
        """
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._message is not None:
                message, self._message = self._message, None
                await self._send(message)
                writable(self._lane_id)
            if self._message is None and self._closing is not None:
                with contextlib.suppress(Exception):  # lost before it could be closed: just as well
                    if self._last_message is not None:
                        await self._send(self._last_message)
                    await self._close(*self._closing)
                return
