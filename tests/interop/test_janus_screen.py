"""Camera and screen of one participant through a real Janus: each keeps its pictures and its ``source``, both ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.clip import Clip
from tests.support.clip_time_code import read as read_time_code
from tests.support.gateway import http_url
from tests.support.janus import Janus
from tests.support.janus_room import Sink, running_janus
from tests.support.live_clip import LiveClip
from tests.support.other_codecs import decode
from wsmedia.app.config import load_settings
from wsmedia.app.server import Gateway
from wsmedia.client import Client, ClientEvents, LocalTrack, RemoteTrack
from wsmedia.media import Codec, Participant, TrackSource

pytestmark = pytest.mark.interop

CAMERA = Clip(width=320, height=180, fps=30)
SCREEN = Clip(width=320, height=240, fps=10, start_ms=1_000_000, seed=2)
VIDEOS = {TrackSource.CAMERA: CAMERA, TrackSource.SCREEN: SCREEN}


@pytest.fixture
def janus(tmp_path: Path) -> Iterator[Janus]:
    with running_janus(tmp_path) as running:
        yield running


@asynccontextmanager
async def gateway(janus: Janus, folder: Path) -> AsyncIterator[str]:
    """A gateway in front of Janus, in the same namespace."""
    settings = {"https": False, "http_port": 0, "adapter": "janus", "janus_url": janus.url, "state_dir": folder}
    running = Gateway(load_settings(settings))
    await running.start()
    try:
        yield http_url(running, "")
    finally:
        await running.stop()


class Viewer(ClientEvents):
    """Keeps the others' tracks by source."""

    def __init__(self) -> None:
        self.tracks: dict[TrackSource, RemoteTrack] = {}
        self.sinks: dict[TrackSource, Sink] = {}
        self.muted: list[tuple[TrackSource, bool]] = []
        self.removed: list[TrackSource] = []
        self._changed = asyncio.Event()

    def track_added(self, participant: Participant, remote: RemoteTrack) -> None:
        source = remote.track.source
        self.tracks[source] = remote
        self.sinks[source] = Sink(self._changed.set)
        remote.add_sink(self.sinks[source])
        self._changed.set()

    def track_removed(self, participant: Participant, remote: RemoteTrack) -> None:
        self.removed.append(remote.track.source)
        del self.tracks[remote.track.source]
        self._changed.set()

    def track_muted(self, participant: Participant, remote: RemoteTrack, muted: bool) -> None:
        self.muted.append((remote.track.source, muted))
        self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def sees(self, source: TrackSource, more: int = 20) -> None:
        """Wait for so many further frames, and look whether they are that source's pictures."""
        await self.until(lambda: source in self.tracks)
        frames = self.sinks[source].frames
        seen = len(frames)
        await self.until(lambda: len(frames) >= seen + more)
        first = max(index for index in range(seen + 1) if frames[index].keyframe)
        clip = VIDEOS[source]
        for picture in decode(Codec.H264, [frame.data for frame in frames[first:]]):
            assert (picture.width, picture.height) == (clip.width, clip.height)
            time_ms = read_time_code(picture.to_ndarray(format="yuv420p")[: clip.height])
            assert time_ms is not None
            assert time_ms // 1_000_000 == clip.start_ms // 1_000_000


@asynccontextmanager
async def playing(clip: Clip, track: LocalTrack) -> AsyncIterator[None]:
    live = LiveClip(clip)
    track.on_keyframe_request = live.request_keyframe
    task = asyncio.create_task(live.run(track, None))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_camera_and_screen_cross_janus_between_two_gateways(janus: Janus, tmp_path: Path) -> None:
    viewer = Viewer()
    async with (
        gateway(janus, tmp_path / "one") as one,
        gateway(janus, tmp_path / "two") as two,
        Client(one, "1234", "Alice") as alice,
        Client(two, "1234", "Bob", events=viewer),
    ):
        camera = alice.publish(Codec.H264, TrackSource.CAMERA)
        async with playing(CAMERA, camera):
            await viewer.sees(TrackSource.CAMERA)
            # The screen comes later: one more section of the same connection.
            screen = alice.publish(Codec.H264, TrackSource.SCREEN)
            async with playing(SCREEN, screen):
                await viewer.sees(TrackSource.SCREEN)
                await viewer.sees(TrackSource.CAMERA)
                camera.set_muted(True)
                await viewer.until(lambda: viewer.muted == [(TrackSource.CAMERA, True)])
                # Bob wants the screen no more for a while; the camera is not touched by that.
                viewer.tracks[TrackSource.SCREEN].pause()
                await viewer.sees(TrackSource.CAMERA)
                viewer.tracks[TrackSource.SCREEN].resume()
                await viewer.sees(TrackSource.SCREEN)
            screen.unpublish()
            await viewer.until(lambda: viewer.removed == [TrackSource.SCREEN])
            await viewer.sees(TrackSource.CAMERA)
            # And again: its old section is used anew.
            again = alice.publish(Codec.H264, TrackSource.SCREEN)
            async with playing(SCREEN, again):
                await viewer.sees(TrackSource.SCREEN)
                await viewer.sees(TrackSource.CAMERA)


async def test_both_published_at_once_and_found_by_who_comes_later(janus: Janus, tmp_path: Path) -> None:
    viewer = Viewer()
    async with gateway(janus, tmp_path / "one") as url, Client(url, "1234", "Alice") as alice:
        screen = alice.publish(Codec.H264, TrackSource.SCREEN)
        camera = alice.publish(Codec.H264, TrackSource.CAMERA)
        async with (
            playing(CAMERA, camera),
            playing(SCREEN, screen),
            Client(url, "1234", "Bob", events=viewer),
        ):
            await viewer.sees(TrackSource.CAMERA)
            await viewer.sees(TrackSource.SCREEN)
