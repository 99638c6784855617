"""Two tunnelled pages in a room of the embedded SFU: they see and hear each other, and each other's mute buttons."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Browser, expect

from tests.e2e.conftest import ALICE, BOB
from tests.support.browser import CallPage


async def test_two_people_see_and_hear_each_other(gateway: str, running: Browser, bobs: Browser) -> None:
    alice = await CallPage.joined(running, gateway, room="standup", name="Alice")
    bob = await CallPage.joined(bobs, gateway, room="standup", name="Bob")

    seen_by_alice, seen_by_bob = await asyncio.gather(alice.wait_for_picture("Bob"), bob.wait_for_picture("Alice"))
    assert seen_by_alice >= BOB.start_ms > seen_by_bob >= 0
    await alice.wait_for_other_picture("Bob", seen_by_alice)
    await bob.wait_for_other_picture("Alice", seen_by_bob)

    await asyncio.gather(alice.wait_for_tone("Bob", BOB.tone_hz), bob.wait_for_tone("Alice", ALICE.tone_hz))
    await expect(bob.page.locator(".tile[aria-label^=Alice]")).to_have_class(re.compile("speaking"))

    # One machine, one clock: what the page calls delay is the delay, from the camera to the canvas.
    await bob.page.wait_for_function(
        """() => window.wsmedia.tracks.some((t) => t.direction === "received" && t.kind === "video"
        && t.delayMs !== null && t.delayMs > 0 && t.delayMs < 500 && t.skewMs !== null && Math.abs(t.skewMs) < 60)"""
    )
    video, audio = await bob.received("Alice", "video"), await bob.received("Alice", "audio")
    assert video["codec"].startswith("avc1.42")
    assert video["keyframes"] >= 1
    assert audio["codec"] == "opus"
    assert alice.errors == bob.errors == []


async def test_a_latecomer_sees_a_picture_within_a_second(gateway: str, running: Browser, bobs: Browser) -> None:
    alice = await CallPage.joined(running, gateway, room="late", name="Alice")
    await alice.page.wait_for_function("window.wsmedia.tracks.some((t) => t.kind === 'video' && t.frames > 30)")
    bob = await CallPage.open(bobs, f"{gateway}?room=late&name=Bob&quality=180p&mode=tunnel")
    await bob.page.evaluate(
        """() => {
          const times = (window.lateTimes = {});
          const look = () => {
            const { state, participants } = window.wsmedia;
            if (state === "connected") times.connected ??= performance.now();
            if (participants.some((person) => person.videoLive)) times.live ??= performance.now();
            if (times.live === undefined) setTimeout(look, 5);
          };
          look();
        }"""
    )
    await bob.page.get_by_role("button", name="Join", exact=True).click()
    await bob.page.wait_for_function("window.lateTimes.live !== undefined")
    times = await bob.page.evaluate("window.lateTimes")
    assert times["live"] - times["connected"] < 1000
    assert await bob.wait_for_picture("Alice") < BOB.start_ms


async def test_mute_buttons_are_seen_by_others(gateway: str, running: Browser) -> None:
    alice = await CallPage.joined(running, gateway, room="mute", name="Alice")
    bob = await CallPage.joined(running, gateway, room="mute", name="Bob")
    tile = bob.page.locator(".tile[aria-label^=Alice]")
    await bob.wait_for_picture("Alice")
    await expect(tile.get_by_title("Microphone is off")).to_be_hidden()

    await alice.page.get_by_role("button", name="Turn microphone off").click()
    await expect(tile.get_by_title("Microphone is off")).to_be_visible()
    await expect(tile).to_have_attribute("aria-label", "Alice, microphone off")
    await alice.page.keyboard.press("m")
    await expect(tile.get_by_title("Microphone is off")).to_be_hidden()
    await bob.wait_for_tone("Alice", ALICE.tone_hz)

    await alice.page.keyboard.press("v")
    await expect(tile).not_to_have_class(re.compile("pictured"))
    await expect(tile.get_by_text("A", exact=True)).to_be_visible()
    await alice.page.get_by_role("button", name="Turn camera on").click()
    await expect(tile).to_have_class(re.compile("pictured"))
    last = await bob.wait_for_picture("Alice")
    await bob.wait_for_other_picture("Alice", last)
    assert alice.errors == bob.errors == []


async def test_somebody_who_leaves_is_gone_and_may_come_back(gateway: str, running: Browser) -> None:
    alice = await CallPage.joined(running, gateway, room="leave", name="Alice")
    bob = await CallPage.joined(running, gateway, room="leave", name="Bob")
    await alice.wait_for_picture("Bob")
    await bob.page.get_by_role("button", name="Leave").click()
    await expect(bob.page.get_by_text("You left the call.")).to_be_visible()
    await expect(alice.page.get_by_text("Nobody else is here yet")).to_be_visible()
    await bob.page.get_by_role("button", name="Join again").click()
    await bob.wait_connected()
    await alice.wait_for_picture("Bob")
    # A closed tab is gone at once too, and not only after the resume window.
    await bob.page.goto("about:blank")
    await expect(alice.page.get_by_text("Nobody else is here yet")).to_be_visible(timeout=10_000)
