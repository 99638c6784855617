"""``wsmedia publish``: plays a file into a room."""

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
    first_of,
    run,
)
from wsmedia.client import (
    Client,
    ClientError,
    ClientEvents,
    ConnectionState,
    FileInfo,
    FilePlayer,
    FilePublisher,
    LocalTrack,
    TranscodePolicy,
    inspect,
)
from wsmedia.ports import RoomState

_ROOM_TIMEOUT = 15.0


def publish(
    *,
    file: Annotated[Path, typer.Argument(help="Any audio or video file that FFmpeg reads.", show_default=False)],
    room: RoomOption,
    url: UrlOption = DEFAULT_URL,
    name: Annotated[str, typer.Option("--name", help="What others see; by default the file's name.")] = "",
    token: TokenOption = None,
    insecure: InsecureOption = False,
    reconnect: ReconnectOption = DEFAULT_RECONNECT,
    lanes: LanesOption = None,
    lane: LaneOption = LaneChoice.AUTO,
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end, until Ctrl-C.")] = False,
    transcode: Annotated[
        TranscodePolicy,
        typer.Option(
            "--transcode",
            help="auto: send H.264 without B-frames and Opus as they are and encode everything else anew, also H.264 "
            "whose keyframes are more than 2 s apart. always: encode everything, so that keyframe requests and "
            "a narrow network are obeyed. never: fail rather than encode.",
        ),
    ] = TranscodePolicy.AUTO,
    video_bitrate: Annotated[
        int | None,
        typer.Option(
            "--video-bitrate", min=50, metavar="KBPS", help="Most that encoded video uses; by default by its size."
        ),
    ] = None,
) -> None:
    """Play a file into a room, in real time, as one participant.

    The first video and the best audio track are sent as H.264 and Opus.
    The command ends with the file, or with Ctrl-C.
    A lost connection is restored by itself.

    Example: wsmedia publish talk.mp4 --url https://gateway.example:8443
    --room lobby --name Talk --loop
    """
    bitrate_bps = None if video_bitrate is None else video_bitrate * 1000

    async def command(stop: asyncio.Event) -> int:
        info = await asyncio.to_thread(inspect, file, transcode)
        progress = ProgressLine()
        for track in info.tracks:
            how = f"encoded anew: {track.transcode_reason}" if track.transcoded else "sent as it is"
            progress.say(f"{track.kind}: {track.codec_name} {track.format_text}, {how}")
        events = _Reporter(progress)
        async with Client(
            url,
            room,
            name or file.stem[:64],
            token=token,
            insecure=insecure,
            events=events,
            reconnect_seconds=reconnect,
            lanes=lanes,
            lane=lane.forced,
        ) as client:
            progress.say(f"joined {room}")
            await first_of(_room_is_open(client), stop.wait())
            publisher = FilePublisher(client, info, loop=loop, video_bitrate_bps=bitrate_bps)
            describe = _Description(info, publisher.player, client, loop)
            async with progress.showing(describe):
                await first_of(publisher.run(), client.closed(), _all_rejected(client, publisher), stop.wait())
            await client.drain()
        progress.say(describe.summary())
        return 0

    run(command)


async def _room_is_open(client: Client) -> None:
    """Wait for the SFU behind the gateway: frames that come earlier would be lost."""
    try:
        await client.wait_until(lambda: client.room_state is RoomState.CONNECTED, within=_ROOM_TIMEOUT)
    except TimeoutError:
        raise ClientError("the server does not get into the room") from None


async def _all_rejected(client: Client, publisher: FilePublisher) -> None:
    """End with an error when the room takes none of the tracks."""
    tracks = list(publisher.local_tracks.values())
    await client.wait_until(lambda: all(local.rejected for local in tracks), within=None)
    raise ClientError(f"the room does not take what is published: {tracks[0].rejected}")


class _Reporter(ClientEvents):
    """Says what the user should know."""

    def __init__(self, progress: ProgressLine) -> None:
        self._progress = progress
        self._lost = False

    def connection_changed(self, state: ConnectionState, reason: str) -> None:
        if state is ConnectionState.RECONNECTING:
            self._lost = True
            self._progress.say(f"{reason}; reconnecting")
        elif state is ConnectionState.CONNECTED and self._lost:
            self._lost = False
            self._progress.say("connected again")

    def room_state_changed(self, state: RoomState, reason: str) -> None:
        if state is RoomState.RECONNECTING:
            self._progress.say(f"the server lost its SFU and tries again ({reason})" if reason else "the SFU is gone")

    def publish_rejected(self, local: LocalTrack, reason: str) -> None:
        self._progress.say(f"the room does not take the {local.track.kind} track: {reason}")


class _Description:
    """The line of progress."""

    def __init__(self, info: FileInfo, player: FilePlayer, client: Client, loop: bool) -> None:
        self._loop = loop
        self._duration = info.duration
        self._player = player
        self._client = client
        self._meter = RateMeter()

    def __call__(self) -> str:
        octets = sum(one.octets for one in self._player.statistics.values())
        return "  ".join([self._position(), f"{self._meter.bits_per_second(octets) / 1e6:.2f} Mb/s", *self._counts()])

    def summary(self) -> str:
        """A sentence for the end."""
        octets = sum(one.octets for one in self._player.statistics.values())
        return "  ".join([f"played {clock_text(self._player.position)}", f"{octets / 1e6:.1f} MB", *self._counts()])

    def _position(self) -> str:
        position = self._player.position
        if not self._duration:
            return clock_text(position)
        if not self._loop:
            return f"{clock_text(position)} of {clock_text(self._duration)}"
        rounds, rest = divmod(position, self._duration)
        return f"{clock_text(rest)} of {clock_text(self._duration)}, round {rounds + 1:.0f}"

    def _counts(self) -> list[str]:
        figures = self._player.statistics
        parts = [f"{one.frames} {track.kind} frames" for track, one in figures.items()]
        if skipped := sum(one.frames_skipped for one in figures.values()):
            parts.append(f"{skipped} skipped: this machine is too slow")
        path = self._client.path
        if path is not None and path.frames_dropped:
            parts.append(f"{path.frames_dropped} dropped: the network is too slow")
        return parts
