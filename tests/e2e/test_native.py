"""A tunnelled page and a native WebRTC page in one room, both ways."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import expect

from tests.e2e.conftest import ALICE, BOB
from tests.support.browser import CallPage, browser, gateway_process


async def test_tunnelled_and_native_people_see_and_hear_each_other(network: tuple[str, ...], clips: Path) -> None:
    async with (
        gateway_process() as url,
        browser(clips, ALICE, *network) as alices,
        browser(clips, BOB, *network) as bobs,
    ):
        native = await CallPage.joined(alices, url, room="mixed", name="Alice", mode="native")
        tunnelled = await CallPage.joined(bobs, url, room="mixed", name="Bob")
        await expect(native.page.get_by_text("WebRTC", exact=True)).to_be_visible()

        seen, shown = await asyncio.gather(native.wait_for_picture("Bob"), tunnelled.wait_for_picture("Alice"))
        assert seen >= BOB.start_ms > shown >= 0
        await native.wait_for_other_picture("Bob", seen)
        await tunnelled.wait_for_other_picture("Alice", shown)
        await asyncio.gather(
            native.wait_for_tone("Bob", BOB.tone_hz),
            tunnelled.wait_for_tone("Alice", ALICE.tone_hz),
        )
        assert (await native.received("Bob", "video"))["codec"] == "video/H264"

        # The tunnelled page's mute mark reaches the native one, and its picture comes back.
        tile = native.page.locator(".tile[aria-label^=Bob]")
        await tunnelled.page.keyboard.press("m")
        await expect(tile).to_have_attribute("aria-label", "Bob, microphone off")
        await native.page.get_by_role("button", name="Leave").click()
        await expect(tunnelled.page.get_by_text("Nobody else is here yet")).to_be_visible()
        assert native.errors == tunnelled.errors == []


async def test_native_people_see_each_other(network: tuple[str, ...], clips: Path) -> None:
    async with gateway_process() as url, browser(clips, ALICE, *network) as running:
        alice = await CallPage.joined(running, url, room="natives", name="Alice", mode="native")
        bob = await CallPage.joined(running, url, room="natives", name="Bob", mode="native")
        seen, shown = await asyncio.gather(alice.wait_for_picture("Bob"), bob.wait_for_picture("Alice"))
        await asyncio.gather(alice.wait_for_other_picture("Bob", seen), bob.wait_for_other_picture("Alice", shown))
        assert alice.errors == bob.errors == []
