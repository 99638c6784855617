"""How much processor time another process has used, to the nanosecond."""

from __future__ import annotations

from pathlib import Path


def seconds_used(pid: int) -> float:
    """Time on a processor of all threads of ``pid`` so far, user and system (Linux, /proc/…/schedstat)."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9
