"""Clips on disk, made once, and a real gateway with the embedded room on a free port of loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import clip_files
from tests.support.clip import Clip
from tests.support.gateway import eventually
from wsmedia.app.server import Gateway
from wsmedia.app.settings import Settings
from wsmedia.client import Client

CLIP = Clip(width=320, height=180, seconds=3.0, flashes=True)
TONE_CLIP = Clip(width=320, height=180, seconds=2.0, tone_hz=523.0, start_ms=500_000)


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of ``CLIP`` by name: ``plain`` passes through, the others do not, each for a reason of its own."""
    folder = tmp_path_factory.mktemp("clips")
    write = clip_files.write_container
    return {
        "plain": write(CLIP, folder / "plain.mp4", video_bitrate=500_000),
        "plain_mkv": write(CLIP, folder / "plain.mkv", video_bitrate=500_000),
        "b_frames": write(CLIP, folder / "b_frames.mp4", b_frames=2, audio_codec="aac"),
        "long_gop": write(CLIP, folder / "long_gop.mkv", keyframe_seconds=10),
        "mpeg_ts": write(CLIP, folder / "stream.ts", audio_codec="aac"),
        "mpeg4": write(CLIP, folder / "old.mp4", video_codec="mpeg4", audio_codec="aac"),
        "sound": write(CLIP, folder / "sound.ogg", video_codec=None),
        "silent": write(CLIP, folder / "silent.mp4", audio_codec=None),
        "tone": write(TONE_CLIP, folder / "tone.mp4", video_bitrate=500_000),
    }


async def until_lanes(client: Client, count: int) -> None:
    """Wait until the client holds so many lanes, all of them welcomed."""
    await eventually(lambda: [lane.welcomed for lane in client.lanes] == [True] * count, f"{count} lanes")


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway that listens for plain HTTP only."""
    gateway = Gateway(Settings(http_port=0, https=False, state_dir=tmp_path / "state"))
    await gateway.start()
    yield gateway
    await gateway.stop()


@pytest.fixture
def url(gateway: Gateway) -> str:
    """The gateway's URL."""
    return f"http://127.0.0.1:{gateway.listeners[0].port}"
