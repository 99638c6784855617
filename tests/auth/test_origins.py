from __future__ import annotations

import pytest

from wsmedia.auth import is_loopback_address, is_loopback_host, is_origin_allowed


@pytest.mark.parametrize(
    ("origin", "host", "allowed", "expected"),
    [
        (None, "gateway:8443", [], True),
        ("https://gateway:8443", "gateway:8443", [], True),
        ("https://GATEWAY:8443", "gateway:8443", [], True),
        ("https://gateway", "gateway", [], True),
        ("https://gateway", "gateway:443", [], True),
        ("http://[::1]:8080", "[::1]:8080", [], True),
        ("https://gateway", "gateway:8443", [], False),
        ("https://evil.example", "gateway:8443", [], False),
        ("https://gateway:8443.evil.example", "gateway:8443", [], False),
        ("null", "gateway:8443", [], False),
        ("file://", "gateway:8443", [], False),
        ("https://gateway:port", "gateway:8443", [], False),
        ("https://gateway:8443", None, [], False),
        ("https://app.example", "gateway:8443", ["https://app.example"], True),
        ("https://app.example:443", "gateway:8443", ["https://app.example/"], True),
        ("http://app.example", "gateway:8443", ["https://app.example"], False),
        ("https://whatever.example", "gateway:8443", ["*"], True),
    ],
)
def test_origins(origin: str | None, host: str | None, allowed: list[str], expected: bool) -> None:
    assert is_origin_allowed(origin, host, allowed) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("0.0.0.0", False),
        ("localhost", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback_addresses(address: str | None, expected: bool) -> None:
    assert is_loopback_address(address) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("localhost:8080", True),
        ("LOCALHOST:8080", True),
        ("app.localhost", True),
        ("127.0.0.1:8080", True),
        ("[::1]:8443", True),
        ("127.0.0.1.evil.example", False),
        ("evil.example:8080", False),
        ("notlocalhost", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback_hosts(host: str | None, expected: bool) -> None:
    assert is_loopback_host(host) is expected
