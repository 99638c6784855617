"""Threads that are blocked and networks that stall: sound goes on, and delay does not stay.

The devices show the clock: how old a picture or a sound is can be read where it arrives.
"""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from playwright.async_api import Browser

from tests.e2e.conftest import ALICE
from tests.support.browser import CallPage
from tests.support.chirp import delays, longest_gap_ms, skipped_seconds
from tests.support.page_scripts import devices
from tests.support.tcp_proxy import TcpProxy

CLOCKED = (devices(ALICE, clocked=True),)
STALL_SECONDS = 0.7
# What a machine that is busy with something else loses once, it does not lose every time; what a page loses, it does.
ATTEMPTS = 4


async def steady(call: CallPage, name: str) -> None:
    """Until sound has come without a gap for two seconds, and pictures too."""
    async with asyncio.timeout(60):
        while longest_gap_ms(await call.heard(name, 2)) > 0:
            pass
    await call.wait_for_picture(name)


@pytest.mark.not_in_firefox("its WebSockets wait for the main thread, those of workers too")
async def test_a_blocked_main_thread_loses_no_sound(gateway: str, running: Browser) -> None:
    alice = await CallPage.joined(running, gateway, room="blocked", name="Alice", scripts=CLOCKED)
    bob = await CallPage.joined(running, gateway, room="blocked", name="Bob", scripts=CLOCKED)
    await bob.record("Alice")
    await steady(bob, "Alice")
    for blocked in (bob, alice):
        lost: list[tuple[float, float]] = []
        for _ in range(ATTEMPTS):
            # From before the block, which the listener's page cannot answer during, to well after it.
            begin = time.time()
            await blocked.page.evaluate("wsmediaTest.block(500)")
            recording = await bob.heard("Alice", 2, since=begin)
            lost.append((longest_gap_ms(recording), skipped_seconds(recording)))
            if lost[-1] <= (15, 0):
                break
        else:
            pytest.fail(f"gaps (ms) and skips (s) in every attempt: {lost}")
    assert alice.errors == bob.errors == []


async def test_delay_drains_after_the_network_has_stalled(gateway: str, kind: str, running: Browser) -> None:
    # Without a sound card Firefox has a clock for sound that runs some per cent slow: only its pictures tell their age.
    clock = kind == "chromium"
    async with TcpProxy(int(gateway.rstrip("/").rpartition(":")[2])) as proxy:
        alice = await CallPage.joined(running, gateway, room="stall", name="Alice", scripts=CLOCKED)
        bob = await CallPage.joined(running, f"{proxy.url}/", room="stall", name="Bob", scripts=CLOCKED)
        await bob.record("Alice")
        await steady(bob, "Alice")
        await bob.page.evaluate("wsmediaTest.watch('Alice')")
        found = []
        for _ in range(ATTEMPTS):
            began = time.time()
            before = await bob.heard("Alice", 2, since=began)
            sound_before = np.nanmedian(delays(before)) if clock else 1.0
            pictures_before = np.median(await bob.page.evaluate(f"wsmediaTest.ages({began * 1000})"))
            ended = await proxy.stall(STALL_SECONDS)
            after = await bob.heard("Alice", 3, since=ended)
            # The stall was one, and was seen: pictures grew old or, where waiting for sound hid much, stood still.
            stalled = await bob.page.evaluate(f"wsmediaTest.ages({(ended - STALL_SECONDS) * 1000})")
            paused = await bob.page.evaluate(f"wsmediaTest.longestPause({(ended - STALL_SECONDS) * 1000})")
            assert max(stalled) > pictures_before + 400 if clock else paused > 200
            sound_after = np.nanmedian(delays(after.since(ended + 2))) if clock else 1.0
            pictures_after = np.median(await bob.page.evaluate(f"wsmediaTest.ages({(ended + 2) * 1000})"))
            found.append((sound_before, sound_after, pictures_before, pictures_after))
            if sound_after < 1.2 * sound_before and pictures_after < 1.2 * pictures_before:
                break
            await steady(bob, "Alice")
        else:
            pytest.fail(f"sound before, after (s), pictures before, after (ms): {found}")
        assert alice.errors == bob.errors == []
        await bob.close()


@pytest.mark.not_in_firefox("without a sound card its sound has no clock that could be compared with the pictures'")
async def test_pictures_keep_with_their_sound_on_a_jittery_network(gateway: str, running: Browser) -> None:
    async with TcpProxy(int(gateway.rstrip("/").rpartition(":")[2])) as proxy:
        alice = await CallPage.joined(running, gateway, room="jitter", name="Alice", scripts=CLOCKED)
        bob = await CallPage.joined(running, f"{proxy.url}/", room="jitter", name="Bob", scripts=CLOCKED)
        await bob.record("Alice")
        await steady(bob, "Alice")
        async with proxy.jittering(0.06):
            await bob.page.evaluate("wsmediaTest.watch('Alice')")
            await bob.wait_for_reading("t.skewMs !== null", "received", "video", "Alice")
            skews: list[float] = []
            async with asyncio.timeout(60):
                while len(skews) < 40 or abs(np.median(skews[-40:])) > 40:
                    frames = (await bob.received("Alice", "video"))["frames"]
                    reading = await bob.wait_for_reading(
                        f"t.frames > {frames} && t.skewMs !== null", "received", "video", "Alice"
                    )
                    skews.append(reading["skewMs"])
            # And not only by the page's own account: as old as the sound is, so old is the picture.
            began = time.time()
            sound = np.nanmedian(delays(await bob.heard("Alice", 2, since=began)))
            pictures = np.median(await bob.page.evaluate(f"wsmediaTest.ages({began * 1000})"))
        assert abs(pictures / 1000 - sound) < 0.1
        assert alice.errors == bob.errors == []
        await bob.close()
