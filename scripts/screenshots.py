"""Makes docs/screenshots/ anew: the page's main states, from real pages in real calls over a real gateway.

Run by ``make screenshots``; it needs Chromium and the built page, as the browser tests do. The people are drawn on
canvases that the pages take for cameras, so that no device and nobody's face is needed.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import sys
import tempfile
from collections.abc import Callable, Coroutine
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import av
import av.codec
import av.filter
from playwright.async_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from drawn_crowd import crowd, film  # noqa: E402

from tests.support.browser import browser, gateway_process  # noqa: E402

DEADLINE_MS = 120_000.0
FRAMES = 6
DESK: dict[str, Any] = {"viewport": {"width": 1200, "height": 750}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
COLOURS = 256
CHARTED_SECONDS = 45
FLUENT_FPS = 15  # where frame rates are shown
Scene = Callable[["Album", Browser, str], Coroutine[Any, Any, None]]
PEOPLE: list[dict[str, Any]] = [
    {"name": "Alice", "wall": "#c9d6df", "shirt": "#3a6094", "skin": "#ecc4a8", "hair": "#5c3a28", "long": True},
    {
        "name": "Bob",
        "wall": "#c2ccba",
        "shirt": "#54684c",
        "skin": "#ac7a58",
        "hair": "#221a18",
        "long": False,
        "speaks": True,
    },
    {"name": "Carol", "wall": "#dfd0c4", "shirt": "#a0484e", "skin": "#f4d0b6", "hair": "#c48e4a", "long": True},
    {"name": "Dan", "wall": "#d3cbe0", "shirt": "#4c4a58", "skin": "#e2b48e", "hair": "#8a8a8e", "long": False},
    {"name": "Erin", "wall": "#bfd8d4", "shirt": "#c08a3c", "skin": "#7c5238", "hair": "#1c1614", "long": True},
    {"name": "Frank", "wall": "#d8d2c0", "shirt": "#2f6b66", "skin": "#f0c8ae", "hair": "#a0522d", "long": False},
    {"name": "Grace", "wall": "#cdd8c6", "shirt": "#7a4a8c", "skin": "#c68e6a", "hair": "#3a2a20", "long": True},
    {"name": "Heidi", "wall": "#e0cfc9", "shirt": "#3f6f9c", "skin": "#f2cdb4", "hair": "#d8b070", "long": True},
    {"name": "Ivan", "wall": "#c4ccd8", "shirt": "#8a5a3a", "skin": "#e8bd9a", "hair": "#4a3020", "long": False},
]
DEVICES = Path(__file__).with_name("drawn_devices.js").read_text()


async def visit(running: Browser, url: str, person: dict[str, Any], options: dict[str, Any], **query: str) -> Page:
    """One person's page, in the lobby or (``autojoin``) on the way into the call."""
    context = await running.new_context(**options)
    context.set_default_timeout(DEADLINE_MS)
    page = await context.new_page()
    await page.add_init_script(f"{{ const PERSON = {json.dumps(person)}; {DEVICES} }}")
    everything = {"room": "standup", "name": person["name"], "quality": "360p", "mode": "tunnel", **query}
    await page.goto(f"{url}?{urlencode(everything)}")
    return page


async def meet(running: Browser, url: str, looks: list[dict[str, Any]], fps: int = 5, **query: str) -> list[Page]:
    """As many people as there are looks (of Playwright contexts) in one call, with all pictures on the first page."""
    pages = []
    for person, options in zip(PEOPLE, looks, strict=False):
        page = await visit(running, url, person | {"fps": fps}, options, autojoin="1", **query)
        await page.wait_for_function("window.wsmedia?.state === 'connected'")
        pages.append(page)
    for page in (pages[0], pages[-1]):
        await everybody_is_seen(page, len(pages) - 1)
    return pages


async def everybody_is_seen(page: Page, others: int) -> None:
    """Until so many cameras have given some pictures and still do, and no note is in the way."""
    await page.wait_for_function(
        "([others, frames]) => window.wsmedia.tracks.filter((track) => track.direction === 'received'"
        " && track.source === 'camera' && track.frames > frames).length >= others"
        " && document.querySelector('.toast, .tile.stalled') === null",
        arg=[others, FRAMES],
    )


def shrink(image: bytes) -> bytes:
    """The same PNG with a palette of its own, a third as large; flat colours lose nothing that eyes would miss."""
    with av.open(io.BytesIO(image), mode="r") as opened:
        frame = next(opened.decode(video=0))
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25))
    split, palette = graph.add("split"), graph.add("palettegen", f"max_colors={COLOURS}:reserve_transparent=0")
    use, sink = graph.add("paletteuse", "dither=none"), graph.add("buffersink")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    frame.pts = 0
    graph.push(frame)
    graph.push(None)
    quantised = graph.pull()
    assert isinstance(quantised, av.VideoFrame)
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = (
        frame.width,
        frame.height,
        "pal8",
        Fraction(1, 25),
    )
    encoder.options = {"compression_level": "9", "pred": "none"}
    packets = [*encoder.encode(quantised), *encoder.encode(None)]
    return min(image, b"".join(bytes(packet) for packet in packets), key=len)


