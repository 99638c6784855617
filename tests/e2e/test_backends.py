"""Calls with the browser's codecs and with our own in WebAssembly, in every combination: seen and heard both ways."""

from __future__ import annotations

import asyncio
import json

import pytest
from playwright.async_api import Browser, TimeoutError, expect

from tests.e2e.conftest import ALICE, BOB
from tests.support.browser import CallPage


async def see_and_hear_each_other(alice: CallPage, bob: CallPage) -> None:
    """Each the other's clip and not their own, moving, with its tone."""
    seen, shown = await asyncio.gather(alice.wait_for_picture("Bob"), bob.wait_for_picture("Alice"))
    assert seen >= BOB.start_ms > shown >= 0
    await asyncio.gather(alice.wait_for_other_picture("Bob", seen), bob.wait_for_other_picture("Alice", shown))
    await asyncio.gather(alice.wait_for_tone("Bob", BOB.tone_hz), bob.wait_for_tone("Alice", ALICE.tone_hz))
    assert alice.errors == bob.errors == []


BACKENDS = "Object.fromEntries(window.wsmedia.tracks.map((t) => [`${t.direction} ${t.kind}`, t.backend]))"


async def wait_at_work(call: CallPage, expected: dict[str, str]) -> None:
    """Until a page says that these encode and decode, by direction and kind."""
    entries = json.dumps(expected)
    same = "(now, then) => Object.keys(then).every((key) => now[key] === then[key])"
    try:
        await call.page.wait_for_function(f"({same})({BACKENDS}, {entries})")
    except TimeoutError:
        pytest.fail(f"expected {expected}, the page says {await call.page.evaluate(BACKENDS)}")


def own_codecs(kind: str, *, webcodecs: bool) -> dict[str, str]:
    """What a page should use by itself. Firefox's encoder holds dozens of pictures back, and is found out."""
    encoder = "webcodecs" if webcodecs and kind == "chromium" else "wasm"
    decoder = "webcodecs" if webcodecs else "wasm"
    return {"sent video": encoder, "sent audio": "wasm", "received video": decoder, "received audio": "wasm"}


@pytest.mark.parametrize(("alices_webcodecs", "bobs_webcodecs"), [(True, True), (False, False), (True, False)])
async def test_browsers_with_and_without_webcodecs(
    gateway: str, kind: str, running: Browser, bobs: Browser, alices_webcodecs: bool, bobs_webcodecs: bool
) -> None:
    room = f"codecs-{alices_webcodecs}-{bobs_webcodecs}"
    alice = await CallPage.joined(running, gateway, room=room, name="Alice", webcodecs=alices_webcodecs)
    bob = await CallPage.joined(bobs, gateway, room=room, name="Bob", webcodecs=bobs_webcodecs)
    await see_and_hear_each_other(alice, bob)
    for call, webcodecs in ((alice, alices_webcodecs), (bob, bobs_webcodecs)):
        await wait_at_work(call, own_codecs(kind, webcodecs=webcodecs))
        # And it is so: what was taken away is nowhere. Firefox lets nobody into its workers.
        for worker in call.page.workers if kind == "chromium" else ():
            assert await worker.evaluate("'VideoEncoder' in self || 'VideoDecoder' in self") is webcodecs
        assert await call.page.evaluate("'VideoEncoder' in self || 'VideoDecoder' in self") is webcodecs


@pytest.mark.parametrize("codecs", ["wasm", "webcodecs"])
async def test_codecs_that_the_address_asks_for(
    gateway: str, kind: str, running: Browser, bobs: Browser, codecs: str
) -> None:
    room = f"asked-{codecs}"
    alice = await CallPage.joined(running, gateway, room=room, name="Alice", codecs=codecs)
    bob = await CallPage.joined(bobs, gateway, room=room, name="Bob")
    asked = {f"{direction} {kind}": codecs for direction in ("sent", "received") for kind in ("video", "audio")}
    if kind == "firefox" and codecs == "webcodecs":
        # Its encoder is of no use in a call: that is said, and nobody is shown a picture that stands still.
        del asked["sent video"]
        await expect(alice.page.get_by_text("encodes video too late for a call")).to_be_visible()
        await expect(bob.page.locator(".tile[aria-label^=Alice]")).to_have_attribute("aria-label", "Alice, camera off")
        await alice.wait_for_other_picture("Bob", await alice.wait_for_picture("Bob"))
        await asyncio.gather(alice.wait_for_tone("Bob", BOB.tone_hz), bob.wait_for_tone("Alice", ALICE.tone_hz))
        assert alice.errors == bob.errors == []
    else:
        await see_and_hear_each_other(alice, bob)
    await wait_at_work(alice, asked)
