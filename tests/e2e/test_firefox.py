"""The same calls with Firefox: with itself, with Chromium either way, with its own codecs and with ours."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e.conftest import ALICE, BOB
from tests.support.browser import CallPage, browser, firefox, firefox_unavailable_reason, gateway_process
from tests.support.tcp_proxy import TcpProxy

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(firefox_unavailable_reason() is not None, reason=str(firefox_unavailable_reason())),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway() -> AsyncIterator[str]:
    async with gateway_process() as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def foxes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with firefox(tmp_path_factory.mktemp("firefox"), ALICE) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium(clips: Path) -> AsyncIterator[Browser]:
    async with browser(clips, BOB) as running:
        yield running


@pytest.mark.parametrize("codecs", ["auto", "wasm"])
async def test_firefox_and_chromium_see_and_hear_each_other(
    gateway: str, foxes: Browser, chromium: Browser, codecs: str
) -> None:
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
    assert alice.errors == bob.errors == []
    await alice.close()
    await bob.close()


async def test_firefox_mutes_and_leaves(gateway: str, foxes: Browser, chromium: Browser) -> None:
    alice = await CallPage.joined(foxes, gateway, room="fox-mute", name="Alice")
    bob = await CallPage.joined(chromium, gateway, room="fox-mute", name="Bob")
    tile = bob.page.locator(".tile[aria-label^=Alice]")
    await bob.wait_for_picture("Alice")
    await alice.page.get_by_role("button", name="Turn microphone off").click()
    await expect(tile).to_have_attribute("aria-label", "Alice, microphone off")
    await alice.page.keyboard.press("m")
    await expect(tile).to_have_attribute("aria-label", "Alice")
    await alice.page.keyboard.press("v")
    await expect(tile).not_to_have_class(re.compile("pictured"))
    await alice.page.get_by_role("button", name="Turn camera on").click()
    await expect(tile).to_have_class(re.compile("pictured"))
    await bob.wait_for_tone("Alice", ALICE.tone_hz)
    # Pictures are grabbed off an element that nobody sees, as long as somebody wants them.
    grabbed = alice.page.locator("body > video[aria-hidden=true]")
    await expect(grabbed).to_have_count(1)
    await alice.page.get_by_role("button", name="Leave").click()
    await expect(grabbed).to_have_count(0)
    await expect(bob.page.get_by_text("Nobody else is here yet")).to_be_visible()
    assert alice.errors == bob.errors == []
    await alice.close()
    await bob.close()


async def test_firefox_resumes_a_connection_that_was_reset(gateway: str, foxes: Browser, chromium: Browser) -> None:
    async with TcpProxy(int(gateway.rstrip("/").rpartition(":")[2])) as proxy:
        alice = await CallPage.joined(foxes, f"{proxy.url}/", room="fox-cut", name="Alice")
        bob = await CallPage.joined(chromium, gateway, room="fox-cut", name="Bob")
        await asyncio.gather(alice.wait_for_picture("Bob"), bob.wait_for_picture("Alice"))
        participant = await alice.page.evaluate("window.wsmedia.participantId")
        proxy.refuse()
        assert proxy.reset() >= 1
        await alice.page.wait_for_function("window.wsmedia.state === 'reconnecting'")
        last = await bob.wait_for_picture("Alice")
        proxy.refuse(False)
        await alice.wait_connected()
        await bob.wait_for_other_picture("Alice", last)
        assert await alice.page.evaluate("window.wsmedia.participantId") == participant
        assert alice.errors == bob.errors == []
        await alice.close()
        await bob.close()


async def test_two_foxes(gateway: str, foxes: Browser) -> None:
    alice = await CallPage.joined(foxes, gateway, room="foxes", name="Alice")
    bob = await CallPage.joined(foxes, gateway, room="foxes", name="Bob")
    seen, shown = await asyncio.gather(alice.wait_for_picture("Bob"), bob.wait_for_picture("Alice"))
    await asyncio.gather(alice.wait_for_other_picture("Bob", seen), bob.wait_for_other_picture("Alice", shown))
    await asyncio.gather(alice.wait_for_tone("Bob", ALICE.tone_hz), bob.wait_for_tone("Alice", ALICE.tone_hz))
    assert alice.errors == bob.errors == []
    await alice.close()
    await bob.close()
