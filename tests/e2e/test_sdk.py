"""The SDK as its documentation shows it: the example pages, served from an origin that is not the gateway's."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e.conftest import ALICE, BOB
from tests.support.browser import DEADLINE_MS, CallPage, browser, gateway_process
from tests.support.clip_readers import tone_hz

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples"
GATEWAY_IN_DOCS = "https://calls.example.org/"


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served(directory: Path) -> Iterator[str]:
    """Serve a directory from a port of its own; gives the origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=directory))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """The origin of the example pages."""
    with served(EXAMPLES) as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(origin: str) -> AsyncIterator[str]:
    """A gateway that those pages may use; each test has a room of its own."""
    async with gateway_process("--allowed-origin", origin) as address:
        yield address


async def example(running: Browser, origin: str, page: str, gateway: str, **query: str) -> CallPage:
    """One of the examples in a tab of its own."""
    return await CallPage.open(running, f"{origin}/{page}?{urlencode({'gateway': gateway, **query})}")


async def time_code(call: CallPage, selector: str, least: int) -> int:
    """Until an element shows a time code of at least so much; gives it, ms."""
    look = f"wsmediaTest.timeCode(document.querySelector({selector!r}))"
    found = f"() => {{ const code = {look}; return (code ?? -1) >= {least} ? {{ code }} : null; }}"
    handle = await call.page.wait_for_function(found, polling=50)
    return int((await handle.json_value())["code"])


async def other_time_code(call: CallPage, selector: str, code: int) -> None:
    """Until it shows another one: the picture moves."""
    look = f"wsmediaTest.timeCode(document.querySelector({selector!r}))"
    await call.page.wait_for_function(f"() => ![null, {code}].includes({look})", polling=50)


async def element_tone(call: CallPage, selector: str, hertz: float) -> None:
    """Until that tone is in the sound of an element's stream."""
    await call.page.wait_for_function(f"document.querySelector({selector!r}).srcObject.getAudioTracks().length > 0")
    await call.page.evaluate(
        """(selector) => {
          const context = new AudioContext();
          const analyser = new AnalyserNode(context, { fftSize: 16384 });
          context.createMediaStreamSource(document.querySelector(selector).srcObject).connect(analyser);
          globalThis.listen = () => {
            const samples = new Float32Array(analyser.fftSize);
            analyser.getFloatTimeDomainData(samples);
            return { rate: context.sampleRate, samples: Array.from(samples) };
          };
        }""",
        selector,
    )
    heard = 0.0
    async with asyncio.timeout(DEADLINE_MS / 1000):
        while abs(heard - hertz) > 3.0:
            sound = await call.page.evaluate("listen()")
            heard = tone_hz(np.array(sound["samples"], np.float64), round(sound["rate"]))


async def share_clip(call: CallPage) -> None:
    """Press the button; no screen is there to be captured, so the clip stands for it."""
    await call.page.evaluate(
        "navigator.mediaDevices.getDisplayMedia = () => navigator.mediaDevices.getUserMedia({ video: true })"
    )
    await call.page.get_by_role("button", name="Share my screen").click()


async def test_the_minimal_page_shows_and_sends_from_another_origin(
    origin: str, url: str, running: Browser, bobs: Browser
) -> None:
    bob = await CallPage.joined(bobs, url, room="sdk", name="Bob")
    alice = await example(running, origin, "minimal.html", url, room="sdk", name="Alice")
    await expect(alice.page.locator("#state")).to_have_text("connected")
    shown = await time_code(alice, "[title=Bob]", BOB.start_ms)
    await other_time_code(alice, "[title=Bob]", shown)
    assert await bob.wait_for_picture("Alice") < BOB.start_ms
    await bob.wait_for_tone("Alice", ALICE.tone_hz)
    assert alice.errors == bob.errors == []


async def test_tracks_play_in_elements_of_the_page(origin: str, url: str, bobs: Browser) -> None:
    watcher = await example(bobs, origin, "elements.html", url, room="elements")
    await CallPage.joined(bobs, url, room="elements", name="Bob")
    shown = await time_code(watcher, "video", BOB.start_ms)
    await other_time_code(watcher, "video", shown)
    await element_tone(watcher, "video", BOB.tone_hz)
    assert watcher.errors == []


async def test_a_page_without_devices_is_heard(origin: str, url: str, running: Browser) -> None:
    bot = await example(running, origin, "tone-bot.html", url, room="bots", name="Bot", hertz="550")
    await bot.page.evaluate("void (navigator.mediaDevices.getUserMedia = undefined)")
    await bot.page.get_by_role("button", name="Start").click()
    listener = await CallPage.joined(running, url, room="bots", name="Listener")
    await listener.wait_for_tone("Bot", 550)
    await expect(bot.page.locator("#levels")).to_contain_text("we: #")
    assert bot.errors == []


