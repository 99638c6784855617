"""When the page cannot do what it should, it says in plain words why."""

from __future__ import annotations

import mimetypes
import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, Route, expect

from tests.e2e.conftest import ALICE
from tests.support.browser import CallPage, gateway_process, started
from wsmedia.app.page import page_directory
from wsmedia.auth import issue_token

KEY = "a key that is long enough to sign with"


async def test_a_wrong_token_is_refused_and_a_right_one_is_not(running: Browser) -> None:
    async with gateway_process("--token-key", KEY) as url:
        for token in ({}, {"token": "no.such.token"}, {"token": issue_token(KEY, "door", time.time() - 60)}):
            query = {"room": "door", "name": "Alice", "autojoin": "1", "quality": "180p", "mode": "tunnel", **token}
            page = await CallPage.open(running, url + "?" + "&".join(f"{k}={v}" for k, v in query.items()))
            await expect(page.page.get_by_role("alert")).to_contain_text("Your invitation was not accepted")
            assert "token" not in page.page.url
            await page.close()
        other = issue_token(KEY, "elsewhere", time.time() + 60)
        page = await CallPage.open(running, f"{url}?room=door&name=Alice&autojoin=1&mode=tunnel&token={other}")
        await expect(page.page.get_by_role("alert")).to_contain_text("Your invitation is for something else")
        await page.close()
        good = issue_token(KEY, "door", time.time() + 60)
        page = await CallPage.joined(running, url, room="door", name="Alice", token=good)
        assert "token" not in page.page.url
        # The token outlives a reload, although the address does not show it.
        await page.page.reload()
        await page.wait_connected()


async def test_without_permission_the_page_says_how_to_give_it(gateway: str, kind: str, clips: Path) -> None:
    async with started(kind, clips, ALICE, permission=False) as running:
        page = await CallPage.open(running, f"{gateway}?room=r&name=Alice&mode=tunnel")
        await expect(page.page.get_by_text("The camera is blocked")).to_be_visible()
        await expect(page.page.get_by_text("The microphone is blocked")).to_be_visible()
        # One can still come in to look and listen.
        await page.page.get_by_role("button", name="Join", exact=True).click()
        await page.wait_connected()
        # What was read and closed stays closed, whatever else happens.
        card = page.page.get_by_role("alert").filter(has_text="The camera is blocked")
        await card.get_by_role("button", name="Close").click()
        await expect(card).to_be_hidden()
        await page.page.get_by_role("button", name="Devices").click()
        await page.page.get_by_role("dialog").get_by_label("Video quality").select_option("360p")
        await page.page.keyboard.press("Escape")
        await page.page.keyboard.press("m")
        await expect(page.page.get_by_text("The microphone is blocked")).to_be_visible()
        await expect(card).to_be_hidden()
        assert page.errors == []


async def test_without_devices_the_page_says_so(gateway: str, kind: str, clips: Path) -> None:
    async with started(kind, clips, None) as running:
        page = await CallPage.open(running, f"{gateway}?room=r&name=Alice&mode=tunnel")
        await expect(page.page.get_by_text("No camera found")).to_be_visible()
        await expect(page.page.get_by_text("No microphone found")).to_be_visible()


async def test_a_camera_that_another_program_holds(gateway: str, running: Browser) -> None:
    page = await CallPage.open(running, "about:blank")
    await page.page.add_init_script(
        """const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (constraints) => {
          if (constraints.video && !window.cameraIsFree) throw new DOMException("", "NotReadableError");
          return open(constraints);
        };"""
    )
    await page.page.goto(f"{gateway}?room=r&name=Alice&mode=tunnel")
    await expect(page.page.get_by_text("The camera is in use")).to_be_visible()
    await page.page.evaluate("window.cameraIsFree = true")
    await page.page.get_by_role("button", name="Try again").click()
    await expect(page.page.get_by_text("The camera is in use")).to_be_hidden()
    await expect(page.page.locator(".preview.pictured")).to_be_visible()


async def test_no_server(running: Browser) -> None:
    async with gateway_process() as url:
        page = await CallPage.open(running, f"{url}?room=r&name=Alice&quality=180p&mode=tunnel")
        await expect(page.page.locator(".preview.pictured")).to_be_visible()
    await page.page.get_by_role("button", name="Join", exact=True).click()
    await expect(page.page.get_by_role("alert")).to_contain_text("The server cannot be reached")


async def _serve_page(route: Route) -> None:
    path = page_directory() / (route.request.url.partition("/insecure.test/")[2].partition("?")[0] or "index.html")
    if path.is_file():
        await route.fulfill(body=path.read_bytes(), content_type=mimetypes.guess_type(path.name)[0] or "text/plain")
    else:
        await route.fulfill(status=404)


async def test_an_insecure_address(running: Browser) -> None:
    page = await CallPage.open(running, "about:blank")
    await page.page.route("http://insecure.test/**", _serve_page)
    await page.page.goto("http://insecure.test/?room=r&name=Alice&mode=tunnel")
    await expect(page.page.get_by_text("This page must be opened with https://")).to_be_visible()
    await expect(page.page.get_by_role("button", name="Join", exact=True)).to_be_disabled()


@pytest.mark.parametrize(("missing", "codecs"), [("AudioWorkletNode", "auto"), ("VideoDecoder", "webcodecs")])
async def test_a_browser_that_lacks_something(gateway: str, running: Browser, missing: str, codecs: str) -> None:
    page = await CallPage.open(running, "about:blank")
    await page.page.add_init_script(f"delete window.{missing}")
    await page.page.goto(f"{gateway}?room=r&name=Alice&mode=tunnel&codecs={codecs}")
    await expect(page.page.get_by_text("This browser cannot hold calls here")).to_be_visible()
    await expect(page.page.get_by_role("button", name="Join", exact=True)).to_be_disabled()


async def test_a_browser_without_an_encoder_still_hears(gateway: str, running: Browser) -> None:
    page = await CallPage.open(running, "about:blank")

    async def without_encoder(route: Route) -> None:
        response = await route.fetch()
        await route.fulfill(response=response, body="delete self.VideoEncoder;" + await response.text())

    await page.context.route("**/assets/encode-worker-*.js", without_encoder)
    await page.page.goto(f"{gateway}?room=r&name=Alice&autojoin=1&mode=tunnel&quality=180p&codecs=webcodecs")
    await page.wait_connected()
    await expect(page.page.get_by_text("This browser cannot encode H.264 video")).to_be_visible()
    await page.page.wait_for_function("window.wsmedia.tracks.some((t) => t.kind === 'audio' && t.frames > 10)")
