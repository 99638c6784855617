"""Takes processor time away from a browser that this process has started: its renderers stand still now and then.

``renderers`` finds the processes, ``starved`` stops and continues them; whatever happens, they run again at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

_PERIOD_SECONDS = 0.05


def descendants(pid: int) -> list[int]:
    """All living processes below ``pid`` (Linux, /proc)."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(folder.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def command_line(pid: int) -> list[str]:
    """A process's arguments, cut at the spaces that a forked renderer's title has too; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ").split()
    except OSError:
        return []


def browser_processes(mark: str) -> list[int]:
    """All processes of the browser that this process has started with the argument ``mark``."""
    for pid in descendants(os.getpid()):
        arguments = command_line(pid)
        if mark in arguments and not any(argument.startswith("--type=") for argument in arguments):
            return [pid, *descendants(pid)]
    return []


def renderers(mark: str) -> list[int]:
    """The processes in which that Chromium's pages and their workers run."""
    return [pid for pid in browser_processes(mark) if "--type=renderer" in command_line(pid)]


def _signal(processes: Iterable[int], which: signal.Signals) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, which)


@contextlib.asynccontextmanager
async def starved(processes: list[int], share: float) -> AsyncIterator[None]:
    """Let ``processes`` run only for this share of the time (0 … 1) while the context lasts."""
    own = set(descendants(os.getpid()))
    assert processes
    assert set(processes) <= own, "only children of this process may be stopped"

    async def alternate() -> None:
        while True:
            _signal(processes, signal.SIGSTOP)
            await asyncio.sleep(_PERIOD_SECONDS * (1 - share))
            _signal(processes, signal.SIGCONT)
            await asyncio.sleep(_PERIOD_SECONDS * share)

    task = asyncio.create_task(alternate())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        _signal(processes, signal.SIGCONT)
