"""Firefox and Chromium in one call, with Firefox's own codecs and with ours.

What either does by itself is tested by all other modules here, which run with both.
"""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import ALICE, BOB
from tests.support.browser import CallPage, firefox_unavailable_reason
from tests.support.open_browsers import OpenBrowsers

pytestmark = pytest.mark.skipif(firefox_unavailable_reason() is not None, reason=str(firefox_unavailable_reason()))


@pytest.mark.parametrize("codecs", ["auto", "wasm"])
async def test_firefox_and_chromium_see_and_hear_each_other(gateway: str, browsers: OpenBrowsers, codecs: str) -> None:
    foxes, chromium = await browsers.get("firefox", ALICE), await browsers.get("chromium", BOB)
    alice = await CallPage.joined(foxes, gateway, room=f"fox-{codecs}", name="Alice", codecs=codecs)
    bob = await CallPage.joined(chromium, gateway, room=f"fox-{codecs}", name="Bob")
    seen, shown = await asyncio.gather(alice.wait_for_picture("Bob"), bob.wait_for_picture("Alice"))
    assert seen >= BOB.start_ms > shown >= 0
    await asyncio.gather(alice.wait_for_other_picture("Bob", seen), bob.wait_for_other_picture("Alice", shown))
    await asyncio.gather(alice.wait_for_tone("Bob", BOB.tone_hz), bob.wait_for_tone("Alice", ALICE.tone_hz))
    await expect(alice.page.locator(".tile[aria-label^=Bob]")).to_have_class(re.compile("speaking"))
    if codecs == "wasm":
        for direction, name in (("sent", None), ("received", "Bob")):
            reading = await alice.wait_for_reading("t.backend !== null", direction, "video", name)
            assert reading["backend"] == "wasm"
    # Pictures are grabbed off an element that nobody sees, as long as somebody wants them.
    grabbed = alice.page.locator("body > video[aria-hidden=true]")
    await expect(grabbed).to_have_count(1)
    await alice.page.get_by_role("button", name="Leave").click()
    await expect(grabbed).to_have_count(0)
    assert alice.errors == bob.errors == []
