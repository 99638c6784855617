"""Sets up one call of each kind between two browsers: who sends, who watches, and whether media go the way they should.

``cell`` uses it. All servers stand at the link's server end, with the browser of whoever is not behind the link.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Browser, Page, Route

from benchmarks.latency import places
from benchmarks.latency.conditions import Carrier, Direction
from tests.support import clip_time_code, page_scripts
from tests.support.clip import Clip
from wsmedia.auth.tokens import issue_token

PICTURES = Clip(width=640, height=360, fps=30)
BITRATE_BPS = 1_000_000
ROOM = "latency"

_FOLDER = Path(__file__).with_name("page")
_READER = Path(__file__).parents[1] / "browser" / "page" / "code-reader.js"
_BLANK = "https://latency.invalid/"
_SET_UP_MS = 60_000.0


@dataclass(frozen=True)
class Servers:
    """Where servers are, and what opens them."""

    address: str
    token_key: str

    def token(self) -> str:
        """For the gateway's room."""
        return issue_token(self.token_key, ROOM, time.time() + 3600)


@dataclass(frozen=True)
class Call:
    """A call that is up: pictures of ``sender`` are shown by ``receiver``.

    Attributes:
        namespace: the object of the page's scripts that knows this kind of call, as ``latencyNative``.
    """

    sender: Page
    receiver: Page
    namespace: str

    async def watch(self, seconds: float) -> None:
        """Begin to note what is shown and heard; at most so long."""
        await self.receiver.evaluate(f"(seconds) => {self.namespace}.watch(seconds)", seconds)

    async def way(self) -> dict[str, Any]:
        """What both ends say of the way that media go."""
        if self.namespace == "latencyNative":
            return {
                "sender": await self.sender.evaluate("latencyNative.way()"),
                "receiver": await self.receiver.evaluate("latencyNative.way()"),
            }
        if self.namespace == "latencyTunnel":
            return {"sender": await self.sender.evaluate("latencyTunnel.sending()")}
        return {}


class WrongWayError(RuntimeError):
    """Media do not go the way that was to be measured."""


@functools.cache
def _scripts(sends: bool) -> list[str]:
    """What a page needs before its own scripts run."""
    geometry = f"const GEOMETRY = {json.dumps(clip_time_code.GEOMETRY)};\n"
    calls = [(_FOLDER / name).read_text() for name in ("native.js", "naive.js", "tunnel.js")]
    if not sends:
        reader = _READER.read_text().replace("export function", "function")
        code = Path(clip_time_code.__file__).with_name("time_code.js").read_text()
        watcher = f"{{{geometry}{code}\n{reader}\n{(_FOLDER / 'watcher.js').read_text()}}}"
        return [page_scripts.probe(), watcher, *calls]
    pictures = {"width": PICTURES.width, "height": PICTURES.height, "fps": PICTURES.fps}
    constants = (
        f"{geometry}const QUIET_MARGIN = {clip_time_code.QUIET_MARGIN};\nconst PICTURES = {json.dumps(pictures)};\n"
        f"const WORKER = {json.dumps((_FOLDER / 'camera-worker.js').read_text())};\n"
    )
    return [
        page_scripts.devices(PICTURES, clocked=True),
        f"{{{constants}{(_FOLDER / 'camera.js').read_text()}}}",
        *calls,
    ]


async def _blank(route: Route) -> None:
    await route.fulfill(body="<!doctype html><title>latency</title><body>", content_type="text/html")


async def _open(browser: Browser, address: str, sends: bool, sound: bool = True) -> Page:
    context = await browser.new_context(viewport={"width": 800, "height": 600})
    await context.route(f"{_BLANK}**", _blank)
    page = await context.new_page()
    page.set_default_timeout(_SET_UP_MS)
    for script in _scripts(sends):
        await page.add_init_script(script)
    if not (sends and sound):
        # Who only watches has nothing to send; the page says so and goes on.
        preferences = json.dumps({"cameraOn": sends, "microphoneOn": False})
        await page.add_init_script(f"localStorage.setItem('wsmedia.preferences', {json.dumps(preferences)});")
    await page.goto(address)
    return page


