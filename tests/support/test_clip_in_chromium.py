"""Chromium's fake camera and microphone play a clip, and a page reads its time code and tone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support import clip_files, clip_time_code
from tests.support.clip import Clip

CHROMIUM = shutil.which("chromium")
CLIP = Clip(width=640, height=360, seconds=2.0, tone_hz=880.0, start_ms=700_000)

READ_CAMERA = """
async (geometry) => {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360 } });
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = stream;
  await video.play();
  const canvas = document.createElement("canvas");
  canvas.width = 320;
  canvas.height = 180;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const codes = [];
  while (codes.length < 30) {
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    codes.push(readTimeCode(context.getImageData(0, 0, canvas.width, canvas.height), geometry));
  }
  return codes;
}
"""

READ_MICROPHONE = """
async () => {
  const processing = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: processing });
  const audio = new AudioContext();
  const analyser = audio.createAnalyser();
  analyser.fftSize = 8192;
  audio.createMediaStreamSource(stream).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    analyser.getFloatFrequencyData(bins);
    const peak = bins.indexOf(Math.max(...bins));
    if (bins[peak] > -40) return (peak * audio.sampleRate) / analyser.fftSize;
  }
}
"""


@pytest.mark.e2e
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt install chromium)")
async def test_chromium_plays_the_clip(tmp_path: Path) -> None:
    from playwright.async_api import async_playwright

    video = clip_files.write_y4m(CLIP, tmp_path / "clip.y4m")
    audio = clip_files.write_wav(CLIP, tmp_path / "clip.wav")
    flags = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream=fps=30",
        f"--use-file-for-fake-video-capture={video}",
        f"--use-file-for-fake-audio-capture={audio}",
        "--autoplay-policy=no-user-gesture-required",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = await browser.new_page()
        # getUserMedia needs a secure context; localhost is one, and this answers without a server.
        await page.route(
            "http://localhost/", lambda route: route.fulfill(body="<html></html>", content_type="text/html")
        )
        await page.goto("http://localhost/")
        reader = Path(clip_time_code.__file__).with_name("time_code.js").read_text()
        await page.add_script_tag(content=reader)
        codes = await page.evaluate(READ_CAMERA, clip_time_code.GEOMETRY)
        tone = await page.evaluate(READ_MICROPHONE)
        await browser.close()
    assert len(codes) == 30
    assert set(codes) <= {CLIP.time_ms(index) for index in range(CLIP.frame_count)}
    assert len(set(codes)) > 20
    assert tone == pytest.approx(CLIP.tone_hz, abs=10)
