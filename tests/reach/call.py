"""One cell of the matrix: Alice, behind the network, enters Bob's room one way; do they see and hear each other?

Media count, not sockets: a time code is read off Bob's painted picture and changes, his tone is heard, and Bob has the
same of Alice. Alice's browser runs in the client's namespace, Bob's beside the gateway.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

from tests.reach.capture import Capture, watching
from tests.reach.route import Route
from tests.reach.site import Site
from tests.reach.ways import Way
from tests.support.browser import CallPage
from tests.support.clip import Clip

ALICE = Clip(width=320, height=180, fps=15, seconds=10, tone_hz=440)
BOB = Clip(width=320, height=180, fps=15, seconds=10, tone_hz=660, start_ms=1_000_000)

PASSES_SECONDS = 40.0
"""For how long media may be awaited where they must come; two browsers may share a busy machine."""

FAILS_SECONDS = 10.0
"""After how long a call without media counts as impossible, where it must be."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Outcome:
    """What became of a call.

    Attributes:
        media: whether both saw and heard each other, for as long as was asked for.
        seconds: from opening the page's address until Bob's first picture; None if there was none.
        carried_by: how it went, as the page says; empty if it does not.
        capture: what was on the client's wire.
        trouble: what was missing, and the page's last words.
    """

    media: bool
    seconds: float | None
    carried_by: str
    capture: Capture
    trouble: str = ""


@dataclass(frozen=True)
class Room:
    """A room with Bob in it.

    Attributes:
        name: the room's.
        bob: his page.
        behind: the browser in the client's namespace.
        site: with the gateway.
    """

    name: str
    bob: CallPage
    behind: Browser
    site: Site

    async def call(self, route: Route, way: Way, patience: float, lasts: float = 0.0) -> Outcome:
        """Have Alice enter, and leave again.

        Args:
            patience: seconds for all media to come.
            lasts: seconds after which they must still come, within ``patience``.
        """
        with watching(self.site.places.client) as capture:
            return await self._call(route, way, patience, lasts, capture)

    async def _call(self, route: Route, way: Way, patience: float, lasts: float, capture: Capture) -> Outcome:
        name = f"Alice {next(_numbers)}"
        query = {"room": self.name, "name": name, "autojoin": "1", "quality": "180p", "token": self.site.token}
        options: dict[str, Any] = {} if route.proxy is None else {"proxy": route.for_browser()}
        began = time.monotonic()
        first: float | None = None
        alice: CallPage | None = None
        missing = {"the page"}
        try:
            async with asyncio.timeout(patience):
                address = f"{route.url}?{urlencode(query | way.query)}"
                alice = await CallPage.open(self.behind, address, scripts=way.scripts(), **options)
                missing = {"Bob's picture"}
                await alice.wait_for_picture("Bob")
                first = time.monotonic() - began
                await _meet(alice, self.bob, name, missing)
            if lasts:
                await asyncio.sleep(lasts - (time.monotonic() - began))
                async with asyncio.timeout(patience):
                    await _meet(alice, self.bob, name, missing)
        except (TimeoutError, PlaywrightError) as error:
            seconds = time.monotonic() - began
            lacking = f"no {' and no '.join(sorted(missing))} after {seconds:.0f} s"
            said = [] if alice is None else alice.messages[-3:]
            what = [str(error).partition(" at https://")[0]] if isinstance(error, PlaywrightError) else []
            heard = [] if alice is None or first is None else await _sound(alice, self.bob, name)
            return Outcome(False, first, "", capture, "; ".join([lacking, *what, *said, *heard]))
        else:
            return Outcome(True, first, await _carrier(alice), capture)
        finally:
            if alice is not None:
                await alice.close()


async def _meet(alice: CallPage, bob: CallPage, name: str, missing: set[str]) -> None:
    """Until both see the other's picture move and hear the other's tone; ``missing`` says what is still awaited."""

    async def picture_moves(page: CallPage, whose: str) -> None:
        await page.wait_for_other_picture(whose, await page.wait_for_picture(whose))

    async def until(what: str, media: Awaitable[object]) -> None:
        missing.add(what)
        await media
        missing.discard(what)

    missing.clear()
    await asyncio.gather(
        until("Bob's moving picture", picture_moves(alice, "Bob")),
        until("Alice's moving picture", picture_moves(bob, name)),
        until("Bob's tone", alice.wait_for_tone("Bob", BOB.tone_hz)),
        until("Alice's tone", bob.wait_for_tone(name, ALICE.tone_hz)),
    )


async def _sound(alice: CallPage, bob: CallPage, name: str) -> list[str]:
    """What is known of the sound where media were missing."""
    figures = []
    for page, whose in ((alice, "Bob"), (bob, name)):
        with contextlib.suppress(TimeoutError, PlaywrightError):
            async with asyncio.timeout(5):
                known = await page.received(whose, "audio")
                named = {key: known.get(key) for key in ("frames", "level", "concealed", "playoutDelayMs")}
                figures.append(f"sound of {whose}: {named}")
    return figures


async def _carrier(alice: CallPage) -> str:
    """``native`` or the kinds of lanes that carry the call."""
    look = """() => {
      const { mode, path } = window.wsmedia;
      const kinds = (path?.lanes ?? []).filter((lane) => lane.state === "up").map((lane) => lane.kind);
      return mode === "native" || kinds.length > 0 ? { mode, kinds } : null;
    }"""
    handle = await alice.page.wait_for_function(look)
    found = await handle.json_value()
    return "native" if found["mode"] == "native" else "+".join(sorted(set(found["kinds"])))
