"""What all browser tests need: browsers and the built page, a directory for clips, and two people who differ."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support import netns
from tests.support.browser import firefox_unavailable_reason, gateway_process, unavailable_reason
from tests.support.clip import Clip
from tests.support.open_browsers import OpenBrowsers

# Small pictures: what is tested is the way of a frame, not how many pixels this machine can encode.
ALICE = Clip(width=320, height=180, fps=15, seconds=10, tone_hz=440)
BOB = Clip(width=320, height=180, fps=15, seconds=10, tone_hz=660, start_ms=1_000_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    reason = unavailable_reason()
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        item.add_marker(pytest.mark.e2e)
        # What stays open between tests belongs to one loop.
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        item.add_marker(pytest.mark.timeout(240))
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=reason))
        if "firefox" in item.name.partition("[")[2]:
            exception = item.get_closest_marker("not_in_firefox")
            why = firefox_unavailable_reason() or (exception and f"not in Firefox: {exception.args[0]}")
            if why is not None:
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the clips' files lie."""
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both browsers, one after the other."""
    chosen: str = request.param
    return chosen


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def open_browsers(clips: Path) -> AsyncIterator[OpenBrowsers]:
    """All browsers of the run. Tests take ``browsers``, or one of those below."""
    everything = OpenBrowsers(clips)
    yield everything
    await everything.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browsers(open_browsers: OpenBrowsers) -> AsyncIterator[OpenBrowsers]:
    """Browsers without any tab."""
    yield open_browsers
    await open_browsers.close_tabs()


@pytest_asyncio.fixture(loop_scope="session")
async def running(browsers: OpenBrowsers, kind: str) -> Browser:
    """Chromium or Firefox; ALICE is before its camera."""
    return await browsers.get(kind, ALICE)


@pytest_asyncio.fixture(loop_scope="session")
async def bobs(browsers: OpenBrowsers, kind: str) -> Browser:
    """Another one of that kind, with BOB before its camera."""
    return await browsers.get(kind, BOB)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gateway() -> AsyncIterator[str]:
    """One gateway for all tests that ask nothing special of theirs; each has a room of its own."""
    async with gateway_process() as url:
        yield url


@pytest.fixture
def network() -> Iterator[tuple[str, ...]]:
    """A network with an address that WebRTC takes; gives Chromium's flags for it."""
    if netns.unavailable_reason() is not None:
        yield ("--allow-loopback-in-peer-connection",)
        return
    namespace = netns.NetworkNamespace()
    try:
        with namespace.entered():
            yield ()
    finally:
        namespace.close()
