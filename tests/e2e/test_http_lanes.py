"""Calls through proxies that break WebSockets: HTTP requests carry them, and WebSockets again when those work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import ALICE
from tests.support import nginx
from tests.support.browser import CallPage
from tests.support.open_browsers import OpenBrowsers
from tests.support.tcp_proxy import TcpProxy

CARRIED = "window.wsmedia.path?.lanes.filter((lane) => lane.state !== 'opening').map((lane) => lane.kind) ?? []"


async def see_and_hear_each_other(alice: CallPage, bob: CallPage) -> None:
    """Pictures and sound of both, decoded."""
    for one, other in ((alice, "Bob"), (bob, "Alice")):
        seen = await one.wait_for_picture(other)
        await one.wait_for_other_picture(other, seen)
        await one.wait_for_tone(other, ALICE.tone_hz)


async def wait_until_carried_by(call: CallPage, kind: str) -> None:
    """Until all lanes are of that kind; the figures come once a second."""
    await call.page.wait_for_function(f"((kinds) => kinds.length > 0 && kinds.every((k) => k === '{kind}'))({CARRIED})")


@pytest.mark.skipif(nginx.unavailable_reason() is not None, reason=str(nginx.unavailable_reason()))
@pytest.mark.parametrize(
    ("browser", "directives", "kind"),
    [
        pytest.param("chromium", nginx.DEFAULT, "http-stream", id="default"),
        pytest.param("chromium", nginx.BUFFERING, "http-poll", id="buffering"),
        pytest.param("firefox", nginx.BUFFERING, "http-poll", id="buffering-firefox"),
        pytest.param("chromium", nginx.STREAMING + nginx.SMALL_REQUESTS, "http-stream", id="streaming"),
        pytest.param("chromium", nginx.UPGRADING, "websocket", id="upgrading"),
    ],
)
async def test_a_call_takes_the_best_way_that_a_proxy_leaves(
    gateway: str, browsers: OpenBrowsers, tmp_path: Path, browser: str, directives: str, kind: str
) -> None:
    running = await browsers.get(browser, ALICE)
    async with nginx.nginx(gateway, tmp_path, directives) as url:
        room = re.sub(r"\W", "", tmp_path.name)[:60]
        alice = await CallPage.joined(running, gateway, room=room, name="Alice")
        bob = await CallPage.joined(running, url, room=room, name="Bob")
        await see_and_hear_each_other(alice, bob)
        await wait_until_carried_by(bob, kind)
        assert alice.errors == bob.errors == []
        await bob.close()
        # He says that he leaves, whatever carries him: otherwise he would be waited for, for half a minute.
        await expect(alice.page.get_by_text("Bob left")).to_be_visible(timeout=10_000)
    # Nothing was too large.
    assert " 413 " not in (tmp_path / "access.log").read_text()


async def test_websockets_take_over_when_they_begin_to_work(gateway: str, browsers: OpenBrowsers) -> None:
    running = await browsers.get("chromium", ALICE)
    async with TcpProxy(int(gateway.rstrip("/").rpartition(":")[2])) as proxy:
        proxy.upgrading = False
        alice = await CallPage.joined(running, gateway, room="promoted", name="Alice")
        bob = await CallPage.joined(running, f"{proxy.url}/", room="promoted", name="Bob")
        await see_and_hear_each_other(alice, bob)
        await wait_until_carried_by(bob, "http-stream")
        await bob.page.evaluate(
            "window.wasAway = false;"
            "setInterval(() => { window.wasAway ||= window.wsmedia.state !== 'connected'; }, 10);"
        )

        proxy.upgrading = True

        await wait_until_carried_by(bob, "websocket")
        await see_and_hear_each_other(alice, bob)
        assert not await bob.page.evaluate("window.wasAway")
        assert alice.errors == bob.errors == []
        await bob.close()


async def test_a_stream_that_is_cut_is_resumed(gateway: str, browsers: OpenBrowsers) -> None:
    running = await browsers.get("chromium", ALICE)
    async with TcpProxy(int(gateway.rstrip("/").rpartition(":")[2])) as proxy:
        proxy.upgrading = False
        alice = await CallPage.joined(running, gateway, room="cutstream", name="Alice")
        bob = await CallPage.joined(running, f"{proxy.url}/", room="cutstream", name="Bob")
        await see_and_hear_each_other(alice, bob)
        participant = await bob.page.evaluate("window.wsmedia.participantId")
        last = await bob.wait_for_picture("Alice")

        assert proxy.reset_streams() == 1

        await bob.wait_for_other_picture("Alice", last)
        await see_and_hear_each_other(alice, bob)
        assert await bob.page.evaluate("window.wsmedia.participantId") == participant
        await expect(alice.page.get_by_text("Bob left")).to_be_hidden()
        assert alice.errors == bob.errors == []
        await bob.close()
