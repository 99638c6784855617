"""Scripts that tests put into pages before anything else runs there; the scripts themselves are in ``page/``.

``browser.CallPage`` injects ``probe``; a test that needs devices that it can unplug, or a clock in picture and sound,
adds ``devices``; ``without_webcodecs`` is put before every script, in workers too, by ``hide_webcodecs``.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

from playwright.async_api import BrowserContext, Route

from tests.support import clip_time_code
from tests.support.clip import Clip
from wsmedia.app.page import page_directory

_FOLDER = Path(__file__).with_name("page")
_GEOMETRY = f"const GEOMETRY = {json.dumps(clip_time_code.GEOMETRY)};\n"

# The first time code of a screen that is shared with ``devices``; far from those of cameras.
SCREEN_START_MS = 8_000_000


@functools.cache
def _text(name: str) -> str:
    return (_FOLDER / name).read_text()


def probe() -> str:
    """``wsmediaTest``: what a person sees and hears on this page."""
    reader = Path(clip_time_code.__file__).with_name("time_code.js").read_text()
    return f"{{{reader}\n{_GEOMETRY}{_text('probe.js')}}}"


def devices(clip: Clip, *, clocked: bool = False) -> str:
    """``wsmediaDevices``: getUserMedia with a camera and a microphone that can be unplugged.

    Args:
        clip: size, rate, first time code and tone to take; the picture's content is another one.
        clocked: show the wall clock instead of the clip's time code, and sound ``chirp`` instead of its tone.
    """
    options = {
        "width": clip.width,
        "height": clip.height,
        "fps": clip.fps,
        "startMs": None if clocked else clip.start_ms,
        "seconds": clip.seconds,
        "toneHz": None if clocked else clip.tone_hz,
    }
    constants = (
        f"{_GEOMETRY}const QUIET_MARGIN = {clip_time_code.QUIET_MARGIN};\nconst SCREEN_START_MS = {SCREEN_START_MS};\n"
    )
    return f"{{{constants}const OPTIONS = {json.dumps(options)};\n{_text('devices.js')}}}"


async def hide_webcodecs(context: BrowserContext) -> None:
    """Let every page and worker of a context find no WebCodecs and no track processor.

    Chromium has no switch for it any more, so each script of the built page gets a prelude that deletes the classes.
    """
    prelude = _text("without_webcodecs.js")

    async def with_prelude(route: Route) -> None:
        name = route.request.url.partition("?")[0].partition("//")[2].partition("/")[2]
        path = page_directory() / name
        if path.is_file():
            await route.fulfill(body=f"{prelude}\n{path.read_text()}", content_type="text/javascript")
        else:
            await route.continue_()

    await context.add_init_script(prelude)
    await context.route("**/*.js", with_prelude)
