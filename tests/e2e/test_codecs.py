"""Chromium sends VP8, VP9 and AV1 by WHIP; the Python client behind the tunnel and a second Chromium decode them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.e2e.conftest import ALICE
from tests.peer.support import Frames
from tests.support.browser import browser, gateway_process
from tests.support.clip_readers import psnr_db
from tests.support.clip_time_code import read as read_time_code
from tests.support.other_codecs import OTHER_CODECS, decode
from wsmedia.client import Client
from wsmedia.media import Codec

# Standard WebRTC and nothing of ours: a page of its own beside the gateway's.
SCRIPT = """
  window.exchange = async (path, prepare) => {
    const peer = new RTCPeerConnection();
    await prepare(peer);
    await peer.setLocalDescription();
    while (peer.iceGatheringState !== "complete") {
      await new Promise((resolve) => peer.addEventListener("icegatheringstatechange", resolve, { once: true }));
    }
    const response = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/sdp" }, body: peer.localDescription.sdp });
    if (!response.ok) throw new Error(await response.text());
    await peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
    window.peer = peer;
    return response.headers.get("Wsmedia-Participant");
  };
  window.send = async (path, codecs, size) => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: size });
    return exchange(path, (peer) => {
      const sender = peer.addTransceiver(stream.getVideoTracks()[0], { direction: "sendonly" });
      const all = RTCRtpSender.getCapabilities("video").codecs;
      const wanted = codecs.flatMap((name) => all.filter(({ mimeType }) => mimeType === `video/${name}`));
      sender.setCodecPreferences(wanted);
    });
  };
  window.watch = (path) => exchange(path, (peer) => peer.addTransceiver("video", { direction: "recvonly" }));
  /* The codec of what is shown, once so many pictures have been. */
  window.shown = async (count) => {
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = new MediaStream(peer.getReceivers().map(({ track }) => track));
    document.body.append(video);
    const pictures = (async () => {
      for (let index = 0; index < count; index += 1) {
        await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      }
    })();
    await video.play();
    await pictures;
    const stats = [...(await peer.getStats()).values()];
    const inbound = stats.find(({ type }) => type === "inbound-rtp");
    return stats.find(({ id }) => id === inbound.codecId).mimeType;
  };
  null;
"""


async def opened(running: Any, url: str) -> Page:
    page: Page = await (await running.new_context()).new_page()
    page.set_default_timeout(60_000)
    await page.goto(f"{url.rstrip('/')}/healthz")
    await page.evaluate(SCRIPT)
    return page


SIZE = {"width": {"exact": ALICE.width}, "height": {"exact": ALICE.height}}


@pytest.mark.parametrize("codec", OTHER_CODECS)
async def test_chromium_without_h264_is_seen_behind_the_tunnel(
    network: tuple[str, ...], clips: Path, codec: Codec
) -> None:
    async with gateway_process() as url, browser(clips, ALICE, *network) as running:
        page = await opened(running, url)
        async with Client(url, "codecs", "Bob") as bob:
            participant = await page.evaluate(
                "([path, codec, size]) => send(path, [codec], size)",
                ["/v1/rooms/codecs/whip?name=Alice", codec.value.upper(), SIZE],
            )
            await bob.wait_until(lambda: bob.remote_tracks, 30.0)
            remote = bob.remote_tracks[0]
            assert remote.track.codec is codec
            sink = Frames()
            remote.add_sink(sink)
            remote.request_keyframe()
            await sink.wait(40)

            # The room keeps the page's codec for a native viewer as well.
            viewer = await opened(running, url)
            await viewer.evaluate("(path) => watch(path)", f"/v1/rooms/codecs/whep/{participant}")
            async with asyncio.timeout(30):
                assert await viewer.evaluate("shown(10)") == f"video/{codec.value.upper()}"
        first = next(index for index, frame in enumerate(sink.frames) if frame.keyframe)
        frames = sink.frames[first:]
        pictures = decode(codec, [frame.data for frame in frames])
        assert len(pictures) >= len(frames) - 1
        codes = []
        for picture in pictures:
            gray = picture.to_ndarray(format="yuv420p")[: picture.height]
            time_ms = read_time_code(gray)
            assert time_ms is not None
            codes.append(time_ms)
            if gray.shape == (ALICE.height, ALICE.width):
                source = ALICE.picture(round((time_ms - ALICE.start_ms) * ALICE.fps / 1000))[: ALICE.height]
                assert psnr_db(source, gray) > 25
        assert len(set(codes)) > len(codes) // 2


async def test_h264_is_taken_where_the_browser_offers_it_too(network: tuple[str, ...], clips: Path) -> None:
    async with gateway_process() as url, browser(clips, ALICE, *network) as running:
        page = await opened(running, url)
        async with Client(url, "codecs", "Bob") as bob:
            await page.evaluate(
                "([path, codecs, size]) => send(path, codecs, size)",
                ["/v1/rooms/codecs/whip", ["VP9", "AV1", "VP8", "H264"], SIZE],
            )
            await bob.wait_until(lambda: bob.remote_tracks, 30.0)
            assert bob.remote_tracks[0].track.codec is Codec.H264
