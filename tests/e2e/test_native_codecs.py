"""Native WebRTC publishers that send VP8, VP9 or AV1 are seen by tunnelled pages, or these say why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import ALICE
from tests.support.browser import CallPage, browser, gateway_process

PUBLISH = """
async ({ codec, url }) => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const connection = (window.publishing = new RTCPeerConnection({ bundlePolicy: "max-bundle" }));
  for (const track of stream.getTracks()) {
    const transceiver = connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
    if (track.kind !== "video") continue;
    const { codecs } = RTCRtpSender.getCapabilities("video");
    transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType.toLowerCase() === `video/${codec}`));
  }
  await connection.setLocalDescription();
  await new Promise((resolve) => {
    connection.onicegatheringstatechange = () => connection.iceGatheringState === "complete" && resolve();
    if (connection.iceGatheringState === "complete") resolve();
  });
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/sdp" },
    body: connection.localDescription.sdp,
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
}
"""


@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1"])
async def test_a_native_publisher_of_another_codec_is_seen(network: tuple[str, ...], clips: Path, codec: str) -> None:
    async with gateway_process() as url, browser(clips, ALICE, *network) as running:
        publisher = await CallPage.open(running, f"{url}favicon.svg")
        whip = f"{url}v1/rooms/{codec}/whip?name=Alice"
        await publisher.page.evaluate(PUBLISH, {"codec": codec, "url": whip})

        bob = await CallPage.joined(running, url, room=codec, name="Bob")
        seen = await bob.wait_for_picture("Alice")
        assert 0 <= seen < ALICE.seconds * 1000
        await bob.wait_for_other_picture("Alice", seen)
        await bob.wait_for_tone("Alice", ALICE.tone_hz)
        wanted = {"vp8": "vp8", "vp9": "vp09", "av1": "av01"}[codec]
        assert (await bob.received("Alice", "video"))["codec"].startswith(wanted)

        # Without WebCodecs there is no decoder for it: that is said, and the sound goes on.
        carol = await CallPage.joined(running, url, room=codec, name="Carol", webcodecs=False)
        await carol.wait_for_tone("Alice", ALICE.tone_hz)
        await expect(
            carol.page.get_by_text(f"Alice sends {codec.upper()}, which this browser cannot show")
        ).to_be_visible()
        assert bob.errors == carol.errors == []
