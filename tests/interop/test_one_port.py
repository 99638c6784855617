"""deploy/one-port as it is written there, but for ports and paths: one address for HTTPS, WebSocket and TURN."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest
import websockets

from tests.support.gateway import DEADLINE, running_gateway
from wsmedia.app.config import load_settings
from wsmedia.app.server import Gateway
from wsmedia.app.tls import ensure_certificate
from wsmedia.auth import issue_token
from wsmedia.stun import Attribute, Message, MessageClass, Method, long_term_key, parse

pytestmark = pytest.mark.interop

DEPLOY = Path(__file__).parents[2] / "deploy" / "one-port"
STREAM_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
KEY = "k" * 32
MEET, TURN = "meet.example.org", "turn.example.org"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def written(folder: Path, file: str, changes: Mapping[str, str]) -> Path:
    """A file of ``deploy/one-port`` with this test's ports and paths, each of which it must have."""
    certificate, key = ensure_certificate(folder, (MEET, TURN))
    bundle = folder / "bundle.pem"
    bundle.write_bytes(certificate.read_bytes() + key.read_bytes())
    text = (DEPLOY / file).read_text()
    for old, new in changes.items():
        assert old in text, f"{file} has no {old!r}"
        text = text.replace(old, new)
    for name, path in {"fullchain.pem": certificate, "privkey.pem": key, "bundle.pem": bundle}.items():
        text = text.replace(f"/etc/wsmedia/{name}", str(path))
    placed = folder / file
    placed.write_text(text)
    return placed


@contextlib.asynccontextmanager
async def program(*command: str, port: int) -> AsyncIterator[None]:
    """A server that listens on ``port``."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(DEADLINE):
            while True:
                assert process.returncode is None, f"{command[0]} ended with {process.returncode}"
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    break
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def trusting(*alpn: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


async def allocate(port: int, username: str, credential: str, name: str, *alpn: str) -> str:
    """Make an allocation over TLS; the realm of the server that gave it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting(*alpn), server_hostname=name)

    async def ask(attributes: list[tuple[int, bytes]], key: bytes | None) -> Message:
        wanted = [(int(Attribute.REQUESTED_TRANSPORT), bytes((17, 0, 0, 0)))]
        request = Message(Method.ALLOCATE, MessageClass.REQUEST, secrets.token_bytes(12), wanted + attributes)
        writer.write(request.write(key))
        header = await reader.readexactly(20)
        return parse(header + await reader.readexactly(int.from_bytes(header[2:4])))

    async with asyncio.timeout(DEADLINE):
        challenge = await ask([], None)
        realm = (challenge.first(Attribute.REALM) or b"").decode()
        known = [
            (int(Attribute.USERNAME), username.encode()),
            (int(Attribute.REALM), realm.encode()),
            (int(Attribute.NONCE), challenge.first(Attribute.NONCE) or b""),
        ]
        answer = await ask(known, long_term_key(username, realm, credential))
        assert answer.message_class is MessageClass.SUCCESS, answer.first(Attribute.ERROR_CODE)
        writer.close()
    return realm


async def web(port: int, path: str, name: str = MEET) -> httpx.Response:
    async with httpx.AsyncClient(verify=trusting()) as client:
        return await client.get(
            f"https://127.0.0.1:{port}{path}",
            headers={"Host": name, "Authorization": f"Bearer {issue_token(KEY, '*', time.time() + 60)}"},
            extensions={"sni_hostname": name},
        )


async def check_websocket(port: int) -> None:
    url = f"wss://{MEET}/v1/sessions/{secrets.token_hex(16)}/ws"
    async with websockets.connect(
        url,
        host="127.0.0.1",
        port=port,
        ssl=trusting(),
        server_hostname=MEET,
        subprotocols=[websockets.Subprotocol("wsmedia.v1")],
    ) as websocket:
        assert websocket.subprotocol == "wsmedia.v1"


@contextlib.asynccontextmanager
async def gateway_of(configuration: Path) -> AsyncIterator[Gateway]:
    """A gateway that others reach, as a file says."""
    gateway = Gateway(load_settings({"token_key": [KEY]}, configuration))
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


