"""Networks cut connections and gateways restart: the page comes back by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import ALICE
from tests.support.browser import CallPage, browser, gateway_process
from tests.support.tcp_proxy import TcpProxy


async def test_a_reset_connection_is_resumed(clips: Path) -> None:
    async with (
        gateway_process() as url,
        TcpProxy(int(url.rstrip("/").rpartition(":")[2])) as proxy,
        browser(clips, ALICE) as running,
    ):
        alice = await CallPage.joined(running, url, room="cut", name="Alice")
        bob = await CallPage.joined(running, f"{proxy.url}/", room="cut", name="Bob")
        await bob.wait_for_picture("Alice")
        await alice.wait_for_picture("Bob")
        participant = await bob.page.evaluate("window.wsmedia.participantId")

        proxy.refuse()
        assert proxy.reset() >= 1
        await bob.page.wait_for_function("window.wsmedia.state === 'reconnecting'")
        await expect(bob.page.get_by_text("The connection is interrupted")).to_be_visible()
        before = await bob.received("Alice", "video")
        last = await alice.wait_for_picture("Bob")
        proxy.refuse(False)

        await bob.wait_connected()
        await bob.page.wait_for_function(
            "(frames) => window.wsmedia.tracks.some((t) => t.direction === 'received' && t.kind === 'video'"
            " && t.frames > frames)",
            arg=before["frames"],
        )
        await alice.wait_for_other_picture("Bob", last)
        # The same person in the same session: nobody saw Bob leave.
        assert await bob.page.evaluate("window.wsmedia.participantId") == participant
        await expect(bob.page.get_by_text("The connection is interrupted")).to_be_hidden()
        await expect(alice.page.get_by_text("Bob left")).to_be_hidden()
        assert alice.errors == bob.errors == []
        await bob.close()


@pytest.mark.parametrize("crashes", [True, False])
async def test_pages_outlive_a_gateway(clips: Path, crashes: bool) -> None:
    async with browser(clips, ALICE) as running:
        async with gateway_process(crashes=crashes) as url:
            alice = await CallPage.joined(running, url, room="again", name="Alice")
            bob = await CallPage.joined(running, url, room="again", name="Bob")
            await alice.wait_for_picture("Bob")
        await alice.page.wait_for_function("window.wsmedia.state === 'reconnecting'")
        async with gateway_process("--http-port", url.rstrip("/").rpartition(":")[2]):
            await alice.wait_connected()
            await bob.wait_connected()
            seen = await alice.wait_for_picture("Bob")
            await alice.wait_for_other_picture("Bob", seen)
            await bob.wait_for_picture("Alice")
            assert alice.errors == bob.errors == []
