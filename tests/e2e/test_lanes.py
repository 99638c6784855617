"""Several connections carry one call: one of them may go, or never come, and nobody notices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import expect

from tests.e2e.conftest import ALICE
from tests.support.browser import CallPage, browser, gateway_process
from tests.support.tcp_proxy import TcpProxy

_STATES = """() => {
  window.states = [];
  const look = () => {
    const { state } = window.wsmedia;
    if (state !== window.states.at(-1)) window.states.push(state);
    requestAnimationFrame(look);
  };
  look();
}"""


async def lanes_of(page: CallPage, count: int, newest: int = 0) -> list[dict[str, Any]]:
    """The page's lanes, as soon as there are so many, the newest of which has at least this id."""
    handle = await page.page.wait_for_function(
        """([count, newest]) => {
          const lanes = window.wsmedia.path?.lanes ?? [];
          const up = lanes.filter(({ state }) => state !== "opening");
          return up.length === count && Math.max(...up.map(({ laneId }) => laneId)) >= newest && up;
        }""",
        arg=[count, newest],
    )
    lanes: list[dict[str, Any]] = await handle.json_value()
    return lanes


def proxy_before(url: str) -> TcpProxy:
    return TcpProxy(int(url.rstrip("/").rpartition(":")[2]))


async def test_one_of_four_connections_is_cut_and_nobody_notices(clips: Path) -> None:
    async with gateway_process() as url, proxy_before(url) as proxy, browser(clips, ALICE) as running:
        alice = await CallPage.joined(running, url, room="four", name="Alice")
        bob = await CallPage.joined(running, f"{proxy.url}/", room="four", name="Bob", lanes="4")
        await bob.wait_for_picture("Alice")
        last = await alice.wait_for_picture("Bob")
        await lanes_of(bob, 4, newest=3)
        assert proxy.tunnels == 4
        await bob.page.evaluate(_STATES)

        for newest in (4, 5):
            # The oldest one, which has carried most.
            proxy.reset_tunnel(0)
            await lanes_of(bob, 4, newest=newest)
            last = await alice.wait_for_other_picture("Bob", last)
            received = await bob.received("Alice", "video")
            await bob.page.wait_for_function(
                "(frames) => window.wsmedia.tracks.some((t) => t.direction === 'received' && t.kind === 'video'"
                " && t.frames > frames)",
                arg=received["frames"],
            )

        assert await bob.page.evaluate("window.states") == ["connected"]
        await expect(bob.page.get_by_text("The connection is interrupted")).to_be_hidden()
        assert alice.errors == bob.errors == []
        await bob.close()


async def test_a_network_that_lets_one_connection_through_carries_the_call(clips: Path) -> None:
    async with gateway_process() as url, proxy_before(url) as proxy, browser(clips, ALICE) as running:
        proxy.most_tunnels = 1
        alice = await CallPage.joined(running, url, room="one", name="Alice")
        bob = await CallPage.joined(running, f"{proxy.url}/", room="one", name="Bob", lanes="4")
        await bob.page.evaluate(_STATES)
        await bob.wait_for_picture("Alice")
        last = await alice.wait_for_picture("Bob")
        # One attempt more, to see that it harms nothing.
        await proxy.wait_for_connections(proxy.accepted + 1, within=60)
        await alice.wait_for_other_picture("Bob", last)
        assert proxy.tunnels == 1
        assert await bob.page.evaluate("window.states") == ["connected"]
        await bob.page.keyboard.press("d")
        await expect(bob.page.get_by_role("definition").get_by_text("websocket", exact=True)).to_be_visible()
        await bob.close()
