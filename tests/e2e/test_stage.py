"""The call as people use it: who is large, one's own picture, screens, more people than places, charts, report."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.e2e.conftest import ALICE
from tests.support.browser import CallPage

# A window that is played from the fake camera's clip: headless Chromium has no screen.
SCREEN = """
navigator.mediaDevices.getDisplayMedia = async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true });
  return (window.sharedScreen = stream);
};
"""


async def area(tile: Locator) -> float:
    """How large something is, square pixels."""
    box = await tile.bounding_box()
    return 0.0 if box is None else box["width"] * box["height"]


async def test_anybody_can_be_made_large_by_click_and_by_keyboard(gateway: str, running: Browser) -> None:
    alice = await CallPage.joined(running, gateway, room="large", name="Alice")
    for name in ("Bob", "Carol"):
        await CallPage.joined(running, gateway, room="large", name=name)
    bob, carol = (alice.page.locator(f".tile[aria-label^={name}]") for name in ("Bob", "Carol"))
    await alice.wait_for_picture("Carol")
    await alice.page.bring_to_front()
    await expect(alice.page.locator(".tile.featured")).to_have_count(0)

    await bob.locator(".tile-picture").click()
    await expect(bob).to_have_class(re.compile("featured"))
    await expect(carol).not_to_have_class(re.compile("featured"))
    # Tiles glide to their places.
    await alice.page.wait_for_function("document.getAnimations().every((one) => !(one instanceof CSSTransition))")
    assert await area(bob) > 5 * await area(carol)

    await alice.page.get_by_role("button", name="Show Carol large").focus()
    await alice.page.keyboard.press("Enter")
    await expect(carol).to_have_class(re.compile("featured"))
    await alice.page.keyboard.press("g")
    await expect(alice.page.locator(".tile.featured")).to_have_count(0)
    assert alice.errors == []


async def test_ones_own_picture_moves_out_of_the_way(gateway: str, running: Browser) -> None:
    alice = await CallPage.joined(running, gateway, room="corner", name="Alice")
    await CallPage.joined(running, gateway, room="corner", name="Bob")
    page, own = alice.page, alice.page.locator(".tile.self")
    await expect(own).to_have_attribute("data-corner", "bottom-right")
    await page.get_by_role("button", name="Move your picture").focus()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowLeft")
    await expect(own).to_have_attribute("data-corner", "top-left")

    box, stage = await own.bounding_box(), await page.locator(".stage").bounding_box()
    assert box is not None
    assert stage is not None
    assert (box["x"] - stage["x"], box["y"] - stage["y"]) < (30, 30)
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 8)
    await page.mouse.down()
    await page.mouse.move(stage["x"] + stage["width"] - 60, stage["y"] + 90, steps=5)
    await page.mouse.up()
    await expect(own).to_have_attribute("data-corner", "top-right")

    await page.get_by_role("button", name="Hide your picture").click()
    await expect(own).to_be_hidden()
    await page.reload()
    await alice.wait_connected()
    await expect(own).to_be_hidden()
    await page.get_by_role("button", name="Show your picture").click()
    await expect(own).to_be_visible()
    await page.keyboard.press("h")
    await expect(own).to_be_hidden()
    assert alice.errors == []


async def test_a_shared_screen_is_shown_large_until_it_ends(gateway: str, running: Browser) -> None:
    alice = await CallPage.joined(running, gateway, room="screen", name="Alice")
    bob = await CallPage.joined(running, gateway, room="screen", name="Bob")
    await bob.page.evaluate(SCREEN)
    await alice.wait_for_picture("Bob")
    screen = alice.page.get_by_role("group", name="Screen of Bob")

    await bob.page.keyboard.press("s")
    await asyncio.gather(
        expect(alice.page.get_by_text("Bob shares a screen")).to_be_visible(),
        expect(bob.page.get_by_role("group", name="Your screen")).to_be_visible(),
        expect(screen).to_have_class(re.compile("featured.*pictured|pictured.*featured")),
    )
    shown = "wsmediaTest.timeCode(window.wsmedia.surface(wsmediaTest.person('Bob').participantId, 'screen')) !== null"
    await alice.page.wait_for_function(shown)
    # The camera goes on beside it.
    await alice.wait_for_other_picture("Bob", await alice.wait_for_picture("Bob"))

    # The browser's own "stop sharing" ends the track, and nobody asks the page.
    await bob.page.evaluate(
        """() => {
          const [track] = window.sharedScreen.getTracks();
          track.stop();
          track.dispatchEvent(new Event("ended"));
        }"""
    )
    await expect(screen).to_have_count(0)
    await expect(bob.page.get_by_role("button", name="Share your screen")).to_be_visible()
    assert alice.errors == bob.errors == []


async def test_who_has_no_place_is_heard_and_costs_nothing(gateway: str, running: Browser) -> None:
    small = {"viewport": {"width": 200, "height": 280}}
    alice = await CallPage.joined(running, gateway, room="crowd", name="Alice", viewport=small)
    names = ("Bob", "Carol", "Dan")
    people = [await CallPage.joined(running, gateway, room="crowd", name=name) for name in names]
    await expect(alice.page.get_by_text(re.compile(r"^\+\d others?$"))).to_be_visible()
    await alice.page.wait_for_function("window.wsmedia.participants.some((person) => person.videoPaused)")
    unseen = await alice.page.evaluate("window.wsmedia.participants.find((person) => person.videoPaused).name")
    await alice.wait_for_tone(unseen, ALICE.tone_hz)
    hidden = alice.page.locator(f".tile[aria-label^={unseen}]")
    await expect(hidden).to_be_hidden()

    await alice.page.set_viewport_size({"width": 1000, "height": 700})
    await expect(hidden).to_be_visible()
    await alice.wait_for_other_picture(unseen, await alice.wait_for_picture(unseen))
    assert [call.errors for call in (alice, *people)] == [[], [], [], []]


async def test_charts_and_figures_are_there_for_eyes_and_ears(gateway: str, running: Browser) -> None:
    alice = await CallPage.joined(running, gateway, room="charts", name="Alice")
    bob = await CallPage.joined(running, gateway, room="charts", name="Bob")
    await bob.wait_for_picture("Alice")
    # In Firefox only the tab in front has the focus.
    await alice.page.bring_to_front()
    button = alice.page.get_by_role("button", name="Call details")
    await button.click()
    drawer = alice.page.get_by_role("dialog")
    await expect(drawer.get_by_role("img", name=re.compile(r"^Bitrate: Sending \d+ kb.s"))).to_be_visible()
    await expect(
        drawer.get_by_role("img", name=re.compile(r"^Delay, camera to screen: Picture \d+ ms"))
    ).to_be_visible()
    await expect(drawer.get_by_role("listitem").filter(has_text="H.264 by WebCodecs")).to_be_visible()
    await expect(drawer.get_by_role("rowheader", name="Camera")).to_have_count(2)
    # One can go on talking: the call's keys still work.
    await alice.page.keyboard.press("m")
    await expect(alice.page.get_by_role("button", name="Turn microphone on")).to_be_visible()
    await alice.page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    await expect(button).to_be_focused()
    assert alice.errors == []


async def test_the_report_says_nothing_of_who_was_where(gateway: str, running: Browser, tmp_path: Path) -> None:
    alice = await CallPage.joined(running, gateway, room="confidential", name="Alice Secret", token="a.b.c")
    bob = await CallPage.joined(running, gateway, room="confidential", name="Bob Hidden")
    await bob.wait_for_picture("Alice Secret")
    await alice.page.wait_for_function("window.wsmedia.tracks.some((t) => t.direction === 'received' && t.frames > 5)")
    await alice.page.keyboard.press("d")
    await expect(alice.page.get_by_role("img", name=re.compile(r"^Bitrate: Sending \d"))).to_be_visible()
    async with alice.page.expect_download() as download:
        await alice.page.get_by_role("button", name="Download report").click()
    path = tmp_path / "report.json"
    await (await download.value).save_as(path)
    text = path.read_text()
    own, other = await alice.page.evaluate("[wsmedia.participantId, wsmedia.participants[0].participantId]")
    for secret in ("confidential", "Secret", "Hidden", "a.b.c", own, other):
        assert secret not in text
    report = json.loads(text)
    assert report["call"] == {"mode": "tunnel", "state": "connected"}
    assert report["browser"]["apis"]["VideoEncoder"] is True
    assert {track["participant"] for track in report["tracks"]} == {"self", "participant 1"}
    assert any(event["kind"] == "trackadded" for event in report["events"])
    assert report["samples"][-1]["sentBps"] > 0


@pytest.mark.parametrize("size", [(320, 568), (568, 320), (640, 400)])
async def test_small_windows_and_large_print(gateway: str, running: Browser, size: tuple[int, int]) -> None:
    # 640 × 400 is a desk's 1280 × 800 at a zoom of 200 %.
    viewport = {"viewport": {"width": size[0], "height": size[1]}}
    alice = await CallPage.joined(running, gateway, room="small", name="Alice", viewport=viewport)
    page = alice.page
    for opened in (None, "Call details", "Devices"):
        if opened is not None:
            await page.get_by_role("button", name=opened).click()
            await expect(page.get_by_role("dialog")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if opened is not None:
            dialog = page.get_by_role("dialog")
            assert await dialog.evaluate("(element) => element.scrollWidth <= element.clientWidth")
            await page.keyboard.press("Escape")
    for name in ("Turn microphone off", "Turn camera off", "Share your screen", "Devices", "Call details", "Leave"):
        box = await page.get_by_role("button", name=name).bounding_box()
        assert box is not None, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= size[0], name
        assert box["y"] + box["height"] <= size[1], name
