"""A machine that is too slow for its picture sends a smaller one, and the full one again when it has time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import BOB
from tests.support.browser import CallPage, browser, gateway_process, mark_of
from tests.support.clip import Clip
from tests.support.starver import renderers, starved

CAMERA = Clip(width=640, height=360, fps=30, seconds=4, start_ms=2_000_000)


@pytest.mark.parametrize("codecs", ["webcodecs", "wasm"])
async def test_a_starved_encoder_steps_down_and_comes_back(clips: Path, codecs: str) -> None:
    async with gateway_process() as url, browser(clips, CAMERA) as slow, browser(clips, BOB) as fast:
        alice = await CallPage.joined(slow, url, room="slow", name="Alice", quality="360p", codecs=codecs)
        bob = await CallPage.joined(fast, url, room="slow", name="Bob")
        full = await bob.wait_for_reading("t.size === '640×360'", "received", "video", "Alice")
        seen = await bob.wait_for_picture("Alice")

        async with starved(renderers(mark_of(slow)), 0.04):
            # Smaller or rarer pictures, but pictures: he still sees her move.
            poorer = "t.size !== '640×360' || t.framesPerSecond < 12"
            await bob.wait_for_reading(poorer, "received", "video", "Alice")
            await alice.wait_for_reading("t.limitation === 'cpu'", "sent", "video")
            seen = await bob.wait_for_other_picture("Alice", seen)
            seen = await bob.wait_for_other_picture("Alice", seen)

        await bob.wait_for_reading("t.size === '640×360'", "received", "video", "Alice")
        await alice.wait_for_reading("t.limitation !== 'cpu'", "sent", "video")
        await bob.wait_for_other_picture("Alice", seen)
        assert full["size"] == "640×360"
        assert alice.errors == bob.errors == []
