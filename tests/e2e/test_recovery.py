"""Networks cut connections and gateways restart: the page comes back by itself."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import CallPage, gateway_process
from tests.support.tcp_proxy import TcpProxy


async def test_a_reset_connection_is_resumed(gateway: str, running: Browser) -> None:
    async with TcpProxy(int(gateway.rstrip("/").rpartition(":")[2])) as proxy:
        alice = await CallPage.joined(running, gateway, room="cut", name="Alice")
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
        # While the proxy can still carry his farewell.
        await bob.close()


@pytest.mark.parametrize("crashes", [True, False])
async def test_pages_outlive_a_gateway(running: Browser, crashes: bool) -> None:
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
