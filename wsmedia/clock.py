"""Where time comes from. Floors 0 to 2 take time as an argument; only I/O code asks a clock."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: a monotonic one for timers and a wall clock for capture times and RTCP."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, from an arbitrary origin."""

    def wall_us(self) -> int:
        """Microseconds since the Unix epoch."""


class SystemClock:
    """The machine's clocks."""

    def monotonic(self) -> float:
        """Seconds of ``time.monotonic``."""
        return time.monotonic()

    def wall_us(self) -> int:
        """Microseconds of ``time.time_ns``."""
        return time.time_ns() // 1000
