"""``wsmedia doctor`` and real gateways: all well, a small limit, an inspecting proxy, no UDP, nobody there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import netns
from tests.support.doctor_proxies import inspecting_proxy, missing, nginx
from tests.support.gateway import http_url, running_gateway
from wsmedia.auth import issue_token

KEY = "k" * 32
DEADLINE = 90.0


@dataclass(frozen=True)
class Said:
    """What the command printed, and its exit status."""

    status: int
    text: str
    errors: str

    @property
    def table(self) -> dict[str, str]:
        """With ``--json``: outcome and finding of each check."""
        return {one["check"]: f"{one['outcome']} {one['finding']}" for one in json.loads(self.text)["results"]}

    @property
    def answer(self) -> Any:
        """With ``--json``: everything."""
        return json.loads(self.text)


async def run(*arguments: str) -> Said:
    """The command as users run it, without their environment's proxies."""
    hidden = ("proxy", "wsmedia_")
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith(hidden[0])}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wsmedia", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in environment.items() if not name.lower().startswith(hidden[1])},
    )
    try:
        async with asyncio.timeout(DEADLINE):
            output, errors = await process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    assert process.returncode is not None
    return Said(process.returncode, output.decode(), errors.decode())


@pytest.fixture
def own_network() -> Iterator[None]:
    """A network with an address that WebRTC takes, in which UDP can be blocked."""
    reason = netns.unavailable_reason() or (None if shutil.which("nft") else "needs nft (apt-get install nftables)")
    if reason is not None:
        pytest.skip(reason)
    namespace = netns.NetworkNamespace()
    try:
        with namespace.entered():
            yield
    finally:
        namespace.close()


async def test_all_is_well(own_network: None, tmp_path: Path) -> None:
    async with running_gateway(state_dir=tmp_path) as gateway:
        said = await run("doctor", http_url(gateway), "--silence", "1", "--send")
    assert said.status == 0, said
    assert "All is well: calls work here." in said.text
    assert "wsmedia will use its tunnel over WebSocket." in said.text
    assert "ok Native WebRTC (UDP)     Pictures went to the gateway and back" in said.text
    for lane in ("WebSocket", "streamed HTTP", "HTTP polling"):
        assert f"ok Media by {lane}".ljust(27) + "Picture and sound went to the gateway and back" in said.text
    assert "ok TURN over TCP" in said.text
    assert "administrator" not in said.text
    [line] = (tmp_path / "reports.jsonl").read_text().splitlines()
    assert json.loads(line)["grade"] == "well"


async def test_udp_is_blocked_and_requests_are_small(own_network: None, tmp_path: Path) -> None:
    if (reason := missing("nginx")) is not None:
        pytest.skip(reason)
    rules = "table inet f { chain o {\ntype filter hook output priority 0\nmeta l4proto udp drop\n}\n}\n"
    _block(rules)
    async with (
        running_gateway(state_dir=tmp_path / "state") as gateway,
        nginx(tmp_path / "nginx", http_url(gateway), "client_max_body_size 64k;", upgrades=True) as url,
    ):
        said = await run("doctor", url, "--silence", "1", "--json")
    assert said.status == 3, said
    assert said.table["native"] == "blocked udp-blocked"
    assert said.table["upload"] == "well limited"
    assert said.table["websocket"] == "well works"
    assert said.table["tunnel-websocket"] == "well works"
    assert said.answer["way"] == "websocket"
    assert "UDP to this host is blocked" in said.answer["administrator"]


async def test_an_inspecting_proxy_is_named_and_is_shown_no_token(tmp_path: Path) -> None:
    if (reason := missing("mitmdump")) is not None:
        pytest.skip(reason)
    token = issue_token(KEY, "standup", 4e9)
    async with running_gateway(https=True, port=0, token_key=[KEY], state_dir=tmp_path / "state") as gateway:
        direct = next(listener.url for listener in gateway.listeners if listener.scheme == "https")
        async with inspecting_proxy(tmp_path / "mitmproxy", direct) as url:
            said = await run("doctor", url, "--silence", "1", "--token", token, "--json")
    assert said.status == 1, said
    assert said.table["tls"] == "blocked inspected-untrusted"
    [tls] = [one for one in said.answer["results"] if one["check"] == "tls"]
    assert "mitmproxy" in tls["note"]
    assert "mitmproxy" in tls["sentence"]
    assert said.table["buffering"] == "blocked buffered"
    assert said.table["tunnel-websocket"] == "blocked untrusted"
    assert "signed by “mitmproxy”" in said.answer["administrator"]
    assert token not in said.text


async def test_upgrades_are_taken_out(tmp_path: Path) -> None:
    if (reason := missing("nginx")) is not None:
        pytest.skip(reason)
    async with (
        running_gateway(token_key=[KEY], state_dir=tmp_path / "state") as gateway,
        nginx(tmp_path / "nginx", http_url(gateway)) as url,
    ):
        said = await run("doctor", url, "--silence", "1")
        token = issue_token(KEY, "standup", 4e9)
        tried = await run("doctor", url, "--silence", "1", "--token", token, "--json")
    assert (tried.answer["way"], tried.answer["tried"]) == ("http-stream", True)
    assert tried.table["tunnel-websocket"] == "blocked no-connection"
    assert said.status == 3, said
    assert "The handshake arrives without its Upgrade header" in said.text
    assert "Requests arrive as HTTP/1.0" in said.text
    assert "the gateway wants a token for this (--token)" in said.text
    assert "streamed HTTP requests" in said.text
    assert "this follows from the other checks" in said.text
    assert "Please let WebSocket (RFC 6455) pass to this host." in said.text
    assert 'if (host == "127.0.0.1") return "DIRECT";' in said.text


async def test_nobody_is_there() -> None:
    said = await run("doctor", "http://127.0.0.1:9", "--silence", "1", "--json")
    assert said.status == 1
    assert said.table["http"] == "blocked no-answer"
    assert said.answer["way"] == "none"


async def test_an_address_that_is_none() -> None:
    said = await run("doctor", "ftp://gateway.example")
    assert said.status == 1
    assert "does not begin with https://" in said.errors


async def test_the_allowlist_of_a_configuration(tmp_path: Path) -> None:
    config = tmp_path / "wsmedia.toml"
    config.write_text('native_address = ["192.0.2.7"]\nstate_dir = "/nowhere"\n')
    said = await run("allowlist", "--config", str(config), "--url", "https://calls.example.org")
    assert said.status == 0, said
    assert "  - calls.example.org, TCP port 443: HTTPS, and WebSocket inside it" in said.text
    assert "  - 192.0.2.7, UDP port 1024-65535: WebRTC media" in said.text
    assert 'if (host == "calls.example.org") return "DIRECT";' in said.text


def _block(rules: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
