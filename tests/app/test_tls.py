"""HTTPS with a certificate that makes itself."""

from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import websockets
from cryptography import x509

from tests.support.gateway import running_gateway
from tests.support.raw_tunnel import hello
from wsmedia.app import tls
from wsmedia.app.config import ConfigError
from wsmedia.app.tls import ensure_certificate


def test_made_once_and_private(tmp_path: Path) -> None:
    state = tmp_path / "state"
    certificate, key = ensure_certificate(state, ("gateway.example", "192.0.2.1"))
    first = certificate.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    held = x509.load_pem_x509_certificate(first).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "gateway.example"} <= set(held.get_values_for_type(x509.DNSName))
    assert {"127.0.0.1", "192.0.2.1"} <= {str(address) for address in held.get_values_for_type(x509.IPAddress)}
    ensure_certificate(state, ("gateway.example", "192.0.2.1"))
    assert certificate.read_bytes() == first


@pytest.mark.parametrize("damage", ["certificate", "key", "mismatch", "other host", "old"])
def test_made_anew_when_it_is_of_no_use(tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = ("gateway.example",)
    if damage == "old":
        monkeypatch.setattr(tls, "_VALID", timedelta(days=10))
    certificate, key = ensure_certificate(tmp_path, hosts)
    monkeypatch.undo()
    before = certificate.read_bytes()
    match damage:
        case "certificate":
            certificate.write_text("nonsense")
        case "key":
            key.unlink()
        case "mismatch":
            other, _ = ensure_certificate(tmp_path / "other", hosts)
            certificate.write_bytes(other.read_bytes())
        case "other host":
            hosts = ("elsewhere.example",)
    ensure_certificate(tmp_path, hosts)
    assert certificate.read_bytes() != before
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    made = x509.load_pem_x509_certificate(certificate.read_bytes())
    assert made.not_valid_after_utc - datetime.now(UTC) > timedelta(days=300)


def test_a_state_directory_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="state_dir"):
        ensure_certificate(tmp_path / "file" / "state", ())


async def test_https_is_served_with_it(tmp_path: Path) -> None:
    async with running_gateway(https=True, port=0, state_dir=tmp_path) as gateway:
        https = next(listener for listener in gateway.listeners if listener.scheme == "https")
        assert https.self_signed
        trusting = ssl.create_default_context(cafile=str(tmp_path / "self-signed.crt"))
        async with httpx.AsyncClient(verify=trusting) as http:
            assert (await http.get(f"{https.url}healthz")).text == "ok\n"
        url = f"wss://localhost:{https.port}/v1/sessions/{'0' * 32}/ws"
        async with websockets.connect(url, subprotocols=["wsmedia.v1"], ssl=trusting) as websocket:
            await websocket.send(hello())
            assert (await websocket.recv())[0] == 2  # WELCOME


async def test_a_certificate_of_ones_own(tmp_path: Path) -> None:
    certificate, key = ensure_certificate(tmp_path, ())
    async with running_gateway(https=True, port=0, tls_cert=certificate, tls_key=key) as gateway:
        assert not gateway.listeners[0].self_signed
    key.write_text("nonsense")
    with pytest.raises(ConfigError, match="tls_key"):
        async with running_gateway(https=True, port=0, tls_cert=certificate, tls_key=key):
            pass
