"""What the network tests share: the site, both browsers, the network that stands, and the table at the end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.reach import places, table
from tests.reach import site as sites
from tests.reach.call import ALICE, BOB, Outcome, Room
from tests.reach.networks import Network
from tests.reach.route import Route
from tests.reach.site import Site
from tests.support import certificates
from tests.support.browser import CallPage, browser
from tests.support.browser import unavailable_reason as no_browser

OUTCOMES = pytest.StashKey[dict[tuple[str, str], Outcome | str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make test-reach wants the table kept; who tries a network does not."""
    parser.addoption("--keep-table", action="store_true", help="write what was found out into docs/reach.md")


def pytest_configure(config: pytest.Config) -> None:
    """Make room for what is found out."""
    config.stash[OUTCOMES] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything that calls through networks drives browsers, in one loop."""
    reason = places.unavailable_reason() or certificates.unavailable_reason() or no_browser()
    for item in items:
        if "networks" not in getattr(item, "fixturenames", ()):
            continue
        item.add_marker(pytest.mark.e2e)
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        item.add_marker(pytest.mark.timeout(240))
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, and keep it where that is wanted."""
    outcomes = config.stash[OUTCOMES]
    if not outcomes:
        return
    terminalreporter.section("who gets through: seconds to the first picture; – is no media, · not tried")
    for line in table.for_terminal(outcomes):
        terminalreporter.write_line(line)
    if config.getoption("--keep-table", default=False):
        table.write(outcomes)


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest) -> dict[tuple[str, str], Outcome | str]:
    """Where cells are noted for the table."""
    return request.config.stash[OUTCOMES]


@pytest.fixture
def progress(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Says a line at once, though tests' output is kept."""
    plugins = request.config.pluginmanager
    reporter, capturing = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")

    assert reporter is not None
    assert capturing is not None

    def say(line: str) -> None:
        with capturing.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(line, flush=True)

    return say


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site() -> AsyncIterator[Site]:
    """The far end."""
    async with sites.running() as running:
        yield running


@dataclass
class Networks:
    """Lets one network stand at a time, with Bob in its room; tests of one network follow one another.

    Attributes:
        room: of the network that stands.
        route: how it is reached.
    """

    site: Site
    behind: Browser
    beside: Browser
    _name: str | None = None
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    _standing: tuple[Room, Route] | None = None

    async def stand(self, network: Network) -> tuple[Room, Route]:
        """Have that network stand; gives its room and how it is reached."""
        if self._name != network.name or self._standing is None:
            await self.close()
            route = await self._stack.enter_async_context(network.set_up(self.site))
            bob = await CallPage.joined(
                self.beside, Route().url, room=network.name, name="Bob", token=self.site.token, mode="tunnel"
            )
            self._stack.push_async_callback(bob.close)
            self._name, self._standing = network.name, (Room(network.name, bob, self.behind, self.site), route)
        return self._standing

    async def close(self) -> None:
        """Take down what stands."""
        self._name = self._standing = None
        await self._stack.aclose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def networks(site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Networks]:
    """Both browsers, and no network yet."""
    folder: Path = tmp_path_factory.mktemp("reach")
    home = site.authority.trusting_home()
    here = site.places
    async with contextlib.AsyncExitStack() as stack:
        behind, beside = [
            await stack.enter_async_context(
                browser(folder, clip, program=here.chromium_in(place, folder, name), home=home)
            )
            for clip, place, name in ((ALICE, here.client, "behind"), (BOB, here.servers, "beside"))
        ]
        standing = Networks(site, behind, beside)
        try:
            yield standing
        finally:
            await standing.close()
