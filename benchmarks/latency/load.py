"""Whether the machine had time: how busy all its processors were meanwhile."""

from __future__ import annotations

import os
from pathlib import Path


class Load:
    """Measures from when it was made."""

    OVERLOADED = 0.92
    """From this share on, the machine and not the link may have made the figures."""

    def __init__(self) -> None:
        self._began = self._times()

    def busy(self) -> float:
        """Share of all processors' time that was used, 0 … 1."""
        busy, total = (now - before for now, before in zip(self._times(), self._began, strict=True))
        return round(busy / max(total, 1e-9), 3)

    @staticmethod
    def _times() -> tuple[float, float]:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        ticks = os.sysconf("SC_CLK_TCK")
        return (sum(fields) - fields[3] - fields[4]) / ticks, sum(fields) / ticks
