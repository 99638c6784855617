"""What tests put into pages does what it says: no WebCodecs, devices that can be unplugged, clocks that agree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser

from tests.support import page_scripts
from tests.support.browser import (
    CallPage,
    browser,
    firefox,
    firefox_unavailable_reason,
    gateway_process,
    unavailable_reason,
)
from tests.support.chirp import delays, longest_gap_ms
from tests.support.clip import Clip
from wsmedia.app.page import page_directory

CLIP = Clip(width=320, height=180, fps=15, seconds=10, tone_hz=440)
BLANK = "http://localhost/blank"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.skipif(unavailable_reason() is not None, reason=str(unavailable_reason())),
]


@pytest.fixture(params=["chromium", "firefox"])
async def running(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Browser]:
    if request.param == "chromium":
        async with browser(tmp_path, None) as started:
            yield started
    elif firefox_unavailable_reason() is not None:
        pytest.skip(str(firefox_unavailable_reason()))
    else:
        async with firefox(tmp_path, CLIP) as started:
            yield started


async def blank_page(running: Browser, *scripts: str) -> CallPage:
    call = await CallPage.open(running, "about:blank", scripts=scripts)
    await call.page.route(BLANK, lambda route: route.fulfill(body="<html></html>", content_type="text/html"))
    await call.page.goto(BLANK)
    return call


CLASSES = "['VideoEncoder', 'VideoDecoder', 'AudioEncoder', 'AudioDecoder', 'VideoFrame', 'MediaStreamTrackProcessor']"


async def test_webcodecs_are_gone_from_window_and_workers(tmp_path: Path) -> None:
    worker = next(path.name for path in (page_directory() / "assets").glob("transport-worker*.js"))
    async with gateway_process() as url, browser(tmp_path, None) as running:
        for webcodecs in (True, False):
            page = (await CallPage.open(running, url, webcodecs=webcodecs)).page
            assert await page.evaluate(f"{CLASSES}.some((name) => name in window)") is webcodecs
            async with page.expect_worker() as started:
                await page.evaluate(f"void new Worker('/assets/{worker}', {{ type: 'module' }})")
            started_worker = await started.value
            async with asyncio.timeout(30):
                # The script has run when its handler stands.
                while not await started_worker.evaluate("typeof self.onmessage === 'function'"):
                    pass
            assert await started_worker.evaluate(f"{CLASSES}.some((name) => name in self)") is webcodecs


async def test_clocked_devices_tell_how_old_they_are_and_can_be_unplugged(running: Browser) -> None:
    call = await blank_page(running, page_scripts.devices(CLIP, clocked=True))
    page = call.page
    await page.evaluate(
        """async () => {
          const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
          const video = document.createElement("video");
          video.muted = true;
          video.srcObject = new MediaStream(stream.getVideoTracks());
          await video.play();
          const node = new AudioContext({ sampleRate: 48000 }).createMediaStreamSource(stream);
          window.stream = stream;
          window.wsmedia = {
            tracks: [], participants: [{ name: "me", participantId: "1" }], surface: () => video, audioNode: () => node,
          };
          wsmediaTest.watch("me");
          await wsmediaTest.record("me");
        }"""
    )
    await page.wait_for_function("wsmediaTest.watched.seen.length > 20")
    ages = await page.evaluate("wsmediaTest.ages()")
    assert 0 <= np.median(ages) < 500
    recording = await call.heard("me", 2)
    assert longest_gap_ms(recording) == 0
    assert 0 <= np.nanmedian(delays(recording)) < 0.5

    changed, ended = await page.evaluate(
        """() => {
          const told = [0, 0];
          navigator.mediaDevices.addEventListener("devicechange", () => told[0]++);
          stream.getVideoTracks()[0].addEventListener("ended", () => told[1]++);
          wsmediaDevices.unplug("camera-1");
          return told;
        }"""
    )
    assert (changed, ended) == (1, 1)
    assert await page.evaluate("wsmediaDevices.inUse()") == ["microphone-1"]
    with pytest.raises(Exception, match="not found"):
        await page.evaluate("navigator.mediaDevices.getUserMedia({ video: true })")
    await page.evaluate("wsmediaDevices.plug('videoinput', 'camera-2', 'Another camera')")
    await page.evaluate("navigator.mediaDevices.getUserMedia({ video: { deviceId: 'camera-1' } }).then(() => {})")
    assert await page.evaluate("wsmediaDevices.inUse()") == ["microphone-1", "camera-2"]
