"""Browsers that stay open from test to test: starting one costs more than most of what is done with it.

The browser tests' fixtures keep one ``OpenBrowsers`` for the whole run; between tests every tab is closed.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from playwright.async_api import Browser

from tests.support.browser import started
from tests.support.clip import Clip


class OpenBrowsers:
    """Starts a browser when it is first asked for, and again when it has died; ends them all with ``close``.

    Args:
        directory: for the clips' files and what starts Firefox.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: dict[tuple[str, Clip], Browser] = {}
        self._stack = contextlib.AsyncExitStack()

    async def get(self, kind: str, clip: Clip) -> Browser:
        """``"chromium"`` or ``"firefox"``; the rest as in ``browser.started``."""
        running = self._open.get((kind, clip))
        if running is None or not running.is_connected():
            running = await self._stack.enter_async_context(started(kind, self._directory, clip))
            self._open[kind, clip] = running
        return running

    async def close_tabs(self) -> None:
        """Leave nothing of the last test open."""
        for running in self._open.values():
            for context in running.contexts:
                await context.close()

    async def close(self) -> None:
        """End them all."""
        await self._stack.aclose()
