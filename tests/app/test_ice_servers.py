"""ICE servers as operators write them, and as clients get them."""

from __future__ import annotations

import pytest

from wsmedia.app.ice_servers import IceServer, parse_ice_server, turn_url_of
from wsmedia.auth import turn_password


def test_stun_and_turn_with_either_kind_of_credentials() -> None:
    assert parse_ice_server("stun:stun.example.org").for_client("x", 9) == IceServer(("stun:stun.example.org",))
    static = parse_ice_server("turn:a.example.org:3478 turns:a.example.org username=me credential=a=b")
    assert static.for_client("x", 9) == IceServer(("turn:a.example.org:3478", "turns:a.example.org"), "me", "a=b")
    shared = parse_ice_server("secret=s turns:[2001:db8::1]:443?transport=tcp")
    assert shared.for_client("x", 9) == IceServer(
        ("turns:[2001:db8::1]:443?transport=tcp",), "9:x", turn_password("s", "9:x")
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "at least one URL"),
        ("username=a credential=b", "at least one URL"),
        ("https://example.org", "URLs as"),
        ("turn:example.org", "for TURN either"),
        ("turn:example.org username=a", "for TURN either"),
        ("turn:example.org username=a credential=b secret=c", "for TURN either"),
        ("stun:example.org secret=c", "no credentials for STUN"),
        ("stun:example.org?transport=udp", "URLs as"),
        ("turn:example.org?transport=sctp secret=c", "URLs as"),
        ('turn:example.org username=a"; credential=b', "URLs as"),
        ("turn:example.org password=b", "URLs as"),
    ],
)
def test_what_is_no_server(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_ice_server(text)


@pytest.mark.parametrize(
    ("scheme", "host", "url"),
    [
        ("https", "gateway.example", "turns:gateway.example:443?transport=tcp"),
        ("http", "10.0.0.1:8080", "turn:10.0.0.1:8080?transport=tcp"),
        ("https", "[2001:db8::1]", "turns:[2001:db8::1]:443?transport=tcp"),
        ("https", None, None),
        ("https", "", None),
        ("https", "a b", None),
        ("https", 'gateway">;x', None),
        ("https", "gateway:port", None),
    ],
)
def test_turn_is_where_http_is(scheme: str, host: str | None, url: str | None) -> None:
    assert turn_url_of(scheme, host) == url


def test_link_headers_name_each_url() -> None:
    assert IceServer(("turn:a", "turns:b"), "u", "p").as_links() == [
        '<turn:a>; rel="ice-server"; username="u"; credential="p"; credential-type="password"',
        '<turns:b>; rel="ice-server"; username="u"; credential="p"; credential-type="password"',
    ]
