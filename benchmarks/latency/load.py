"""Whether the machine had time: how busy all its processors were meanwhile, and with us."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from benchmarks.hop.cpu import seconds_used
from tests.support.starver import descendants


class Load:
    """Measures from when it was made; the processes that we have started should be there by then."""

    OVERLOADED = 0.92
    """From this share on, the machine and not the link may have made the figures."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._all = self._times()
        self._ours = self._used()

    def figures(self) -> dict[str, float]:
        """``busy``: share of all processors' time that was used, 0 … 1; ``our_cores``: how many of them we used."""
        busy, total = (now - before for now, before in zip(self._times(), self._all, strict=True))
        ours = sum(used - self._ours.get(pid, 0.0) for pid, used in self._used().items())
        elapsed = time.monotonic() - self._began
        return {"busy": round(busy / max(total, 1e-9), 3), "our_cores": round(ours / elapsed, 3)}

    @staticmethod
    def _times() -> tuple[float, float]:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        ticks = os.sysconf("SC_CLK_TCK")
        return (sum(fields) - fields[3] - fields[4]) / ticks, sum(fields) / ticks

    @staticmethod
    def _used() -> dict[int, float]:
        used = {}
        for pid in [os.getpid(), *descendants(os.getpid())]:
            with contextlib.suppress(OSError):  # it may end while we look
                used[pid] = seconds_used(pid)
        return used
