"""The check page in Chromium: all well, behind a careless nginx, behind an inspecting proxy, and without UDP."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.support import netns
from tests.support.browser import browser, gateway_process
from tests.support.doctor_proxies import inspecting_proxy, missing, nginx
from tests.support.gateway import http_url, running_gateway
from wsmedia.auth import issue_token

KEY = "k" * 32
LIGHT = "tls,http,websocket,buffering,idle,upload,throughput"


@dataclass(frozen=True)
class Seen:
    """What a user sees when the check is over."""

    verdict: str
    way: str
    findings: dict[str, str]
    administrator: str


async def check(running: Browser, url: str, **query: str) -> tuple[Page, Seen]:
    """Open the page, press the button, wait for the end."""
    context = await running.new_context(ignore_https_errors=True)
    page = await context.new_page()
    options = "&".join(f"{name}={value}" for name, value in {"silence": "2", **query}.items())
    await page.goto(f"{url}check?{options}")
    await page.get_by_role("button", name="Start the check").click()
    await expect(page.locator("main[data-state=over]")).to_be_visible()
    verdict = page.locator(".verdict")
    findings = await page.eval_on_selector_all(
        ".result",
        "cards => Object.fromEntries("
        "cards.map(({ dataset }) => [dataset.check, `${dataset.outcome} ${dataset.finding}`]))",
    )
    way = await verdict.get_attribute("data-way")
    return page, Seen(
        await verdict.inner_text(), way or "", findings, await page.locator(".administrator").inner_text()
    )


@pytest.fixture
def own_network() -> Iterator[netns.NetworkNamespace]:
    """A network in which UDP can be blocked."""
    reason = netns.unavailable_reason() or (None if shutil.which("nft") else "needs nft (apt-get install nftables)")
    if reason is not None:
        pytest.skip(reason)
    namespace = netns.NetworkNamespace()
    try:
        with namespace.entered():
            yield namespace
    finally:
        namespace.close()


def block_udp() -> None:
    """In the network of the calling thread."""
    rules = "table inet f { chain o {\ntype filter hook output priority 0\nmeta l4proto udp drop\n}\n}\n"
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


@pytest_asyncio.fixture(loop_scope="session")
async def chromium(tmp_path: Path) -> AsyncIterator[Browser]:
    async with browser(tmp_path, None) as running:
        yield running


async def test_all_is_well_and_the_report_arrives(own_network: netns.NetworkNamespace, tmp_path: Path) -> None:
    async with browser(tmp_path, None) as running, gateway_process("--state-dir", str(tmp_path / "state")) as url:
        page, seen = await check(running, url)
        assert seen.findings == {
            "tls": "untested plain",
            "http": "well direct",
            "websocket": "well works",
            "buffering": "well flows",
            "idle": "well kept",
            "upload": "well whole",
            "throughput": "well enough",
            "stun": "untested not-offered",
            "turn-udp": "untested not-offered",
            "turn-tcp": "well works",
            "turn-tls": "untested not-offered",
            "native": "well works",
            "tunnel-websocket": "well works",
            "tunnel-http-stream": "well works",
            "tunnel-http-poll": "well works",
        }
        assert "All is well: calls work here" in seen.verdict
        assert "tunnel over WebSocket" in seen.verdict
        assert "has found" not in seen.administrator
        await page.get_by_role("button", name="Send the results").click()
        await expect(page.get_by_text("Thank you, the results were sent")).to_be_visible()
        [line] = (tmp_path / "state" / "reports.jsonl").read_text().splitlines()
        report = json.loads(line)
        assert (report["grade"], report["way"]) == ("well", "websocket")
        assert len(report["results"]) == len(seen.findings)


async def test_udp_is_blocked(own_network: netns.NetworkNamespace, tmp_path: Path) -> None:
    block_udp()
    async with browser(tmp_path, None) as running, gateway_process() as url:
        _, seen = await check(running, url, checks="http,native,turn-tcp,tunnel-websocket")
    assert seen.findings["native"] == "blocked udp-blocked"
    assert seen.findings["turn-tcp"] == "well works"
    assert seen.way == "websocket"
    assert "Calls work here" in seen.verdict
    assert "UDP to this host is blocked" in seen.administrator


@pytest.mark.skipif(missing("nginx") is not None, reason="needs nginx")
async def test_nginx_takes_upgrades_out(chromium: Browser, tmp_path: Path) -> None:
    async with gateway_process() as gateway, nginx(tmp_path / "nginx", gateway) as url:
        _, seen = await check(chromium, url, checks=f"{LIGHT},tunnel-http-stream")
    assert seen.findings["websocket"] == "blocked stripped"
    assert seen.findings["http"] == "hindered old-version"
    assert seen.findings["buffering"] == "well flows"
    assert seen.findings["tunnel-http-stream"] == "well works"
    assert seen.way == "http-stream"
    assert "Calls work here" in seen.verdict
    assert "streamed HTTP requests" in seen.verdict
    assert "Upgrade and Connection" in seen.administrator


@pytest.mark.skipif((missing("nginx") or missing("mitmdump")) is not None, reason="needs nginx and mitmproxy")
async def test_answers_are_collected_and_upgrades_taken_out(chromium: Browser, tmp_path: Path) -> None:
    async with (
        gateway_process() as gateway,
        inspecting_proxy(tmp_path / "mitmproxy", gateway) as collecting,
        nginx(tmp_path / "nginx", collecting) as url,
    ):
        _, seen = await check(chromium, url, checks="http,websocket,buffering,upload,tunnel-http-poll")
    assert seen.findings["websocket"] == "blocked stripped"
    assert seen.findings["buffering"] == "blocked buffered"
    # Two proxies that know nothing of haste stand in the way: it may be late, and it comes.
    assert seen.findings["tunnel-http-poll"] in ("well works", "hindered late")
    assert seen.way == "http-poll"
    assert "polled HTTP requests" in seen.verdict
    assert "switch buffering off" in seen.administrator


@pytest.mark.skipif(missing("mitmdump") is not None, reason="needs mitmproxy")
async def test_an_inspecting_proxy_is_told_from_the_browser_itself(chromium: Browser, tmp_path: Path) -> None:
    async with running_gateway(https=True, http=False, port=0, state_dir=tmp_path / "state") as gateway:
        direct = gateway.listeners[0].url
        _, seen = await check(chromium, direct, checks="tls,http")
        assert seen.findings["tls"] == "well end-to-end"
        async with inspecting_proxy(tmp_path / "mitmproxy", direct) as url:
            _, seen = await check(chromium, url, checks="tls,http,websocket")
    assert seen.findings["tls"] == "hindered inspected"
    assert seen.findings["websocket"] == "well works"
    assert "exempt this host from inspection" in seen.administrator


@pytest.mark.skipif(missing("nginx") is not None, reason="needs nginx")
async def test_a_call_that_cannot_begin_leads_here_with_its_token(chromium: Browser, tmp_path: Path) -> None:
    token = issue_token(KEY, "standup", 4e9)
    async with (
        running_gateway(token_key=[KEY], state_dir=tmp_path / "state") as gateway,
        nginx(tmp_path / "nginx", http_url(gateway)) as url,
    ):
        page = await (await chromium.new_context()).new_page()
        # This kind of lane alone cannot get through here.
        await page.goto(f"{url}?room=standup&name=Alice&token={token}&autojoin=1&lane=websocket")
        async with page.expect_popup() as opening:
            await page.get_by_role("button", name="Check the network").click()
        opened = await opening.value
        assert opened.url == f"{url}check"
        await opened.goto(f"{url}check?silence=1&checks=http,websocket,tunnel-http-stream")
        await opened.get_by_role("button", name="Start the check").click()
        card = opened.locator('[data-check="tunnel-http-stream"][data-outcome=well]')
        await expect(card).to_be_visible()
        assert token not in opened.url


async def test_it_fits_a_phone_and_says_what_happens(chromium: Browser) -> None:
    async with gateway_process() as url:
        context = await chromium.new_context(viewport={"width": 320, "height": 640})
        page = await context.new_page()
        await page.goto(f"{url}check?checks=http,upload")
        await page.keyboard.press("Tab")
        await page.get_by_role("button", name="Start the check").press("Enter")
        await expect(page.get_by_role("heading", name="Calls work here")).to_be_visible()
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320
        assert await page.locator(".verdict").get_attribute("aria-live") == "polite"
