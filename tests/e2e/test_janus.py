"""Two tunnelled pages in a room of a real Janus: media both ways, mute marks, and a Janus that dies and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import ALICE, BOB
from tests.support.browser import CallPage, browser, gateway_process
from tests.support.janus import Janus
from tests.support.janus_room import running_janus


@pytest.fixture
def janus(tmp_path: Path) -> Iterator[Janus]:
    """Janus in a namespace of its own; the test, its gateway and its browsers are inside too."""
    with running_janus(tmp_path) as running:
        yield running


async def test_tunnelled_people_meet_in_janus_and_outlive_it(janus: Janus, clips: Path) -> None:
    async with (
        gateway_process("--adapter", "janus", "--janus-url", janus.url, "--janus-room", "standup=1234") as url,
        browser(clips, ALICE) as alices,
        browser(clips, BOB) as bobs,
    ):
        alice = await CallPage.joined(alices, url, room="standup", name="Alice")
        bob = await CallPage.joined(bobs, url, room="standup", name="Bob")

        # They see and hear each other, each the other's clip and not their own.
        seen, shown = await asyncio.gather(alice.wait_for_picture("Bob"), bob.wait_for_picture("Alice"))
        assert seen >= BOB.start_ms > shown >= 0
        await asyncio.gather(alice.wait_for_other_picture("Bob", seen), bob.wait_for_other_picture("Alice", shown))
        await asyncio.gather(alice.wait_for_tone("Bob", BOB.tone_hz), bob.wait_for_tone("Alice", ALICE.tone_hz))

        # A mute mark goes through Janus, there and back.
        tile = alice.page.locator(".tile[aria-label^=Bob]")
        await bob.page.keyboard.press("m")
        await expect(tile).to_have_attribute("aria-label", "Bob, microphone off")
        await bob.page.keyboard.press("m")
        await expect(tile).to_have_attribute("aria-label", "Bob")

        # Janus dies: the pages say so, and come back by themselves when it does.
        for call in (alice, bob):
            await call.page.evaluate("globalThis.notReloaded = true")
        janus.kill()
        for call in (alice, bob):
            await call.page.wait_for_function("window.wsmedia.state === 'reconnecting'")
            await expect(call.page.get_by_text("The connection is interrupted")).to_be_visible()
        janus.start()
        await asyncio.gather(alice.wait_connected(), bob.wait_connected())
        seen, shown = await asyncio.gather(alice.wait_for_picture("Bob"), bob.wait_for_picture("Alice"))
        await asyncio.gather(alice.wait_for_other_picture("Bob", seen), bob.wait_for_other_picture("Alice", shown))
        await asyncio.gather(alice.wait_for_tone("Bob", BOB.tone_hz), bob.wait_for_tone("Alice", ALICE.tone_hz))
        for call in (alice, bob):
            await expect(call.page.get_by_text("The connection is interrupted")).to_be_hidden()
            assert await call.page.evaluate("globalThis.notReloaded") is True
        assert alice.errors == bob.errors == []
