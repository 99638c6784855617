"""Debian's Chromium with a clip for camera and microphone, and the call page in it.

``browser`` starts Chromium, ``gateway_process`` the gateway as users start it; ``CallPage`` does on the page what a
person does, and sees and hears what a person sees and hears: time codes are read off the painted picture, tones out of
the sound that is played.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import sys
import uuid
import weakref
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.support import page_scripts
from tests.support.chirp import Recording
from tests.support.clip import Clip
from tests.support.clip_files import write_wav, write_y4m
from tests.support.clip_readers import tone_hz
from tests.support.firefox_relay import FIREFOX, launcher
from wsmedia.app.page import page_directory

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Two browsers and the gateway share few cores: be generous, the page is what is tested and not the machine.
DEADLINE_MS = 60_000.0
expect.set_options(timeout=DEADLINE_MS)

CHROMIUM_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What a test serves in place of the gateway has no address that Chromium knows; it may open sockets all the same.
    # The address bar's popups are two pages of Chromium's own: made for each window, they cost more than our page.
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,"
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]
_FIREFOX_PREFERENCES: dict[str, str | float | bool] = {
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    # Several tabs of one window are in use at a time; none may be slowed down for being hidden.
    "dom.min_background_timeout_value": 4,
    "dom.timeout.enable_budget_timer_throttling": False,
    "media.gmp-manager.updateEnabled": False,
    # Playwright cannot choose a colour scheme here; who can see the page change wants it to begin with dark.
    "layout.css.prefers-color-scheme.content-override": 0,
}


@dataclass(frozen=True)
class _Launched:
    """How a running browser was started: a mark on its command line, and scripts that each of its pages needs."""

    mark: str
    scripts: tuple[str, ...] = ()


_launched: weakref.WeakKeyDictionary[Browser, _Launched] = weakref.WeakKeyDictionary()


def firefox_unavailable_reason() -> str | None:
    """The same for Firefox."""
    if FIREFOX is None:
        return "needs Firefox (apt-get install firefox-esr)"
    return unavailable_reason()


def unavailable_reason() -> str | None:
    """Why no page can be driven here, in words for ``pytest.skip``; None if it can."""
    if CHROMIUM is None:
        return "needs Chromium (apt-get install chromium)"
    if not (page_directory() / "index.html").is_file():
        return "needs the built page (cd web && npm run build)"
    return None


@contextlib.asynccontextmanager
async def browser(
    directory: Path,
    clip: Clip | None,
    *flags: str,
    permission: bool = True,
    program: str | Path | None = CHROMIUM,
    home: Path | None = None,
) -> AsyncIterator[Browser]:
    """Chromium, its camera and microphone playing ``clip`` over and over.

    Args:
        directory: where the clip's files go; they are written once.
        clip: None for a machine without camera and microphone.
        flags: further command line flags.
        permission: whether the imagined user allows camera and microphone.
        program: what starts Chromium, as a script that does so in a network namespace.
        home: its user's home, where certificates lie that this user trusts; None: ours.
    """
    reason = unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    arguments = [*CHROMIUM_FLAGS, *flags]
    if permission:
        arguments.append("--use-fake-ui-for-media-stream")
    if clip is not None:
        y4m, wav = directory / f"{clip.start_ms}.y4m", directory / f"{clip.start_ms}.wav"
        if not y4m.exists():
            write_y4m(clip, y4m)
            write_wav(clip, wav)
        arguments += [
            f"--use-fake-device-for-media-stream=fps={clip.fps}",
            f"--use-file-for-fake-video-capture={y4m}",
            f"--use-file-for-fake-audio-capture={wav}",
        ]
    mark = f"--test-mark={uuid.uuid4()}"
    async with async_playwright() as playwright:
        environment: dict[str, str | float | bool] | None = None if home is None else {**os.environ, "HOME": str(home)}
        running = await playwright.chromium.launch(executable_path=program, args=[*arguments, mark], env=environment)
        _launched[running] = _Launched(mark)
        try:
            yield running
        finally:
            await running.close()


@contextlib.asynccontextmanager
async def firefox(directory: Path, clip: Clip | None, *, permission: bool = True) -> AsyncIterator[Browser]:
    """Debian's Firefox, driven over WebDriver BiDi, its camera and microphone made by a script (page/devices.js).

    Args:
        directory: a directory for the program that starts it.
        clip: whose size, time codes and tone the devices have; None for a machine without any.
        permission: False for Firefox's own devices, which the imagined user does not allow.
    """
    reason = firefox_unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    program = launcher(directory / "firefox")
    mark = f"--test-mark={uuid.uuid4()}"
    refusal = dict.fromkeys(("permissions.default.camera", "permissions.default.microphone"), 2)
    preferences = _FIREFOX_PREFERENCES | {
        "media.navigator.streams.fake": not permission,
        # Without a loudspeaker no AudioContext would ever run; this one is imagined, with a microphone, and keeps time.
        "media.cubeb.force_mock_context": clip is not None,
        **({} if permission else refusal),
    }
    async with async_playwright() as playwright:
        running = await playwright.firefox.launch(
            channel="moz-firefox", executable_path=program, args=[mark], firefox_user_prefs=preferences
        )
        _launched[running] = _Launched(mark, () if clip is None or not permission else (page_scripts.devices(clip),))
        try:
            yield running
        finally:
            await running.close()


def started(
    kind: str, directory: Path, clip: Clip | None, *, permission: bool = True
) -> contextlib.AbstractAsyncContextManager[Browser]:
    """``"chromium"`` or ``"firefox"``; the rest as in ``browser`` and ``firefox``."""
    start = firefox if kind == "firefox" else browser
    return start(directory, clip, permission=permission)


def mark_of(running: Browser) -> str:
    """The argument that only this browser's command line has; see ``starver``."""
    return _launched[running].mark