async def test_a_screen_is_shared_and_taken_back(origin: str, url: str, running: Browser) -> None:
    viewer = await example(running, origin, "screen-share.html", url, room="screens", name="Viewer")
    sharer = await example(running, origin, "screen-share.html", url, room="screens", name="Sharer")
    await share_clip(sharer)
    shown = await time_code(viewer, "#screens canvas", ALICE.start_ms)
    await other_time_code(viewer, "#screens canvas", shown)
    await sharer.page.get_by_role("button", name="Stop sharing").click()
    await expect(viewer.page.locator("#screens canvas")).to_have_count(0)
    assert viewer.errors == sharer.errors == []


async def test_native_webrtc_has_the_same_objects(network: tuple[str, ...], clips: Path) -> None:
    # The server of the pages has to be in that network too.
    with served(EXAMPLES) as origin:
        async with gateway_process("--allowed-origin", origin) as url, browser(clips, ALICE, *network) as running:
            inside = {"room": "natives", "mode": "native"}
            native = await example(running, origin, "minimal.html", url, name="Alice", **inside)
            sharer = await example(
                running, origin, "screen-share.html", url, room="natives", name="Sharer", mode="native"
            )
            viewer = await example(
                running, origin, "screen-share.html", url, room="natives", name="Viewer", mode="native"
            )
            tunnelled = await example(running, origin, "minimal.html", url, room="natives", name="Bob")
            await time_code(tunnelled, "[title=Alice]", ALICE.start_ms)
            await time_code(native, "[title=Bob]", ALICE.start_ms)
            await share_clip(sharer)
            shown = await time_code(viewer, "#screens video", ALICE.start_ms)
            await other_time_code(viewer, "#screens video", shown)
            await time_code(tunnelled, "[title=Sharer]", ALICE.start_ms)
            await time_code(native, "[title=Sharer]", ALICE.start_ms)
            meter = await entered(running, origin, url, name="Meter", **inside)
            await time_code(meter, "video", ALICE.start_ms)
            await meter.page.wait_for_function(
                """async () => {
                  const stats = await room.getStats();
                  const entries = [...stats.values()];
                  const picture = entries.find((one) => one.type === "inbound-rtp" && one.framesDecoded > 0);
                  return picture?.wsmediaBackend === "native" && ["camera", "screen"].includes(picture.wsmediaSource)
                    && stats.get(picture.codecId)?.mimeType === "video/H264"
                    && room.participants.some(({ id }) => id === picture.wsmediaParticipantId)
                    && entries.some((one) => one.type === "candidate-pair" && one.currentRoundTripTime >= 0);
                }"""
            )
            assert native.errors == sharer.errors == viewer.errors == tunnelled.errors == meter.errors == []


async def test_figures_have_the_names_of_the_w3c(origin: str, url: str, bobs: Browser) -> None:
    meter = await example(bobs, origin, "stats.html", url, room="figures")
    await CallPage.joined(bobs, url, room="figures", name="Bob")
    figures = meter.page.locator("#figures")
    await expect(figures).to_contain_text("Bob camera: video/H264")
    await expect(figures).to_contain_text("Bob microphone: audio/opus")
    await expect(figures).to_contain_text("round trip")
    await expect(figures).to_contain_text("320×180")
    assert meter.errors == []


def policy(gateway: str) -> str:
    """The content security policy that the documentation asks for, with nothing else allowed but the page's script."""
    section = (DOCS / "sdk.md").read_text().partition("With a content security policy")[2].partition("\n\n")[0]
    directives = [" ".join(words.split()) for words in section.split("`")[1::2]]
    assert [one.partition(" ")[0] for one in directives] == ["script-src", "worker-src", "connect-src"]
    asked = "; ".join(directives)
    asked = asked.replace("wss://calls.example.org", gateway.replace("http", "ws", 1))
    asked = asked.replace("https://calls.example.org", gateway)
    own = asked.replace("script-src", "script-src 'unsafe-inline'")
    return f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; {own}">'


async def test_the_five_minutes_of_the_documentation(tmp_path: Path, running: Browser) -> None:
    section = (DOCS / "sdk.md").read_text().partition("## Five minutes")[2]
    html = section.partition("```html\n")[2].partition("```")[0]
    assert html.count(GATEWAY_IN_DOCS) == 2
    with served(tmp_path) as origin:
        async with gateway_process("--allowed-origin", origin) as url:
            gateway = url.rstrip("/")
            (tmp_path / "index.html").write_text(
                html.replace(GATEWAY_IN_DOCS, f"{gateway}/").replace("<div", f"{policy(gateway)}<div", 1)
            )
            alice = await CallPage.open(running, f"{origin}/index.html")
            viewer = await CallPage.joined(running, url, room="standup", name="Viewer")
            await viewer.wait_for_picture("Alice")
            await viewer.wait_for_tone("Alice", ALICE.tone_hz)
            await time_code(alice, "#people canvas", ALICE.start_ms)
            assert alice.errors == viewer.errors == []


