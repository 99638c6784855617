"""A starved process gets its share and no more, and all of its time afterwards."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.support.gateway import eventually
from tests.support.starver import browser_processes, starved


def seconds_used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def until_used(pid: int, seconds: float) -> float:
    """How long it takes until the process has used that much more processor time, s."""
    loop = asyncio.get_running_loop()
    began, used = loop.time(), seconds_used(pid)
    await eventually(lambda: seconds_used(pid) >= used + seconds)
    return loop.time() - began


@pytest.mark.alone
async def test_a_starved_process_is_slow_and_recovers() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "while True: pass", "--mark")
    try:
        free = await until_used(process.pid, 0.2)
        async with starved([process.pid], 0.2):
            slow = await until_used(process.pid, 0.2)
        after = await until_used(process.pid, 0.2)
        assert slow > 2.5 * min(free, after)
        assert process.pid in browser_processes("--mark")
    finally:
        process.kill()
        await process.wait()


async def test_other_peoples_processes_are_not_touched() -> None:
    with pytest.raises(AssertionError, match="only children"):
        async with starved([1], 0.5):
            raise RuntimeError("not reached")
