"""H.264 and Opus through Pion (the stack of LiveKit, Galène, MediaMTX) and back, whoever offers, RSA or ECDSA."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.interop.echo_peer import CACHE, exchange, running
from wsmedia.peer import Certificate, PeerConfig

pytestmark = pytest.mark.interop

SOURCE = Path(__file__).parent / "pion" / "echo.go"
LIBRARY = Path("/usr/share/gocode/src/github.com/pion/webrtc")


@functools.cache
def program() -> str:
    """The echo program, compiled if need be; skips where it cannot be."""
    if shutil.which("go") is None or not LIBRARY.is_dir():
        pytest.skip("needs Pion: apt-get install golang-go golang-github-pion-webrtc.v3-dev")
    built = CACHE / "pion" / "echo"
    if not built.exists() or built.stat().st_mtime < SOURCE.stat().st_mtime:
        built.parent.mkdir(parents=True, exist_ok=True)
        env = {
            **os.environ,
            "GO111MODULE": "off",
            "GOPATH": "/usr/share/gocode",
            "GOCACHE": str(CACHE / "pion" / "go-build"),
            "GOFLAGS": "",
            "CGO_ENABLED": "0",
        }
        subprocess.run(["go", "build", "-o", str(built), str(SOURCE)], check=True, env=env)
    return str(built)


@pytest.mark.timeout(300)  # the first run compiles Pion
@pytest.mark.parametrize("they_offer", [False, True], ids=["we offer", "Pion offers"])
@pytest.mark.parametrize("rsa", [False, True], ids=["ECDSA", "RSA"])
async def test_echo(they_offer: bool, rsa: bool) -> None:
    options = [*(["-offer"] if they_offer else []), *(["-rsa"] if rsa else [])]
    async with running(program(), *options) as peer:
        await exchange(peer, they_offer=they_offer)


async def test_echo_with_an_rsa_certificate_of_ours() -> None:
    async with running(program()) as peer:
        await exchange(peer, they_offer=False, config=PeerConfig(certificate=Certificate.generate(use_rsa=True)))