async def entered(running: Browser, origin: str, url: str, **options: str) -> CallPage:
    """A page of the origin that has entered a room as ``globalThis.room``, and shows everybody."""
    call = await example(running, origin, "tone-bot.html", url)
    await call.page.evaluate(
        """async (options) => {
          const { connect } = await import(new URL("sdk/wsmedia.js", options.url).href);
          const room = await connect(options);
          const show = ({ track }) => track.surface && document.body.append(track.surface);
          for (const { tracks } of room.participants) for (const track of tracks) show({ track });
          room.addEventListener("trackadded", show);
          globalThis.room = room;
          globalThis.reading = (kind) => room.trackReadings().find((one) => one.kind === kind)?.frames ?? 0;
        }""",
        {"url": url, **options},
    )
    return call


async def test_pictures_that_nobody_sees_are_not_sent(origin: str, url: str, bobs: Browser) -> None:
    viewer = await entered(bobs, origin, url, room="hidden", name="Viewer")
    await CallPage.joined(bobs, url, room="hidden", name="Bob")
    await time_code(viewer, "canvas", BOB.start_ms)
    await viewer.page.evaluate("document.querySelector('canvas').style.display = 'none'")
    await viewer.page.wait_for_function("room.participants[0].track('camera').paused")
    # What was on its way has come once a tenth of a second of sound has; then a second of it brings no picture.
    await viewer.page.evaluate("globalThis.sound = reading('audio')")
    await viewer.page.wait_for_function("reading('audio') >= sound + 5")
    before = await viewer.page.evaluate("reading('video')")
    await viewer.page.wait_for_function("reading('audio') >= sound + 55")
    assert await viewer.page.evaluate("reading('video')") - before <= 1
    shown = await viewer.page.evaluate("wsmediaTest.timeCode(document.querySelector('canvas'))")
    await viewer.page.evaluate("document.querySelector('canvas').style.display = ''")
    await other_time_code(viewer, "canvas", shown)
    assert not await viewer.page.evaluate("room.participants[0].track('camera').paused")


async def test_a_room_that_cannot_be_entered_is_an_error_with_a_reason(origin: str, running: Browser) -> None:
    key = "a secret of at least thirty-two characters"
    async with gateway_process("--allowed-origin", origin, "--token-key", key) as url:
        page = (await example(running, origin, "tone-bot.html", url)).page
        look = """async (url) => {
          const { connect, ConnectError } = await import(new URL("sdk/wsmedia.js", url).href);
          const refused = await connect({ url, room: "a", token: "nonsense" }).catch((error) => error);
          const wrong = await connect({ url, room: "no room" }).catch((error) => error);
          const nobody = new URL("http://127.0.0.1:1/");
          const signal = AbortSignal.timeout(500);
          const given_up = await connect({ url: nobody, room: "a", signal }).catch((error) => error);
          return [refused instanceof ConnectError, refused.end, wrong.name, given_up.name];
        }"""
        assert await page.evaluate(look, url) == [True, "tokenRefused", "TypeError", "TimeoutError"]


async def test_codecs_in_webassembly_come_from_the_gateway_too(origin: str, url: str, bobs: Browser) -> None:
    viewer = await entered(bobs, origin, url, room="wasm", name="Viewer", codecs="wasm")
    bob = await CallPage.joined(bobs, url, room="wasm", name="Bob")
    await time_code(viewer, "canvas", BOB.start_ms)
    backends = "room.trackReadings().filter((one) => one.direction === 'received').map((one) => one.backend)"
    await viewer.page.wait_for_function(f"{backends}.length === 2 && {backends}.every((one) => one === 'wasm')")
    await viewer.page.evaluate(
        "navigator.mediaDevices.getUserMedia({ audio: true, video: true })"
        ".then((stream) => stream.getTracks().forEach((track) => room.publish(track)))"
    )
    await bob.wait_for_picture("Viewer")
    await bob.wait_for_tone("Viewer", BOB.tone_hz)
    ours = "room.trackReadings().filter((one) => one.direction === 'sent').map((one) => one.backend)"
    assert await viewer.page.evaluate(ours) == ["wasm", "wasm"]
    assert viewer.errors == bob.errors == []
