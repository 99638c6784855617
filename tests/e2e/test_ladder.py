"""The ladder in real browsers: the best way that carries media is taken, and changed in mid-call without leaving."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import ALICE, BOB
from tests.support import netns
from tests.support.browser import CallPage, browser, gateway_process

WATCH = """
// How long it takes from entering the room to its first sound, and for how long its picture has stood still.
globalThis.ladderTest = { joinedAt: null, heardAfterMs: null, changedAt: null, gapMs: 0 };
{
  const state = globalThis.ladderTest;
  let analyser = null, known = null, timeCode = null;
  setInterval(() => {
    const now = performance.now();
    if (window.wsmedia?.state) state.joinedAt ??= now;
    const [other] = window.wsmedia?.participants ?? [];
    if (!other) return;
    const node = window.wsmedia.audioNode(other.participantId);
    if (state.heardAfterMs === null && node) {
      if (node !== known) {
        known = node;
        analyser = node.context.createAnalyser();
        node.connect(analyser);
      }
      const samples = new Float32Array(analyser.fftSize);
      analyser.getFloatTimeDomainData(samples);
      if (samples.some((sample) => Math.abs(sample) > 0.01)) state.heardAfterMs = now - state.joinedAt;
    }
    const seen = wsmediaTest.timeCodeOf(other.name);
    if (seen === null || seen === timeCode) return;
    if (state.changedAt !== null) state.gapMs = Math.max(state.gapMs, now - state.changedAt);
    timeCode = seen;
    state.changedAt = now;
  }, 20);
}
"""


class UdpSwitch:
    """A network whose UDP can be cut off and let through again."""

    def __init__(self, namespace: netns.NetworkNamespace) -> None:
        self._namespace = namespace

    def cut(self) -> None:
        """Drop every datagram from now on."""
        self._nft("add table ip cut; add chain ip cut out { type filter hook output priority 0; }")
        self._nft("add rule ip cut out meta l4proto udp drop")

    def mend(self) -> None:
        """Let datagrams through again."""
        self._nft("delete table ip cut")

    def _nft(self, rules: str) -> None:
        subprocess.run(self._namespace.command("nft", rules), check=True, capture_output=True)


@pytest.fixture
def udp() -> Iterator[UdpSwitch]:
    """A network with an address that WebRTC takes, which this test's processes are in."""
    reason = netns.unavailable_reason() or (None if shutil.which("nft") else "needs nft (apt-get install nftables)")
    if reason is not None:
        pytest.skip(reason)
    namespace = netns.NetworkNamespace()
    try:
        with namespace.entered():
            yield UdpSwitch(namespace)
    finally:
        namespace.close()


@dataclass
class Comings:
    """Who is seen to come into a room and to leave it."""

    told: list[tuple[str, str]] = field(default_factory=list)


@contextlib.asynccontextmanager
async def watched(url: str, room: str) -> AsyncIterator[Comings]:
    """Watch a room as everybody in it does."""
    comings = Comings()
    ready = asyncio.Event()

    async def watch() -> None:
        names: dict[str, str] = {}
        async with (
            httpx.AsyncClient(timeout=None) as http,
            http.stream("GET", f"{url}v1/rooms/{room}/events") as stream,
        ):
            event = ""
            async for line in stream.aiter_lines():
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data = json.loads(line.removeprefix("data: "))
                    if event == "ready":
                        ready.set()
                    elif event == "participant_joined":
                        names[data["participant_id"]] = data["name"]
                        comings.told.append(("joined", data["name"]))
                    elif event == "participant_left":
                        comings.told.append(("left", names[data["participant_id"]]))

    task = asyncio.create_task(watch())
    try:
        await ready.wait()
        yield comings
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def carried_by(page: CallPage, mode: str) -> None:
    """Wait until a page's call goes that way."""
    try:
        await page.page.wait_for_function("(mode) => window.wsmedia.mode === mode", arg=mode)
    except Exception as error:
        told = await page.page.evaluate("JSON.stringify([wsmedia.state, wsmedia.mode, wsmedia.way])")
        raise AssertionError(f"the call did not go {mode}: {told}") from error


async def heard_after(page: CallPage) -> float:
    """How long it took from joining to the first sound of somebody, ms."""
    handle = await page.page.wait_for_function("() => ladderTest.heardAfterMs")
    return float(await handle.json_value())


