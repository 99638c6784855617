"""A screen beside the camera, and tiles that nobody can see: not sent while hidden, and back at once."""

from __future__ import annotations

import asyncio

from playwright.async_api import Browser, expect

from tests.e2e.conftest import ALICE, BOB
from tests.support.browser import CallPage
from tests.support.page_scripts import SCREEN_START_MS, devices


async def test_camera_and_screen_are_seen_at_once(gateway: str, bobs: Browser) -> None:
    alice = await CallPage.joined(bobs, gateway, room="screen", name="Alice", scripts=(devices(ALICE),))
    bob = await CallPage.joined(bobs, gateway, room="screen", name="Bob")
    await bob.wait_for_picture("Alice")
    await alice.page.get_by_role("button", name="Share your screen").click()

    screen = await bob.wait_for_picture("Alice", "screen")
    camera = await bob.wait_for_picture("Alice")
    assert screen >= SCREEN_START_MS > BOB.start_ms > camera
    await asyncio.gather(
        bob.wait_for_other_picture("Alice", screen, "screen"), bob.wait_for_other_picture("Alice", camera)
    )
    # Somebody who comes later sees both too.
    carol = await CallPage.joined(bobs, gateway, room="screen", name="Carol")
    await asyncio.gather(carol.wait_for_picture("Alice", "screen"), carol.wait_for_picture("Alice"))

    # It ends by her button, or by the browser's own.
    await alice.page.get_by_role("button", name="Stop sharing your screen").click()
    gone = "wsmediaTest.surfaceOf('Alice', 'screen') === null"
    await asyncio.gather(bob.page.wait_for_function(gone), carol.page.wait_for_function(gone))
    await alice.page.get_by_role("button", name="Share your screen").click()
    await bob.wait_for_picture("Alice", "screen")
    await alice.page.evaluate("wsmediaDevices.unplug('screen')")
    await bob.page.wait_for_function(gone)
    await expect(alice.page.get_by_role("button", name="Share your screen")).to_be_visible()
    await bob.wait_for_other_picture("Alice", await bob.wait_for_picture("Alice"))
    assert alice.errors == bob.errors == carol.errors == []


async def test_a_hidden_picture_is_not_sent(gateway: str, running: Browser, bobs: Browser) -> None:
    await CallPage.joined(running, gateway, room="hidden", name="Alice")
    bob = await CallPage.joined(bobs, gateway, room="hidden", name="Bob")
    await bob.wait_for_picture("Alice")
    await bob.wait_for_tone("Alice", ALICE.tone_hz)

    # Out of sight, as by scrolling or by another window over it: her pictures stop, her sound goes on.
    await bob.page.add_style_tag(content="main { transform: translateX(300vw) }")
    await bob.page.wait_for_function("window.wsmedia.participants.some((person) => person.videoPaused)")
    # What was on its way has come when a good deal of sound has come after it.
    heard = (await bob.received("Alice", "audio"))["frames"]
    await bob.wait_for_reading(f"t.frames > {heard + 50}", "received", "audio", "Alice")
    before = await bob.received("Alice", "video")
    heard = (await bob.received("Alice", "audio"))["frames"]
    await bob.wait_for_reading(f"t.frames > {heard + 100}", "received", "audio", "Alice")
    after = await bob.received("Alice", "video")
    assert (after["frames"], after["bytes"]) == (before["frames"], before["bytes"])
    await bob.wait_for_tone("Alice", ALICE.tone_hz)

    # In sight again: a picture within a second, and moving.
    taken = await bob.page.evaluate(
        """async () => {
          const frozen = wsmediaTest.timeCodeOf("Alice");
          const began = performance.now();
          for (const style of document.querySelectorAll("style")) style.remove();
          while (wsmediaTest.timeCodeOf("Alice") === frozen) {
            await new Promise((resolve) => requestAnimationFrame(resolve));
          }
          return performance.now() - began;
        }"""
    )
    assert taken < 1500
    seen = await bob.wait_for_picture("Alice")
    await bob.wait_for_other_picture("Alice", seen)
    assert bob.errors == []
