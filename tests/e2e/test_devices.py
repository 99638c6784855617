"""Cameras and microphones that are pulled out and put in during a call."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.e2e.conftest import ALICE, BOB
from tests.support.browser import CallPage
from tests.support.page_scripts import devices


async def test_devices_that_are_unplugged_and_replaced(gateway: str, bobs: Browser) -> None:
    alice = await CallPage.joined(bobs, gateway, room="plug", name="Alice", scripts=(devices(ALICE),))
    bob = await CallPage.joined(bobs, gateway, room="plug", name="Bob")
    assert await bob.wait_for_picture("Alice") < BOB.start_ms
    await bob.wait_for_tone("Alice", ALICE.tone_hz)
    tile = bob.page.locator(".tile[aria-label^=Alice]")

    # The camera goes: she is told, and he sees that it is off and not a picture that stands still.
    await alice.page.evaluate("wsmediaDevices.unplug('camera-1')")
    await expect(alice.page.get_by_text("The camera was unplugged")).to_be_visible()
    await expect(tile).to_have_attribute("aria-label", "Alice, camera off")
    await bob.wait_for_tone("Alice", ALICE.tone_hz)

    # Another one comes: it is taken by itself or by hand, and the notice goes.
    await alice.page.evaluate("wsmediaDevices.plug('videoinput', 'camera-2', 'Another camera')")
    camera_2 = "wsmediaDevices.inUse().includes('camera-2')"
    await (
        alice.page.get_by_role("button", name="Turn camera on")
        .or_(alice.page.get_by_role("button", name="Turn camera off"))
        .wait_for()
    )
    if await alice.page.get_by_role("button", name="Turn camera on").is_visible():
        await alice.page.get_by_role("button", name="Turn camera on").click()
    await alice.page.wait_for_function(camera_2)
    await expect(alice.page.get_by_text("The camera was unplugged")).to_be_hidden()
    last = await bob.wait_for_picture("Alice")
    await bob.wait_for_other_picture("Alice", last)

    # The same for the microphone.
    await alice.page.evaluate("wsmediaDevices.unplug('microphone-1')")
    await expect(alice.page.get_by_text("The microphone was unplugged")).to_be_visible()
    await expect(tile).to_have_attribute("aria-label", "Alice, microphone off")
    await alice.page.evaluate("wsmediaDevices.plug('audioinput', 'microphone-2', 'Another microphone')")
    await alice.page.wait_for_function("wsmediaDevices.inUse().includes('microphone-2')")
    await expect(alice.page.get_by_text("The microphone was unplugged")).to_be_hidden()
    await expect(tile).to_have_attribute("aria-label", "Alice")
    await bob.wait_for_tone("Alice", ALICE.tone_hz)
    assert alice.errors == bob.errors == []