@contextlib.asynccontextmanager
async def gateway_process(*arguments: str, crashes: bool = False, scheme: str = "http") -> AsyncIterator[str]:
    """``wsmedia serve`` on a free port; gives its address.

    Args:
        arguments: further command line arguments.
        crashes: end it without warning instead of in order.
        scheme: ``http`` or ``https``: the one side that it has.
    """
    other, port = ("https", "--http-port") if scheme == "http" else ("http", "--port")
    command = [sys.executable, "-c", "from wsmedia.cli.main import main; main()", "serve", f"--no-{other}"]
    process = await asyncio.create_subprocess_exec(
        *command,
        *([] if port in arguments else [port, "0"]),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("WSMEDIA_")},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE_MS / 1000):
            async for line in process.stdout:
                if found := re.search(rb"%s://\S+" % scheme.encode(), line):
                    break
            else:
                raise AssertionError("the gateway did not start")
        yield found.group().decode().replace("localhost", "127.0.0.1")
    finally:
        if crashes:
            process.kill()
        else:
            process.terminate()
        await process.communicate()


@dataclass
class CallPage:
    """One person's page."""

    page: Page
    context: BrowserContext
    messages: list[str]

    @classmethod
    async def open(
        cls, running: Browser, url: str, *, scripts: Sequence[str] = (), webcodecs: bool = True, **viewport: Any
    ) -> CallPage:
        """A new tab of its own on the call page.

        Args:
            scripts: run before the page's own.
            webcodecs: False takes WebCodecs away from the page and its workers.
            viewport: how Playwright should make the tab's context.
        """
        context = await running.new_context(**({"viewport": {"width": 960, "height": 600}} | viewport))
        if not webcodecs:
            await page_scripts.hide_webcodecs(context)
        page = await context.new_page()
        page.set_default_timeout(DEADLINE_MS)
        messages: list[str] = []
        page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: messages.append(f"error: {error}"))
        for script in (page_scripts.probe(), *_launched[running].scripts, *scripts):
            await page.add_init_script(script)
        await page.goto(url)
        return cls(page, context, messages)

    @classmethod
    async def joined(
        cls,
        running: Browser,
        url: str,
        *,
        room: str,
        name: str,
        scripts: Sequence[str] = (),
        webcodecs: bool = True,
        viewport: dict[str, Any] | None = None,
        **query: str,
    ) -> CallPage:
        """The same, and in the call, by the tunnel where ``query`` does not say otherwise."""
        everything = {"room": room, "name": name, "autojoin": "1", "quality": "180p", "mode": "tunnel", **query}
        address = f"{url}?{urlencode(everything)}"
        call = await cls.open(running, address, scripts=scripts, webcodecs=webcodecs, **(viewport or {}))
        await call.wait_connected()
        return call

    @property
    def errors(self) -> list[str]:
        """What went wrong in the page's scripts; what the browser says of the network is left out."""
        network = (
            "Failed to load resource",
            "WebSocket connection",
            "The connection to ws",
            "establish a connection to the server at ws",
            # Which Firefox wants of every origin, whatever its pages allow.
            "/favicon.ico",
        )
        return [m for m in self.messages if m.startswith("error") and not any(words in m for words in network)]

    async def wait_connected(self) -> None:
        """Until the page says that it is connected."""
        await self.page.wait_for_function("window.wsmedia?.state === 'connected'")

    async def wait_for_picture(self, name: str, source: str = "camera") -> int:
        """Until a time code can be read off somebody's camera or screen; gives it, ms."""
        return int(await self._wait(f"wsmediaTest.timeCodeOf({name!r}, {source!r})"))

    async def wait_for_other_picture(self, name: str, time_code: int, source: str = "camera") -> int:
        """Until somebody's camera or screen shows another time code than that one; gives it, ms."""
        look = f"wsmediaTest.timeCodeOf({name!r}, {source!r})"
        return int(await self._wait(f"{look} !== {time_code} ? {look} : null"))

    async def wait_for_tone(self, name: str, hertz: float, tolerance: float = 3.0) -> float:
        """Until that tone is heard of somebody; gives what was measured, Hz."""
        heard = 0.0
        try:
            async with asyncio.timeout(DEADLINE_MS / 1000):
                while True:
                    await self._wait(f"wsmediaTest.soundOf({name!r}) !== null")
                    sound = await self.page.evaluate(f"wsmediaTest.soundOf({name!r})")
                    samples = np.array(sound["samples"], np.float64) / 32767
                    heard = tone_hz(samples, round(sound["rate"]))
                    if abs(heard - hertz) <= tolerance:
                        return heard
        except TimeoutError:
            raise AssertionError(f"expected a tone of {hertz} Hz from {name}, last heard {heard:.1f} Hz") from None

    async def wait_for_reading(self, condition: str, direction: str, kind: str, name: str | None = None) -> Any:
        """Until a track's figures ``t`` fulfil a condition in JavaScript; gives the figures."""
        look = f"wsmediaTest.reading({json.dumps(direction)}, {json.dumps(kind)}, {json.dumps(name)})"
        return await self._wait(f"((t) => (t !== null && ({condition}) ? t : null))({look})")

    async def record(self, name: str) -> None:
        """Begin to record what is heard of somebody."""
        await self._wait(f"wsmediaTest.soundOf({name!r})")
        assert await self.page.evaluate("(name) => wsmediaTest.record(name)", name)

    async def heard(self, name: str, seconds: float, since: float | None = None) -> Recording:
        """So much of what is heard of somebody from a moment on; that may be in the future. At most 12 s.

        Args:
            since: the wall clock, s; None: now.
        """
        clock = f"wsmediaTest.heardUntil({name!r})"
        begin = await self.page.evaluate(clock) if since is None else since
        await self._wait(f"{clock} >= {begin + seconds}")
        recording = Recording.of(await self.page.evaluate("(name) => wsmediaTest.recorded(name)", name))
        return recording.since(begin)

    async def received(self, name: str, kind: str) -> dict[str, Any]:
        """The figures of somebody's track; empty while there are none."""
        look = (
            "([name, kind]) => window.wsmedia.tracks.find((t) => t.direction === 'received' && t.kind === kind"
            " && t.participantId === wsmediaTest.person(name)?.participantId) ?? {}"
        )
        figures: dict[str, Any] = await self.page.evaluate(look, [name, kind])
        return figures

    async def close(self) -> None:
        """Close the tab."""
        await self.context.close()

    async def _wait(self, expression: str) -> Any:
        """Until an expression gives something; gives that. A time code of 0 counts as something."""
        handle = await self.page.wait_for_function(
            f"() => {{ const value = {expression}; return value === null || value === false ? null : {{ value }}; }}",
            polling=50,
        )
        found = await handle.json_value()
        return found["value"]