class Album:
    """Where the pictures go."""

    def __init__(self, directory: Path, only: frozenset[str]) -> None:
        """Write into ``directory``; of ``only`` these names if there are any."""
        self._directory = directory
        self._only = only

    def wants(self, *names: str) -> bool:
        """Whether one of these is to be made."""
        return not self._only or not self._only.isdisjoint(names)

    async def take(self, page: Page, name: str) -> None:
        """Photograph a page."""
        if not self.wants(name):
            return
        await page.mouse.move(0, 0)
        await page.wait_for_function("document.getAnimations().every((one) => one.constructor !== CSSTransition)")
        image = shrink(await page.screenshot())
        (self._directory / f"{name}.png").write_bytes(image)
        print(f"{name}.png: {len(image) // 1024} KiB")


async def lobbies(album: Album, running: Browser, url: str) -> None:
    """The form, on a desk in the light and on a phone in the dark."""
    for name, look in (("lobby", DESK), ("lobby-phone", PHONE | {"color_scheme": "dark"})):
        page = await visit(running, url, PEOPLE[0], look)
        await page.wait_for_selector(".preview.pictured")
        await page.wait_for_function("document.querySelector('.preview video').readyState >= 2")
        await album.take(page, name)
        await page.context.close()


async def denied(album: Album, url: str) -> None:
    """Somebody who allows neither camera nor microphone; the browser really asks nobody here, and refuses."""
    async with browser(ROOT, None, "--use-fake-device-for-media-stream", permission=False) as running:
        context = await running.new_context(**DESK)
        page = await context.new_page()
        await page.add_init_script(
            "document.addEventListener('DOMContentLoaded', () => document.activeElement?.blur())"
        )
        await page.goto(f"{url}?room=standup&name=Alice")
        await page.wait_for_selector("[role=alert]")
        await album.take(page, "permission-denied")


async def three(album: Album, running: Browser, url: str) -> None:
    """A call of three: as it is, with charts, with a screen, in the light, on a phone."""
    dark, light = DESK | {"color_scheme": "dark"}, DESK | {"color_scheme": "light"}
    looks = [dark, light, PHONE | {"color_scheme": "dark"}]
    alice, bob, carol = await meet(running, url, looks, fps=FLUENT_FPS)
    await album.take(alice, "call")
    await album.take(bob, "call-light")
    await album.take(carol, "call-phone")
    await alice.keyboard.press("d")
    samples = "document.querySelector('.chart-line.line-1').getAttribute('d').split('L').length"
    if album.wants("details", "details-phone"):
        await alice.wait_for_function(f"{samples} > {CHARTED_SECONDS}")
    await album.take(alice, "details")
    await carol.keyboard.press("d")
    await carol.wait_for_function(f"{samples} > 1")
    await album.take(carol, "details-phone")
    for page in (alice, carol):
        await page.keyboard.press("Escape")
    await bob.get_by_role("button", name="Share your screen").click()
    for page in (alice, carol):
        await page.wait_for_selector(".tile.screen.featured.pictured")
    await everybody_is_seen(alice, 2)
    await album.take(alice, "screen-share")
    await album.take(carol, "screen-share-phone")


async def many(album: Album, running: Browser, url: str) -> None:
    """As many people as are drawn; all but the first are clips without a browser: one machine carries them all."""
    first, *others = PEOPLE
    with tempfile.TemporaryDirectory() as folder:
        clips = await asyncio.gather(*(film(running, url, person, DEVICES, Path(folder)) for person in others))
        alice = await visit(running, url, first, DESK | {"color_scheme": "dark"}, autojoin="1")
        await alice.wait_for_function("window.wsmedia?.state === 'connected'")
        async with crowd(url, "standup", clips):
            await everybody_is_seen(alice, len(others))
            await album.take(alice, "call-many")


async def reconnecting(album: Album, running: Browser) -> None:
    """The server goes away in the middle of a call."""
    async with gateway_process(crashes=True) as url:
        alice, *_others = await meet(running, url, [DESK, DESK, DESK])
    await alice.wait_for_selector(".card.waiting")
    await album.take(alice, "reconnecting")


async def make(album: Album) -> None:
    """Make all that are wanted."""
    scenes: list[tuple[tuple[str, ...], Scene]] = [
        (("lobby", "lobby-phone"), lobbies),
        (("call", "call-light", "call-phone", "details", "details-phone", "screen-share", "screen-share-phone"), three),
        (("call-many",), many),
    ]
    async with gateway_process() as url:
        for names, scene in scenes:
            if not album.wants(*names):
                continue
            async with browser(ROOT, None) as running:
                await scene(album, running, url)
        if album.wants("permission-denied"):
            await denied(album, url)
    if album.wants("reconnecting"):
        async with browser(ROOT, None) as running:
            await reconnecting(album, running)


def main() -> None:
    """Parse the command line and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("names", nargs="*", help="only these, as `lobby call-many`")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    asyncio.run(make(Album(arguments.output, frozenset(arguments.names))))


if __name__ == "__main__":
    main()
