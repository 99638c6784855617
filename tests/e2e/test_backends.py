"""Calls with the browser's codecs and with our own in WebAssembly, in every combination: seen and heard both ways."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, TimeoutError

from tests.e2e.conftest import ALICE, BOB
from tests.support.browser import CallPage, browser, gateway_process

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway() -> AsyncIterator[str]:
    async with gateway_process() as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def alices(clips: Path) -> AsyncIterator[Browser]:
    async with browser(clips, ALICE) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bobs(clips: Path) -> AsyncIterator[Browser]:
    async with browser(clips, BOB) as running:
        yield running


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


@pytest.mark.parametrize(
    ("alices_webcodecs", "bobs_webcodecs"), [(True, True), (False, False), (True, False), (False, True)]
)
async def test_browsers_with_and_without_webcodecs(
    gateway: str, alices: Browser, bobs: Browser, alices_webcodecs: bool, bobs_webcodecs: bool
) -> None:
    room = f"codecs-{alices_webcodecs}-{bobs_webcodecs}"
    alice = await CallPage.joined(alices, gateway, room=room, name="Alice", webcodecs=alices_webcodecs)
    bob = await CallPage.joined(bobs, gateway, room=room, name="Bob", webcodecs=bobs_webcodecs)
    await see_and_hear_each_other(alice, bob)
    for call, webcodecs in ((alice, alices_webcodecs), (bob, bobs_webcodecs)):
        video = "webcodecs" if webcodecs else "wasm"
        expected = {"sent video": video, "sent audio": "wasm", "received video": video, "received audio": "wasm"}
        await wait_at_work(call, expected)
        # And it is so: what was taken away is nowhere.
        for worker in call.page.workers:
            assert await worker.evaluate("'VideoEncoder' in self || 'VideoDecoder' in self") is webcodecs
    await alice.close()
    await bob.close()


@pytest.mark.parametrize("codecs", ["wasm", "webcodecs"])
async def test_codecs_that_the_address_asks_for(gateway: str, alices: Browser, bobs: Browser, codecs: str) -> None:
    room = f"asked-{codecs}"
    alice = await CallPage.joined(alices, gateway, room=room, name="Alice", codecs=codecs)
    bob = await CallPage.joined(bobs, gateway, room=room, name="Bob")
    await see_and_hear_each_other(alice, bob)
    await wait_at_work(
        alice, {f"{direction} {kind}": codecs for direction in ("sent", "received") for kind in ("video", "audio")}
    )
    await alice.close()
    await bob.close()
