"""``wsmedia record``: writes what everybody in a room sends, one file per participant."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from wsmedia.cli.client_command import (
    DEFAULT_RECONNECT,
    DEFAULT_URL,
    InsecureOption,
    LaneChoice,
    LaneOption,
    LanesOption,
    ProgressLine,
    RateMeter,
    ReconnectOption,
    RoomOption,
    TokenOption,
    UrlOption,
    clock_text,
    errors,
    first_of,
    run,
)
from wsmedia.client import Client, ClientError, ConnectionState, Recorder
from wsmedia.clock import SystemClock


def record(
    *,
    room: RoomOption,
    url: UrlOption = DEFAULT_URL,
    output: Annotated[
        Path, typer.Option("--output", file_okay=False, help="Folder for the files; made if it does not exist.")
    ] = Path(),
    duration: Annotated[
        float | None,
        typer.Option("--duration", min=0.1, metavar="SECONDS", help="Stop after so long; by default at Ctrl-C."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What others see.")] = "recorder",
    token: TokenOption = None,
    insecure: InsecureOption = False,
    reconnect: ReconnectOption = DEFAULT_RECONNECT,
    lanes: LanesOption = None,
    lane: LaneOption = LaneChoice.AUTO,
) -> None:
    """Record a room: one Matroska file per participant, NAME.mkv, their frames as they came, in sync.

    Nothing is encoded anew, so a recording costs and loses next to nothing.
    People may come, go and switch tracks. A second one of the same name gets
    NAME-2.mkv. Files of an earlier recording are overwritten.
    The files can be played while they grow; Ctrl-C finishes them in order.
    A lost connection is restored by itself.

    Example: wsmedia record --url https://gateway.example:8443 --room lobby
    --duration 60 --output recordings
    """

    async def command(stop: asyncio.Event) -> int:
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ClientError(f"{output} cannot be made: {error.strerror}") from None
        progress = ProgressLine()
        recorder = _Recorder(output, progress)
        failure = ""
        try:
            async with Client(
                url,
                room,
                name,
                token=token,
                insecure=insecure,
                events=recorder,
                reconnect_seconds=reconnect,
                lanes=lanes,
                lane=lane.forced,
            ) as client:
                progress.say(f"joined {room}" + (f" for {duration:g} s" if duration else "; Ctrl-C ends"))
                async with progress.showing(_Description(recorder)):
                    await first_of(client.closed(), stop.wait(), _end(duration))
        except ClientError as error:
            failure = str(error)  # what was recorded until now is kept
        paths = recorder.close()
        for path in paths:
            progress.say(f"wrote {path}")
        if failure:
            raise ClientError(failure)
        if not paths:
            errors.print("nobody sent anything", markup=False)
        return 1 if recorder.failed else 0

    run(command)


async def _end(duration: float | None) -> None:
    """Wait for the end of the recording; for ever, if there is none."""
    if duration is None:
        await asyncio.Event().wait()
    else:
        await asyncio.sleep(duration)


class _Recorder(Recorder):
    """A recorder that says what the user should know."""

    def __init__(self, folder: Path, progress: ProgressLine) -> None:
        super().__init__(folder, on_change=progress.say)
        self._progress = progress
        self._lost = False

    def connection_changed(self, state: ConnectionState, reason: str) -> None:
        if state is ConnectionState.RECONNECTING:
            self._lost = True
            self._progress.say(f"{reason}; reconnecting")
        elif state is ConnectionState.CONNECTED and self._lost:
            self._lost = False
            self._progress.say("connected again")


class _Description:
    """The line of progress."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._clock = SystemClock()
        self._began = self._clock.monotonic()
        self._meter = RateMeter()

    def __call__(self) -> str:
        figures = [recording.statistics for recording in self._recorder.recordings.values()]
        octets = sum(one.octets for one in figures)
        rate = self._meter.bits_per_second(octets)
        people = "1 person" if len(figures) == 1 else f"{len(figures)} people"
        elapsed = clock_text(self._clock.monotonic() - self._began)
        return f"{elapsed}  {people}  {octets / 1e6:.1f} MB  {rate / 1e6:.2f} Mb/s"
