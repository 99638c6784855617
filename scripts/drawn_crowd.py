"""People who take part in a call without a browser each: clips of drawn people, published by the Python client.

``screenshots.py`` uses it for calls of many: nine browsers that encode and decode each other are too much for a small
machine, eight clips and one browser are not.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
from collections.abc import AsyncIterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from playwright.async_api import Browser, Route

from wsmedia.client import Client, FilePublisher, TranscodePolicy, inspect
from wsmedia.ports import RoomState

FPS = 5
# One keyframe, and two seconds until it comes again: the clip is published as it is.
PICTURES = 10
ROOM_DEADLINE_SECONDS = 20.0
# Of the drawn camera, as PNG in Base64.
_GRAB = """async (count) => {
  const srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
  const video = Object.assign(document.createElement("video"), { muted: true, srcObject });
  await video.play();
  const { videoWidth: width, videoHeight: height } = video;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const pictures = [];
  while (pictures.length < count) {
    await new Promise((shown) => video.requestVideoFrameCallback(shown));
    context.drawImage(video, 0, 0);
    pictures.push(canvas.toDataURL("image/png").split(",")[1]);
  }
  return pictures;
}"""


async def _empty(route: Route) -> None:
    await route.fulfill(body="<!doctype html><title>A drawn person</title>", content_type="text/html")


async def film(running: Browser, url: str, person: dict[str, Any], devices: str, folder: Path) -> Path:
    """Make a clip of what somebody's drawn camera gives.

    Args:
        url: a secure origin; nothing of it is loaded.
        person: as ``drawn_devices.js`` wants it.
        devices: the text of that script.
        folder: where the clip goes, under the person's name.
    """
    context = await running.new_context()
    page = await context.new_page()
    await page.route("**/*", _empty)
    await page.add_init_script(f"{{ const PERSON = {json.dumps(person | {'fps': FPS})}; {devices} }}")
    await page.goto(url)
    pictures = [base64.b64decode(picture) for picture in await page.evaluate(_GRAB, PICTURES)]
    await context.close()
    clip = folder / f"{person['name']}.mkv"
    await asyncio.to_thread(_write, clip, pictures)
    return clip


def _write(clip: Path, pictures: Sequence[bytes]) -> None:
    frames = [_decoded(picture) for picture in pictures]
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        stream.gop_size = len(frames)
        stream.options = {"profile": "baseline", "tune": "zerolatency", "x264-params": "scenecut=0:threads=1"}
        for index, frame in enumerate(frames):
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _decoded(picture: bytes) -> av.VideoFrame:
    with av.open(io.BytesIO(picture), mode="r") as opened:
        return next(opened.decode(video=0)).reformat(format="yuv420p", dst_colorspace="itu709")


async def _play(url: str, room: str, clip: Path, joined: asyncio.Event) -> None:
    async with Client(url, room, clip.stem) as client:
        await client.wait_until(lambda: client.room_state is RoomState.CONNECTED, within=ROOM_DEADLINE_SECONDS)
        publisher = FilePublisher(client, inspect(clip, TranscodePolicy.NEVER), loop=True)
        joined.set()
        await publisher.run()


@contextlib.asynccontextmanager
async def crowd(url: str, room: str, clips: Sequence[Path]) -> AsyncIterator[None]:
    """Everybody whose clip it is, in a room under the clip's name and in this order."""
    async with asyncio.TaskGroup() as group:
        tasks = []
        for clip in clips:
            joined = asyncio.Event()
            tasks.append(group.create_task(_play(url, room, clip, joined)))
            await joined.wait()
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
