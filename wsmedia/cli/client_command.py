"""What ``wsmedia publish`` and ``wsmedia record`` share: options, interruption, plain errors, a line of progress."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from wsmedia.client import MOST_LANES, RECONNECT_SECONDS, ClientError

UrlOption = Annotated[
    str, typer.Option("--url", help="The gateway, as https://example.org:8443 or http://127.0.0.1:8080.")
]
RoomOption = Annotated[str, typer.Option("--room", help="The room to join: letters, digits and . _ ~ - only.")]
TokenOption = Annotated[
    str | None,
    typer.Option("--token", envvar="WSMEDIA_TOKEN", help="Token (JWT), if the gateway asks for one."),
]
InsecureOption = Annotated[
    bool, typer.Option("--insecure", help="Accept any TLS certificate, as the self-signed one of a first start.")
]
ReconnectOption = Annotated[
    float,
    typer.Option("--reconnect", min=0, metavar="SECONDS", help="How long to try to get back after a lost connection."),
]
LanesOption = Annotated[
    int | None,
    typer.Option(
        "--lanes",
        min=1,
        max=MOST_LANES,
        metavar="N",
        help="Hold always N connections to the gateway; by default as many as the network makes useful.",
    ),
]


class LaneChoice(StrEnum):
    """Which kind of connection to use."""

    AUTO = "auto"
    WEBSOCKET = "websocket"
    STREAM = "http-stream"
    POLL = "http-poll"

    @property
    def forced(self) -> str | None:
        """What ``Client`` takes."""
        return None if self is LaneChoice.AUTO else self.value


LaneOption = Annotated[
    LaneChoice,
    typer.Option(
        "--lane",
        help="Kind of connection: auto takes WebSockets, and HTTP requests where a proxy breaks those; "
        "the others use nothing else.",
    ),
]
DEFAULT_RECONNECT = RECONNECT_SECONDS
DEFAULT_URL = "http://127.0.0.1:8080"

_PLAIN_INTERVAL = 5.0
_LIVE_INTERVAL = 0.25

errors = Console(stderr=True, highlight=False, soft_wrap=True)


def run(command: Callable[[asyncio.Event], Coroutine[None, None, int]]) -> None:
    """Run a command to its end and exit.

    Args:
        command: gets an event that Ctrl-C or SIGTERM sets: it should then finish in order. A second Ctrl-C cancels
            it. Returns the exit status.
    Raises:
        typer.Exit: always; with status 1 and one line on standard error after a ``ClientError``.
    """
    try:
        status = asyncio.run(_run(command))
    except ClientError as error:
        errors.print(f"error: {error}", style="red", markup=False)
        status = 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        status = 130
    raise typer.Exit(status)


async def _run(command: Callable[[asyncio.Event], Coroutine[None, None, int]]) -> int:
    stop = asyncio.Event()
    task = asyncio.ensure_future(command(stop))

    def interrupt() -> None:
        if stop.is_set():
            task.cancel()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # not on Windows, where Ctrl-C cancels at once
            loop.add_signal_handler(number, interrupt)
    return await task


async def first_of(*waits: Coroutine[None, None, object]) -> None:
    """Wait for whichever ends first, cancel the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class ProgressLine:
    """Says what happens, and shows one line about what goes on: rewritten in place on a terminal, else repeated."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def say(self, sentence: str) -> None:
        """Print a line of its own, above the progress."""
        self._console.print(sentence, markup=False)

    @contextlib.asynccontextmanager
    async def showing(self, describe: Callable[[], str]) -> AsyncIterator[None]:
        """Show ``describe()`` until the block ends."""
        show = self._show_live if self._console.is_terminal else self._show_plain
        task = asyncio.ensure_future(show(describe))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _show_plain(self, describe: Callable[[], str]) -> None:
        while True:
            await asyncio.sleep(_PLAIN_INTERVAL)
            self.say(describe())

    async def _show_live(self, describe: Callable[[], str]) -> None:
        with Live(Text(""), console=self._console, auto_refresh=False, transient=True) as live:
            while True:
                live.update(Text(describe(), overflow="ellipsis", no_wrap=True), refresh=True)
                await asyncio.sleep(_LIVE_INTERVAL)


class RateMeter:
    """Turns a growing count of octets into bits per second, over about the last two seconds."""

    def __init__(self) -> None:
        self._samples: list[tuple[float, int]] = []

    def bits_per_second(self, octets: int) -> float:
        """The rate, given the count now."""
        now = time.monotonic()
        self._samples = [sample for sample in self._samples if now - sample[0] < 2.0] or self._samples[-1:]
        self._samples.append((now, octets))
        (began, before), (ended, after) = self._samples[0], self._samples[-1]
        return (after - before) * 8 / (ended - began) if ended > began else 0.0


def clock_text(seconds: float) -> str:
    """Minutes and seconds, as 1:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
