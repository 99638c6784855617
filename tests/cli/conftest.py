"""The `wsmedia` command as a process of its own, and a gateway for it."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import pytest

from tests.client.conftest import clips, gateway, url

__all__ = ["Command", "clips", "gateway", "url", "wsmedia"]


class Command:
    """A running `wsmedia`."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.output = ""

    async def says(self, words: str, within: float = 40.0) -> None:
        """Wait until standard output has a line with ``words``."""
        assert self.process.stdout is not None
        async with asyncio.timeout(within):
            while words not in self.output:
                line = await self.process.stdout.readline()
                assert line, f"{words!r} was not said, but: {self.output}"
                self.output += line.decode()

    async def ends(self, within: float = 40.0) -> tuple[int, str, str]:
        """Wait for the end; exit status, standard output, standard error. One that hangs says where."""
        ending = asyncio.ensure_future(self.process.communicate())
        await asyncio.wait([ending], timeout=within)
        if not ending.done():
            self.process.send_signal(signal.SIGABRT)
        output, errors = await ending
        assert self.process.returncode is not None
        assert self.process.returncode != -signal.SIGABRT, errors.decode()
        return self.process.returncode, self.output + output.decode(), errors.decode()


@pytest.fixture
async def wsmedia() -> AsyncIterator[Callable[..., Coroutine[None, None, Command]]]:
    """Start `wsmedia` with these arguments; what still runs at the end is killed."""
    commands: list[Command] = []

    async def start(*arguments: str | Path) -> Command:
        program = [sys.executable, "-X", "faulthandler", "-c", "from wsmedia.cli.main import main; main()"]
        process = await asyncio.create_subprocess_exec(*program, *map(str, arguments), stdout=PIPE, stderr=PIPE)
        commands.append(Command(process))
        return commands[-1]

    yield start
    for command in commands:
        if command.process.returncode is None:
            command.process.kill()
            await command.process.communicate()
