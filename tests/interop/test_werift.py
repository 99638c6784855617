"""H.264 and Opus through werift (WebRTC in TypeScript) and back, whoever offers."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.interop.echo_peer import CACHE, exchange, running

pytestmark = pytest.mark.interop

HERE = Path(__file__).parent / "werift"


@functools.cache
def _folder() -> Path:
    if shutil.which("npm") is None:
        pytest.skip("needs Node.js with npm")
    folder = CACHE / "werift"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text()
    installed = folder / "package.json"
    if not (folder / "node_modules" / "werift").is_dir() or installed.read_text() != wanted:
        installed.write_text(wanted)
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
        except subprocess.TimeoutExpired:
            installed.unlink()
            pytest.skip("werift cannot be installed: npm does not answer")
        if done.returncode != 0:
            installed.unlink()
            pytest.skip("werift cannot be installed: no npm registry in reach")
    return folder


@pytest.mark.timeout(240)  # the first run installs werift
@pytest.mark.parametrize("they_offer", [False, True], ids=["we offer", "werift offers"])
async def test_echo(they_offer: bool) -> None:
    folder = _folder()
    options = ["offer"] if they_offer else []
    async with running("node", str(HERE / "echo.mjs"), *options, cwd=folder) as peer:
        await exchange(peer, they_offer=they_offer)