async def connect(
    carrier: Carrier, direction: Direction, servers: Servers, ends: Sequence[Browser], sound: bool
) -> Call:
    """Set the call up and wait until pictures come.

    Args:
        ends: the browser behind the link, and the one beside the servers.
        sound: whether there is any.
    Raises:
        WrongWayError: see there.
    """
    sending, watching = ends if direction is Direction.UP else reversed(ends)
    if carrier.is_native:
        call = await _native(carrier, direction, servers, sending, watching, sound)
    elif carrier.name == "naive":
        call = await _naive(servers, sending, watching, sound)
    else:
        call = await _tunnel(carrier, direction, servers, sending, watching, sound)
    await call.receiver.wait_for_function(f"{call.namespace}.live({json.dumps(sound)})")
    return call


async def _native(
    carrier: Carrier, direction: Direction, servers: Servers, sending: Browser, watching: Browser, sound: bool
) -> Call:
    behind = _ice(carrier, servers)
    beside: dict[str, Any] = {"iceServers": []}
    offers, answers = (behind, beside) if direction is Direction.UP else (beside, behind)
    sender, receiver = await _open(sending, _BLANK, True), await _open(watching, _BLANK, False)
    offer = await sender.evaluate("(given) => latencyNative.offer(...given)", [offers, BITRATE_BPS, sound])
    answer = await receiver.evaluate("([ice, sdp]) => latencyNative.answer(ice, sdp)", [answers, offer])
    await sender.evaluate("(sdp) => latencyNative.accept(sdp)", answer)
    call = Call(sender, receiver, "latencyNative")
    await receiver.wait_for_function("latencyNative.live()")
    way = (await call.way())["sender" if direction is Direction.UP else "receiver"]
    if (way["local"] == "relay") != (carrier.relay is not None) or way["relayProtocol"] != carrier.relay:
        raise WrongWayError(f"{carrier.title}: the candidate pair in use is {way}")
    return call


def _ice(carrier: Carrier, servers: Servers) -> dict[str, Any]:
    """The RTCConfiguration of whoever is behind the link."""
    address = servers.address
    urls = {
        "udp": f"turn:{address}:{places.TURN_PORT}?transport=udp",
        "tcp": f"turn:{address}:{places.TURN_PORT}?transport=tcp",
        "tls": f"turns:{address}:{places.TURN_TLS_PORT}?transport=tcp",
    }
    if carrier.relay is None:
        return {"iceServers": []}
    turn = {"urls": urls[carrier.relay], "username": places.TURN_USER, "credential": places.TURN_PASSWORD}
    return {"iceServers": [turn], "iceTransportPolicy": "relay"}


async def _naive(servers: Servers, sending: Browser, watching: Browser, sound: bool) -> Call:
    sender, receiver = await _open(sending, _BLANK, True), await _open(watching, _BLANK, False)
    url = f"wss://{servers.address}:{places.RELAY_PORT}"
    await receiver.evaluate("(url) => latencyNaive.receive(url)", f"{url}/watch")
    await sender.evaluate("(given) => latencyNaive.send(...given)", [f"{url}/send", BITRATE_BPS, sound])
    return Call(sender, receiver, "latencyNaive")


async def _tunnel(
    carrier: Carrier, direction: Direction, servers: Servers, sending: Browser, watching: Browser, sound: bool
) -> Call:
    def address(name: str, behind: bool) -> str:
        query = {"room": ROOM, "name": name, "token": servers.token(), "autojoin": "1", "mode": "tunnel"}
        query |= {"codecs": "webcodecs", "quality": "360p", "bitrate": str(BITRATE_BPS // 1000)}
        if behind and carrier.lanes:
            query |= {"lanes": str(carrier.lanes)}
        return f"https://{servers.address}:{places.GATEWAY_PORT}/?{urlencode(query)}"

    receiver = await _open(watching, address("Receiver", direction is Direction.DOWN), False)
    sender = await _open(sending, address("Sender", direction is Direction.UP), True, sound)
    return Call(sender, receiver, "latencyTunnel")
