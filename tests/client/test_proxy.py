"""The environment's proxies: which one is taken, what is said when it fails, and calls through a real one."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import netns, squid
from tests.support.frame_sinks import FrameList
from tests.support.gateway import eventually, running_gateway
from wsmedia.auth.tokens import issue_token
from wsmedia.client import Client, ClientError
from wsmedia.client.lane_kinds import LANE_KINDS
from wsmedia.client.proxy import proxy_for
from wsmedia.media import Codec, EncodedFrame, TrackSource

HOST = "gateway.example.org"
PROXY = "http://proxy.example.org:3128"
KEY = secrets.token_hex(20)


@pytest.mark.parametrize(
    ("environment", "secure", "url"),
    [
        ({}, True, None),
        ({"https_proxy": PROXY}, True, PROXY),
        ({"HTTPS_PROXY": PROXY}, True, PROXY),
        ({"https_proxy": "", "HTTPS_PROXY": PROXY}, True, None),
        ({"https_proxy": "proxy.example.org:3128"}, True, PROXY),
        ({"https_proxy": "https://proxy.example.org"}, True, "https://proxy.example.org:443"),
        ({"all_proxy": PROXY}, True, PROXY),
        ({"all_proxy": "http://other", "https_proxy": PROXY}, True, PROXY),
        ({"wss_proxy": PROXY, "https_proxy": "http://other"}, True, PROXY),
        ({"http_proxy": PROXY}, True, None),
        ({"http_proxy": PROXY}, False, PROXY),
        ({"HTTP_PROXY": PROXY}, False, None),
        ({"https_proxy": PROXY}, False, None),
        ({"https_proxy": "http://ann:p%40ss@[2001:db8::1]:8080/"}, True, "http://ann:p%40ss@[2001:db8::1]:8080"),
        ({"https_proxy": "http://ann@proxy.example.org:3128"}, True, "http://ann:@proxy.example.org:3128"),
        ({"https_proxy": "http://ann:it's@proxy.example.org:3128"}, True, "http://ann:it%27s@proxy.example.org:3128"),
    ],
)
def test_the_usual_variables_name_the_proxy(environment: dict[str, str], secure: bool, url: str | None) -> None:
    proxy = proxy_for(HOST, 443, secure, environment)
    assert (None if proxy is None else proxy.url) == url
    assert proxy is None or "@" not in proxy.where


@pytest.mark.parametrize(
    ("exceptions", "host", "straight"),
    [
        ("*", HOST, True),
        (HOST, HOST, True),
        ("example.org", HOST, True),
        (".example.org", HOST, True),
        ("*.example.org", HOST, True),
        ("other.org, example.org", HOST, True),
        ("Example.ORG", HOST, True),
        ("ample.org", HOST, False),
        ("gateway", HOST, False),
        ("", HOST, False),
        (f"{HOST}:443", HOST, True),
        (f"{HOST}:8443", HOST, False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("[2001:db8::1]:443", "2001:db8::1", True),
        ("2001:db8::/32", "2001:db8::1", True),
    ],
)
def test_no_proxy_names_exceptions(exceptions: str, host: str, straight: bool) -> None:
    environment = {"https_proxy": PROXY, "NO_PROXY": exceptions}
    assert (proxy_for(host, 443, True, environment) is None) == straight


@pytest.mark.parametrize(
    "value", ["socks5://proxy:1080", "ftp://proxy", "http://", "http://proxy:port", "http://proxy/x"]
)
def test_what_is_no_http_proxy_is_refused_by_the_variable_name(value: str) -> None:
    with pytest.raises(ClientError, match="HTTPS_PROXY"):
        proxy_for(HOST, 443, True, {"HTTPS_PROXY": value.replace("://", "://ann:secret@")})


def test_a_refusal_never_tells_a_password() -> None:
    with pytest.raises(ClientError) as refused:
        proxy_for(HOST, 443, True, {"https_proxy": "http://ann:secret@proxy:port"})
    assert "secret" not in str(refused.value)


@pytest.fixture
def namespace() -> Iterator[netns.NetworkNamespace]:
    """A network whose address is not loopback, for which no proxy is ever asked; the test is inside."""
    reason = netns.unavailable_reason() or (None if shutil.which("squid") else "needs squid (apt-get install squid)")
    if reason is not None:
        pytest.skip(reason)
    namespace = netns.NetworkNamespace()
    with namespace.entered():
        yield namespace
    namespace.close()


@pytest.fixture(autouse=True)
def _no_proxies_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "http_proxy", "all_proxy", "no_proxy", "wss_proxy", "ws_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Company:
    """A squid that wants a password, and a gateway; where they are, and whom squid connected."""

    def __init__(self, proxy: str, url: str, log: Path) -> None:
        self.proxy, self.url, self._log = proxy, url, log

    def connected(self) -> list[str]:
        """The names of users whom squid has connected, as its log tells."""
        lines = [line.split() for line in self._log.read_text().splitlines()] if self._log.exists() else []
        return [line[7] for line in lines if line[3].endswith("/200") and line[5] == "CONNECT"]

    def client(self, name: str, lane: str | None = None) -> Client:
        """Somebody in the room, maybe by one kind of lane only."""
        return Client(
            self.url, "room", name, token=issue_token(KEY, "room", time.time() + 600), insecure=True, lane=lane
        )


@pytest_asyncio.fixture
async def company(namespace: netns.NetworkNamespace, tmp_path: Path) -> AsyncIterator[Company]:
    """Squid and the gateway run."""
    with tempfile.TemporaryDirectory(prefix="wsmedia-squid-") as name:
        folder = squid.open_folder(Path(name))
        listen, log = f"{namespace.address}:3128", folder / "access.log"
        lines = squid.password_lines(folder)
        process = await asyncio.create_subprocess_exec(*squid.command(folder, listen, lines, log))
        try:
            await eventually(lambda: _listens(namespace.address, 3128), "squid", 30)
            async with running_gateway(
                http=False, https=True, host=namespace.address, port=0, state_dir=tmp_path, token_key=(KEY,)
            ) as gateway:
                yield Company(listen, f"https://{namespace.address}:{gateway.listeners[0].port}", log)
        finally:
            process.terminate()
            await process.wait()


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


@pytest.mark.parametrize("kind", LANE_KINDS)
async def test_a_call_goes_through_a_proxy_that_wants_a_password(
    company: Company, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://{squid.CREDENTIALS}@{company.proxy}")
    async with company.client("Ada", kind) as ada:
        monkeypatch.setenv("no_proxy", "10.99.0.0/24")
        async with company.client("Bob") as bob:
            camera = bob.publish(Codec.H264, TrackSource.CAMERA)
            camera.send_frame(
                EncodedFrame(b"\0\0\0\1\x67\x42\xc0\x1e\0\0\0\1\x68\xce\0\0\0\1\x65\x88", 0, 0, keyframe=True)
            )
            await ada.wait_until(lambda: bool(ada.remote_tracks), within=10)
            seen = FrameList()
            ada.remote_tracks[0].add_sink(seen)
            ada.remote_tracks[0].request_keyframe()
            camera.on_keyframe_request = lambda: camera.send_frame(
                EncodedFrame(
                    b"\0\0\0\1\x67\x42\xc0\x1e\0\0\0\1\x68\xce\0\0\0\1\x65\x99", 90_000, 1_000_000, keyframe=True
                )
            )
            await eventually(lambda: seen.frames, "a frame of Bob's at Ada's")
    await eventually(company.connected, "squid's log")
    assert set(company.connected()) == {squid.USER}


@pytest.mark.parametrize(
    ("credentials", "sentence"),
    [("", "wants to know who you are"), ("alice:wrong@", "does not accept this user name and password")],
)
async def test_a_proxy_that_refuses_us_is_named(
    company: Company, credentials: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{credentials}{company.proxy}")
    with pytest.raises(ClientError, match=f"the proxy {company.proxy} .from HTTPS_PROXY. {sentence}") as refused:
        await company.client("Ada").connect()
    assert "wrong" not in str(refused.value)
    assert company.connected() == []


async def test_a_proxy_that_is_not_there_is_named(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://10.99.0.1:1")
    with pytest.raises(ClientError, match=r"nothing listens where the proxy 10\.99\.0\.1:1 "):
        await company.client("Ada").connect()
