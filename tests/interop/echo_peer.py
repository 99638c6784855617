"""Drives another stack's echo program: descriptions as JSON lines over its standard input and output."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.peer.support import (
    AUDIO,
    DEADLINE,
    VIDEO,
    Frames,
    Incoming,
    audio_frames,
    closing,
    connected,
    eventually,
    video_frames,
)
from tests.support.live_clip import nals
from wsmedia.media import EncodedFrame, MediaKind
from wsmedia.peer import PeerConfig, PeerConnection
from wsmedia.peer.seam import host_addresses

CACHE = Path(__file__).resolve().parents[2] / ".cache"


class EchoPeer:
    """A running echo program."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def read(self) -> dict[str, str]:
        """The next line that it says."""
        assert self._process.stdout is not None
        async with asyncio.timeout(DEADLINE):
            line = await self._process.stdout.readline()
        assert line, "the echo program ended"
        return dict(json.loads(line))

    async def write(self, message: dict[str, str]) -> None:
        """Say something to it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()


@contextlib.asynccontextmanager
async def running(
    *command: str, cwd: Path | None = None, environment: dict[str, str] | None = None
) -> AsyncIterator[EchoPeer]:
    """Start an echo program, with more variables in its environment; end it afterwards."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        limit=1 << 20,
    )
    try:
        yield EchoPeer(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 3)
        except TimeoutError:
            process.kill()
            await process.wait()


async def exchange(peer: EchoPeer, *, they_offer: bool, config: PeerConfig | None = None) -> PeerConnection:
    """Send a clip through the echo and check that it comes back byte for byte; that keyframe requests pass, too."""
    if not host_addresses(allow_loopback=False):
        pytest.skip("the other stack does not do ICE on 127.0.0.1; this machine has no other address")
    connection = PeerConnection(config or PeerConfig())
    async with closing(connection):
        incoming = Incoming(connection)
        video, audio = connection.add_sender(VIDEO), connection.add_sender(AUDIO)
        requests: list[float] = []
        video.on_keyframe_request = lambda: requests.append(0.0)
        if they_offer:
            offer = await peer.read()
            await peer.write({"answer": await connection.accept_offer(offer["offer"])})
        else:
            connection.add_receiver_section(MediaKind.VIDEO)
            connection.add_receiver_section(MediaKind.AUDIO)
            await peer.write({"offer": await connection.create_offer()})
            await connection.accept_answer((await peer.read())["answer"])
        await connected(connection)
        # The far end may need a moment more than we do until its handshake is done: begin again until it hears us.
        pictures, sound = video_frames(), audio_frames()
        await _until_echoed(incoming, lambda: video.send_frame(pictures[0]), "video")
        await _until_echoed(incoming, lambda: audio.send_frame(sound[0]), "audio")
        # In step, because the program's socket buffer may be small and the machine busy: what is tested is not loss.
        for sender, frames, content_of in ((video, pictures, _video_content), (audio, sound, _audio_content)):
            echo = incoming.of(sender.track.kind)
            wanted = [content_of(frame) for frame in frames]
            for frame, content in zip(frames, wanted, strict=True):
                sender.send_frame(frame)
                await eventually(functools.partial(_ends_with, echo, content_of, content))
            assert [content_of(frame) for frame in echo.frames[-len(wanted) :]] == wanted
        requests.clear()
        next(receiver for receiver in incoming.receivers if receiver.kind == "video").request_keyframe()
        await eventually(lambda: bool(requests))
    return connection


def _video_content(frame: EncodedFrame) -> object:
    """What must be equal of video: all but the start codes' length."""
    return nals(frame.data)


def _audio_content(frame: EncodedFrame) -> object:
    return bytes(frame.data)


def _ends_with(echo: Frames, content_of: Callable[[EncodedFrame], object], content: object) -> bool:
    return content_of(echo.frames[-1]) == content


async def _until_echoed(incoming: Incoming, send: Callable[[], None], kind: str) -> None:
    async with asyncio.timeout(DEADLINE):
        while not any(r.kind == kind for r in incoming.receivers) or not incoming.of(kind).frames:
            send()
            await asyncio.sleep(0.05)
