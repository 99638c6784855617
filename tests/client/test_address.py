from __future__ import annotations

import ssl

import pytest

from wsmedia.client.address import GatewayAddress
from wsmedia.client.errors import ClientError


@pytest.mark.parametrize(
    ("url", "base", "secure", "loopback"),
    [
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080", False, True),
        ("https://example.org", "wss://example.org:443", True, False),
        ("HTTPS://Example.org:8443/", "wss://example.org:8443", True, False),
        ("ws://localhost", "ws://localhost:80", False, True),
        ("wss://example.org/media/", "wss://example.org:443/media", True, False),
        ("http://[::1]:8080", "ws://[::1]:8080", False, True),
    ],
)
def test_urls_that_name_a_gateway(url: str, base: str, secure: bool, loopback: bool) -> None:
    address = GatewayAddress.parse(url)
    assert address.base == base
    assert (address.secure, address.is_loopback) == (secure, loopback)
    assert address.session_url("ab" * 16) == f"{base}/v1/sessions/{'ab' * 16}/ws"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("example.org:8443", "does not begin with https"),
        ("ftp://example.org", "does not begin with https"),
        ("https://", "does not begin with https"),
        ("https://example.org:port", "is not a URL"),
        ("https://example.org/?token=secret", "nothing else"),
        ("https://me:secret@example.org", "nothing else"),
    ],
)
def test_other_urls_are_refused_in_plain_words(url: str, words: str) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        GatewayAddress.parse(url)
    assert "secret" not in str(caught.value)


def test_certificates_are_checked_unless_told_otherwise() -> None:
    address = GatewayAddress.parse("https://example.org")
    strict, insecure = address.ssl_context(False), address.ssl_context(True)
    assert strict is not None
    assert strict.verify_mode is ssl.CERT_REQUIRED
    assert insecure is not None
    assert insecure.verify_mode is ssl.CERT_NONE
    assert GatewayAddress.parse("http://example.org").ssl_context(False) is None
