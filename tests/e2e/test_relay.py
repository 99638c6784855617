"""Native WebRTC by way of the gateway's own TURN server: one TCP port, no UDP, somebody tunnelled in the same room."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import ALICE, BOB
from tests.support import netns
from tests.support.browser import CallPage, browser, gateway_process

# Keeps every peer connection of a page, and tells by which way each that is connected goes.
_WAYS = """
(() => {
  const Native = window.RTCPeerConnection;
  const made = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...given) { super(...given); made.push(this); }
  };
  window.__ways = async () => {
    const ways = [];
    for (const connection of made) {
      if (connection.connectionState !== "connected") continue;
      const report = await connection.getStats();
      for (const one of report.values()) {
        if (one.type !== "transport") continue;
        const pair = report.get(one.selectedCandidatePairId);
        const { candidateType, relayProtocol } = report.get(pair.localCandidateId);
        ways.push(`${candidateType} ${relayProtocol}`);
      }
    }
    return ways;
  };
})()
"""


TRUSTING = ["--ignore-certificate-errors"]


@pytest.mark.parametrize(("scheme", "protocol"), [("http", "tcp"), ("https", "tls")])
async def test_native_and_tunnelled_people_meet_through_the_gateways_one_port(
    network: tuple[str, ...], clips: Path, tmp_path: Path, scheme: str, protocol: str
) -> None:
    flags = [*network, *TRUSTING] if scheme == "https" else network
    async with (
        gateway_process("--state-dir", str(tmp_path), scheme=scheme) as url,
        browser(clips, ALICE, *flags) as alices,
        browser(clips, BOB, *flags) as bobs,
    ):
        viewport = {"ignore_https_errors": True}
        way = {"mode": "native", "ice": "relay"}
        native = await CallPage.joined(
            alices, url, room="relay", name="Alice", scripts=[_WAYS], viewport=viewport, **way
        )
        tunnelled = await CallPage.joined(bobs, url, room="relay", name="Bob", viewport=viewport)
        await expect(native.page.get_by_text("WebRTC", exact=True)).to_be_visible()

        seen, shown = await asyncio.gather(native.wait_for_picture("Bob"), tunnelled.wait_for_picture("Alice"))
        assert seen >= BOB.start_ms > shown >= 0
        await asyncio.gather(
            native.wait_for_other_picture("Bob", seen), tunnelled.wait_for_other_picture("Alice", shown)
        )
        await asyncio.gather(
            native.wait_for_tone("Bob", BOB.tone_hz),
            tunnelled.wait_for_tone("Alice", ALICE.tone_hz),
        )
        assert await native.page.evaluate("__ways()") == [f"relay {protocol}"] * 2  # to publish, and to see Bob
        assert native.errors == tunnelled.errors == []


@pytest.fixture
def without_udp(network: tuple[str, ...]) -> tuple[str, ...]:
    """The same network, but that no UDP leaves anybody in it."""
    if netns.unavailable_reason() is not None or shutil.which("nft") is None:
        pytest.skip("needs root, iproute2 and nftables")
    chain = "add chain inet test out { type filter hook output priority 0; }"
    rules = f"add table inet test; {chain}; add rule inet test out meta l4proto udp drop"
    subprocess.run(["nft", rules], check=True)  # in the namespace, which this thread is in
    return network


async def test_where_udp_is_blocked_native_webrtc_finds_the_gateways_turn_by_itself(
    without_udp: tuple[str, ...], clips: Path
) -> None:
    async with (
        gateway_process() as url,
        browser(clips, ALICE, *without_udp) as alices,
        browser(clips, BOB, *without_udp) as bobs,
    ):
        native = await CallPage.joined(alices, url, room="r", name="Alice", scripts=[_WAYS], mode="native")
        tunnelled = await CallPage.joined(bobs, url, room="r", name="Bob")
        seen, shown = await asyncio.gather(native.wait_for_picture("Bob"), tunnelled.wait_for_picture("Alice"))
        await asyncio.gather(
            native.wait_for_other_picture("Bob", seen), tunnelled.wait_for_other_picture("Alice", shown)
        )
        assert await native.page.evaluate("__ways()") == ["relay tcp"] * 2
