"""Spreads large video frames over a few milliseconds: a keyframe of hundreds of packets at once overflows the socket
buffer of a peer that is not reading at that very moment (212 kB by default on Linux, about 90 packets)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

BURST = 64
STEP = 32
STEP_SECONDS = 0.001
MAX_WAITING = 2048


class Pacer:
    """Sends the first 64 packets of a burst at once and 32 more each millisecond, in order.

    What is more than 2048 packets behind goes out unpaced: nothing is dropped here, the peer may do that.

    Args:
        send_all: takes packets in their order.
    """

    def __init__(self, send_all: Callable[[list[bytes]], None]) -> None:
        self._send_all = send_all
        self._waiting: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def send(self, packets: list[bytes]) -> None:
        """Send one frame's packets, or let them wait behind those of the frame before."""
        if not self._waiting:
            if len(packets) <= BURST:
                self._send_all(packets)
                return
            self._send_all(packets[:BURST])
            self._waiting = packets[BURST:]
            self._schedule()
            return
        self._waiting += packets
        if (excess := len(self._waiting) - MAX_WAITING) > 0:
            self._send_all(self._waiting[:excess])
            del self._waiting[:excess]

    def close(self) -> None:
        """Forget what waits."""
        self._waiting = []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(STEP_SECONDS, self._step)

    def _step(self) -> None:
        self._timer = None
        packets, self._waiting = self._waiting[:STEP], self._waiting[STEP:]
        self._send_all(packets)
        if self._waiting:
            self._schedule()