def port_of(gateway: Gateway) -> int:
    return gateway.listeners[0].port


async def test_haproxy_ends_tls_and_tells_turn_from_http(tmp_path: Path) -> None:
    port = free_port()
    url = f"turns:{MEET}:443?transport=tcp"
    async with running_gateway(turn_url=url, token_key=KEY) as gateway:
        changes = {"bind :443": f"bind 127.0.0.1:{port}", "127.0.0.1:8080": f"127.0.0.1:{port_of(gateway)}"}
        configuration = written(tmp_path, "haproxy.cfg", changes)
        async with program("haproxy", "-db", "-f", str(configuration), port=port):
            assert (await web(port, "/healthz")).text == "ok\n"
            assert (await web(port, "/v1/ice")).json()["ice_servers"][0]["urls"] == [url]
            await check_websocket(port)
            assert gateway.parts.turn is not None
            own = gateway.parts.turn.credentials("somebody")
            for alpn in ((), ("stun.turn",), ("http/1.1",)):
                assert await allocate(port, own.username, own.password, MEET, *alpn) == "wsmedia"


@pytest.mark.skipif(not STREAM_MODULE.exists(), reason="needs nginx's stream module (libnginx-mod-stream)")
async def test_nginx_splits_by_name_and_alpn(tmp_path: Path) -> None:
    if shutil.which("turnserver") is None:
        pytest.skip("needs coturn (apt-get install coturn)")
    port, plain_turn_port, turn_port = free_port(), free_port(), free_port()
    secret = secrets.token_hex(16)
    wsmedia = written(
        tmp_path, "wsmedia.toml", {"port = 8443": "port = 0", "CHANGE-ME-TO-SOMETHING-LONG-AND-RANDOM": secret}
    )
    coturn = written(
        tmp_path,
        "turnserver.conf",
        {
            "listening-port=3478": f"listening-port={plain_turn_port}",
            "tls-listening-port=5349": f"tls-listening-port={turn_port}",
            "CHANGE-ME-TO-SOMETHING-LONG-AND-RANDOM": secret,
        },
    )
    files = ["--pidfile", str(tmp_path / "coturn.pid"), "--userdb", str(tmp_path / "coturn.db"), "--log-file", "stdout"]
    turnserver = ["turnserver", "-c", str(coturn), *files, "-L", "127.0.0.1"]
    async with gateway_of(wsmedia) as gateway, program(*turnserver, port=turn_port):
        split = written(
            tmp_path,
            "nginx-stream.conf",
            {
                "listen 443": f"listen 127.0.0.1:{port}",
                "127.0.0.1:8443": f"127.0.0.1:{port_of(gateway)}",
                "127.0.0.1:5349": f"127.0.0.1:{turn_port}",
            },
        )
        around = tmp_path / "nginx.conf"
        around.write_text(
            f"load_module {STREAM_MODULE};\ndaemon off;\npid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\n"
            f"events {{}}\ninclude {split};\n"
        )
        async with program("nginx", "-e", str(tmp_path / "error.log"), "-c", str(around), port=port):
            assert (await web(port, "/healthz")).text == "ok\n"
            await check_websocket(port)
            others, own = (await web(port, "/v1/ice")).json()["ice_servers"]
            assert others["urls"] == [f"turn:{TURN}:3478", f"turns:{TURN}:443?transport=tcp"]
            assert own["urls"] == [f"turns:{MEET}:443?transport=tcp"]
            # What the gateway gives away opens both TURN servers, each where it says.
            assert await allocate(port, others["username"], others["credential"], TURN) == TURN
            assert await allocate(port, own["username"], own["credential"], MEET) == "wsmedia"
            assert await allocate(port, others["username"], others["credential"], "example.org", "stun.turn") == TURN
            with pytest.raises((httpx.ConnectError, httpx.ReadError)):
                await web(port, "/healthz", "www.example.org")  # of the web site, which is not there
