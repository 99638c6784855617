"""The page as people use it: the form, what it remembers, keyboard, phone, light and dark."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Worker, expect

from tests.support.browser import DEADLINE_MS, CallPage

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}


async def fits(page: Page) -> bool:
    """Whether nothing needs sideways scrolling."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_the_form_asks_for_what_is_missing_and_remembers(gateway: str, running: Browser) -> None:
    call = await CallPage.open(running, gateway)
    page = call.page
    name, room = page.get_by_label("Your name"), page.get_by_label("Room")
    await expect(name).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Please say what others should call you.")).to_be_visible()
    await name.fill("Alice Example")
    await room.fill("not a room")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("A room name has up to 64 letters")).to_be_visible()
    await room.fill("standup")
    await page.get_by_label("Video quality").select_option("180p")
    await room.press("Enter")
    await call.wait_connected()
    assert "room=standup" in page.url

    await page.goto(gateway)
    await expect(name).to_have_value("Alice Example")
    await expect(room).to_have_value("standup")
    await expect(page.get_by_label("Video quality")).to_have_value("180p")


async def test_everything_can_be_reached_by_keyboard(gateway: str, running: Browser) -> None:
    call = await CallPage.joined(running, gateway, room="keys", name="Alice")
    page = call.page
    reached: list[str] = []
    for _ in range(12):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''"))
    for label in ("Turn microphone off", "Turn camera off", "Devices", "Call details", "Leave"):
        assert label in reached
    await page.get_by_role("button", name="Call details").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text("Round trip")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert call.errors == []


@pytest.mark.not_in_firefox("its workers cannot be seen from outside, and its memory cannot be collected on request")
async def test_joining_and_leaving_again_and_again_leaves_nothing_behind(gateway: str, running: Browser) -> None:
    call = await CallPage.open(running, f"{gateway}?room=doors&name=Alice&quality=180p")
    page = call.page
    ended: asyncio.Queue[Worker] = asyncio.Queue()
    page.on("worker", lambda worker: worker.on("close", ended.put_nowait))
    remember = "(window.screens ??= []).push(new WeakRef(document.querySelector('main')))"
    for button in ("Join", "Join again", "Join again"):
        await page.wait_for_function("document.querySelector('.preview video')?.readyState >= 2")
        await page.evaluate(remember)
        await page.get_by_role("button", name=button, exact=True).click()
        await expect(page.get_by_role("heading", name="doors")).to_be_focused()
        await call.wait_connected()
        assert len(page.workers) == 3
        await page.evaluate(remember)
        await page.get_by_role("button", name="Leave").click()
        await expect(page.get_by_role("button", name="Join again")).to_be_focused()
        async with asyncio.timeout(DEADLINE_MS / 1000):
            while page.workers:
                await ended.get()
    debugger = await call.context.new_cdp_session(page)
    async with asyncio.timeout(DEADLINE_MS / 1000):
        while await page.evaluate("window.screens.some((screen) => screen.deref() !== undefined)"):
            await debugger.send("HeapProfiler.collectGarbage")
    # Leaving before the server has answered works as well.
    await page.get_by_role("button", name="Join again").click()
    await page.get_by_role("button", name="Leave").click()
    await expect(page.get_by_text("You left the call.")).to_be_visible()
    assert call.errors == []


async def test_a_name_is_text_whatever_it_looks_like(gateway: str, running: Browser) -> None:
    name = "<img src=x onerror=alert(1)>"
    alice = await CallPage.joined(running, gateway, room="names", name="Alice")
    await CallPage.joined(running, gateway, room="names", name=name)
    await expect(alice.page.locator(".tile-name-text", has_text=name)).to_be_visible()
    await alice.page.get_by_role("button", name="Call details").click()
    await expect(alice.page.get_by_role("heading", name=f"From {name}")).to_be_visible()
    await expect(alice.page.locator("img")).to_have_count(0)
    assert alice.errors == []


async def test_a_phone_needs_no_sideways_scrolling(gateway: str, running: Browser) -> None:
    # Firefox is a phone's only in size: Playwright has no "mobile" for it, and its taps click nothing there.
    finger = running.browser_type.name == "chromium"
    mobile = {"is_mobile": True} if finger else {}
    lobby = await CallPage.open(running, f"{gateway}?room=phone", **PHONE, **mobile)
    await expect(lobby.page.locator(".preview.pictured")).to_be_visible()
    assert await fits(lobby.page)
    await lobby.page.get_by_label("Your name").fill("Somebody With A Very Long Name Indeed")
    join = lobby.page.get_by_role("button", name="Join", exact=True)
    await (join.tap() if finger else join.click())
    await lobby.wait_connected()
    assert await fits(lobby.page)
    leave = await lobby.page.get_by_role("button", name="Leave").bounding_box()
    assert leave is not None
    assert leave["x"] + leave["width"] <= 360
    assert leave["y"] + leave["height"] <= 740


async def test_light_and_dark(gateway: str, running: Browser) -> None:
    call = await CallPage.open(running, gateway, color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = await call.page.evaluate(background)
    await call.page.get_by_role("button", name="Use light colours").click()
    light = await call.page.evaluate(background)
    assert dark != light
    await call.page.reload()
    assert await call.page.evaluate(background) == light


async def test_a_device_can_be_chosen_during_the_call(gateway: str, running: Browser) -> None:
    alice = await CallPage.joined(running, gateway, room="devices", name="Alice")
    bob = await CallPage.joined(running, gateway, room="devices", name="Bob")
    await bob.wait_for_picture("Alice")
    await alice.page.get_by_role("button", name="Devices").click()
    camera = alice.page.get_by_role("dialog").get_by_label("Camera")
    assert await camera.locator("option").count() >= 2
    await camera.select_option(index=1)
    last = await bob.wait_for_picture("Alice")
    await bob.wait_for_other_picture("Alice", last)
    assert alice.errors == bob.errors == []