async def longest_gap(page: CallPage) -> float:
    """For how long the other one's picture has stood still at most since the last time, ms."""
    return float(
        await page.page.evaluate("() => { const { gapMs } = ladderTest; ladderTest.gapMs = 0; return gapMs; }")
    )


async def see_and_hear_each_other(alice: CallPage, bob: CallPage) -> None:
    """Wait until new pictures and the right tones go both ways."""
    seen, shown = await asyncio.gather(alice.wait_for_picture("Bob"), bob.wait_for_picture("Alice"))
    await asyncio.gather(
        alice.wait_for_other_picture("Bob", seen),
        bob.wait_for_other_picture("Alice", shown),
        alice.wait_for_tone("Bob", BOB.tone_hz),
        bob.wait_for_tone("Alice", ALICE.tone_hz),
    )


async def test_an_open_network_is_crossed_natively_and_quicker_the_next_time(udp: UdpSwitch, clips: Path) -> None:
    async with (
        gateway_process() as url,
        browser(clips, ALICE) as alices,
        browser(clips, BOB) as bobs,
        watched(url, "open") as comings,
    ):
        bob = await CallPage.joined(bobs, url, room="open", name="Bob", scripts=[WATCH])
        alice = await CallPage.joined(alices, url, room="open", name="Alice", mode="auto", scripts=[WATCH])
        await carried_by(alice, "native")
        await see_and_hear_each_other(alice, bob)
        first = await heard_after(alice)
        again = alice.page.url
        await alice.page.goto("about:blank")
        await alice.page.goto(again)
        await alice.wait_connected()
        assert await alice.page.evaluate("wsmedia.mode") == "native"
        second = await heard_after(alice)
        print(f"\nfrom joining to the first sound: {first:.0f} ms on a new network, {second:.0f} ms on a known one")
        await alice.page.keyboard.press("d")
        await alice.page.get_by_text("WebRTC, directly: it was the best on this network before").first.wait_for()
        assert comings.told[:2] == [("joined", "Bob"), ("joined", "Alice")]
        assert comings.told.count(("joined", "Alice")) == 2
        assert alice.errors == bob.errors == []


async def test_the_way_changes_in_mid_call_as_udp_comes_and_goes_and_nobody_leaves(udp: UdpSwitch, clips: Path) -> None:
    udp.cut()
    async with (
        gateway_process("--no-turn") as url,
        browser(clips, ALICE) as alices,
        browser(clips, BOB) as bobs,
        watched(url, "changes") as comings,
    ):
        bob = await CallPage.joined(bobs, url, room="changes", name="Bob", scripts=[WATCH])
        alice = await CallPage.joined(alices, url, room="changes", name="Alice", mode="auto", scripts=[WATCH])
        await carried_by(alice, "tunnel")
        await see_and_hear_each_other(alice, bob)
        print(f"\nfrom joining to the first sound, UDP cut: {await heard_after(alice):.0f} ms")

        await asyncio.gather(longest_gap(alice), longest_gap(bob))
        udp.mend()
        await alice.page.evaluate("window.dispatchEvent(new Event('online'))")
        await carried_by(alice, "native")
        await see_and_hear_each_other(alice, bob)
        await one_connection_each(url, "changes")
        gaps = await asyncio.gather(longest_gap(alice), longest_gap(bob))
        print(f"upgrade: pictures stood still for {gaps[0]:.0f} ms at Alice's, {gaps[1]:.0f} ms at Bob's")

        udp.cut()
        await carried_by(alice, "tunnel")
        await see_and_hear_each_other(alice, bob)
        await one_connection_each(url, "changes")
        gaps = await asyncio.gather(longest_gap(alice), longest_gap(bob))
        print(f"downgrade: pictures stood still for {gaps[0]:.0f} ms at Alice's, {gaps[1]:.0f} ms at Bob's")
        await alice.page.keyboard.press("d")
        await alice.page.get_by_text("HTTPS tunnel: WebRTC has given out").first.wait_for()
        assert comings.told == [("joined", "Bob"), ("joined", "Alice")]
        assert alice.errors == bob.errors == []


async def one_connection_each(url: str, room: str) -> None:
    """Wait until nobody has more than one microphone and one camera in the room: the old way has been left."""
    async with httpx.AsyncClient(base_url=url) as http, asyncio.timeout(15):
        while True:
            participants = (await http.get(f"v1/rooms/{room}")).json()["participants"]
            if all(len(one["tracks"]) == 2 for one in participants):
                return
            await asyncio.sleep(0.05)
