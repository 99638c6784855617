"""Debian's Chromium with a clip for camera and microphone, and the call page in it.

``browser`` starts Chromium, ``gateway_process`` the gateway as users start it; ``CallPage`` does on the page what a
person does, and sees and hears what a person sees and hears: time codes are read off the painted picture, tones out of
the sound that is played.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.support import clip_time_code
from tests.support.clip import Clip
from tests.support.clip_files import write_wav, write_y4m
from tests.support.clip_readers import tone_hz
from wsmedia.app.page import page_directory

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Two browsers and the gateway share few cores: be generous, the page is what is tested and not the machine.
DEADLINE_MS = 60_000.0
expect.set_options(timeout=DEADLINE_MS)

_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]
_READER = Path(clip_time_code.__file__).with_name("time_code.js")
_LOOK = """
globalThis.wsmediaTest = {
  canvas: new OffscreenCanvas(320, 180),
  analysers: new Map(),
  /** The time code in an element's picture, or null. */
  timeCode(element) {
    const width = element?.videoWidth ?? element?.width ?? 0;
    if (!width) return null;
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(element, 0, 0, 320, 180);
    return readTimeCode(context.getImageData(0, 0, 320, 180), GEOMETRY);
  },
  person(name) {
    return window.wsmedia?.participants.find((person) => person.name === name) ?? null;
  },
  timeCodeOf(name) {
    const person = this.person(name);
    return person === null ? null : this.timeCode(window.wsmedia.surface(person.participantId));
  },
  ownTimeCode() {
    return this.timeCode(document.querySelector(".tile.self video"));
  },
  /** The last third of a second of what is heard of somebody, or null. */
  soundOf(name) {
    const person = this.person(name);
    const node = person && window.wsmedia.audioNode(person.participantId);
    if (!node) return null;
    let analyser = this.analysers.get(node);
    if (!analyser) {
      analyser = node.context.createAnalyser();
      analyser.fftSize = 16384;
      node.connect(analyser);
      this.analysers.set(node, analyser);
    }
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    return { rate: node.context.sampleRate, samples: Array.from(samples, (s) => Math.round(s * 32767)) };
  },
};
"""


def unavailable_reason() -> str | None:
    """Why no page can be driven here, in words for ``pytest.skip``; None if it can."""
    if CHROMIUM is None:
        return "needs Chromium (apt-get install chromium)"
    if not (page_directory() / "index.html").is_file():
        return "needs the built page (cd web && npm run build)"
    return None


def _reading_script() -> str:
    return f"{_READER.read_text()}\nconst GEOMETRY = {clip_time_code.GEOMETRY!r};\n{_LOOK}"


@contextlib.asynccontextmanager
async def browser(directory: Path, clip: Clip | None, *flags: str, permission: bool = True) -> AsyncIterator[Browser]:
    """Chromium, its camera and microphone playing ``clip`` over and over.

    Args:
        directory: where the clip's files go; they are written once.
        clip: None for a machine without camera and microphone.
        flags: further command line flags.
        permission: whether the imagined user allows camera and microphone.
    """
    reason = unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    arguments = [*_FLAGS, *flags]
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
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield running
        finally:
            await running.close()


@contextlib.asynccontextmanager
async def gateway_process(*arguments: str, crashes: bool = False) -> AsyncIterator[str]:
    """``wsmedia serve`` on a free port; gives the address of its plain HTTP side.

    Args:
        arguments: further command line arguments.
        crashes: end it without warning instead of in order.
    """
    command = [sys.executable, "-c", "from wsmedia.cli.main import main; main()", "serve", "--no-https"]
    process = await asyncio.create_subprocess_exec(
        *command,
        *([] if "--http-port" in arguments else ["--http-port", "0"]),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("WSMEDIA_")},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE_MS / 1000):
            async for line in process.stdout:
                if found := re.search(rb"http://\S+", line):
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
    async def open(cls, running: Browser, url: str, **viewport: Any) -> CallPage:
        """A new tab of its own on the call page."""
        context = await running.new_context(**({"viewport": {"width": 960, "height": 600}} | viewport))
        page = await context.new_page()
        page.set_default_timeout(DEADLINE_MS)
        messages: list[str] = []
        page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: messages.append(f"error: {error}"))
        await page.add_init_script(_reading_script())
        await page.goto(url)
        return cls(page, context, messages)

    @classmethod
    async def joined(
        cls, running: Browser, url: str, *, room: str, name: str, viewport: dict[str, Any] | None = None, **query: str
    ) -> CallPage:
        """The same, and in the call."""
        everything = {"room": room, "name": name, "autojoin": "1", "quality": "180p", **query}
        call = await cls.open(running, f"{url}?{urlencode(everything)}", **(viewport or {}))
        await call.wait_connected()
        return call

    @property
    def errors(self) -> list[str]:
        """What went wrong in the page's scripts; what the browser says of the network is left out."""
        network = ("Failed to load resource", "WebSocket connection")
        return [m for m in self.messages if m.startswith("error") and not any(words in m for words in network)]

    async def wait_connected(self) -> None:
        """Until the page says that it is connected."""
        await self.page.wait_for_function("window.wsmedia?.state === 'connected'")

    async def wait_for_picture(self, name: str) -> int:
        """Until a time code can be read off somebody's tile; gives it, ms."""
        return int(await self._wait(f"wsmediaTest.timeCodeOf({name!r})"))

    async def wait_for_other_picture(self, name: str, time_code: int) -> int:
        """Until somebody's tile shows another time code than that one; gives it, ms."""
        look = f"wsmediaTest.timeCodeOf({name!r})"
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
