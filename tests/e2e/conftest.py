"""What all browser tests need: Chromium and the built page, a directory for clips, and two people who differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import netns
from tests.support.browser import unavailable_reason
from tests.support.clip import Clip

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
        item.add_marker(pytest.mark.timeout(240))
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the clips' files lie."""
    return tmp_path_factory.mktemp("clips")


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
