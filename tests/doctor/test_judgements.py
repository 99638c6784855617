"""What each check makes of what it has seen."""

from __future__ import annotations

from typing import Any

import pytest

from wsmedia.doctor.arrival import judge_arrival
from wsmedia.doctor.buffering import judge_buffering
from wsmedia.doctor.dns import judge_dns
from wsmedia.doctor.idle import Silence, judge_idle
from wsmedia.doctor.native import judge_native
from wsmedia.doctor.relays import RELAY_CHECKS, judge_relay, sort_servers
from wsmedia.doctor.throughput import judge_throughput
from wsmedia.doctor.tls import Shown, judge_tls
from wsmedia.doctor.tunnel_media import judge_tunnel_media
from wsmedia.doctor.upload import judge_upload
from wsmedia.doctor.websocket import judge_websocket
from wsmedia.doctor.words import TITLES, request_of, sentence_of, verdict_sentences
from wsmedia.findings import Check, Outcome, Result, judge

W, H, B, U = Outcome.WELL, Outcome.HINDERED, Outcome.BLOCKED, Outcome.UNTESTED
HEADERS = [["host", "gateway"], ["wsmedia-probe", "abc"]]


def said(result: Result) -> tuple[Outcome, str]:
    """What a result comes to; whatever it is, there are whole sentences for it."""
    for sentence in (sentence_of(result), request_of(result)):
        assert "{" not in sentence
        assert sentence == "" or sentence.endswith((".", "?"))
    assert sentence_of(result)
    return result.outcome, result.finding


@pytest.mark.parametrize(
    ("host", "addresses", "expected"),
    [
        ("gateway.example", 2, (W, "resolved")),
        ("10.0.0.1", 1, (W, "no-name")),
        ("::1", 1, (W, "no-name")),
        ("gateway.example", 0, (B, "unknown-name")),
        ("gateway.example", None, (B, "no-answer")),
    ],
)
def test_dns(host: str, addresses: int | None, expected: Any) -> None:
    assert said(judge_dns(host, addresses, 0.012)) == expected


@pytest.mark.parametrize(
    ("own", "trusted", "public", "insecure", "expected"),
    [
        ("ours", True, True, False, (W, "end-to-end")),
        ("ours", False, False, False, (B, "self-signed")),
        ("ours", False, False, True, (H, "self-signed")),
        ("other", True, True, False, (W, "public")),
        ("other", True, False, False, (H, "inspected")),
        ("other", False, False, False, (B, "inspected-untrusted")),
        ("other", False, False, True, (H, "inspected-untrusted")),
        (None, True, True, False, (W, "public")),
        (None, True, False, False, (H, "private-authority")),
        (None, False, False, False, (B, "untrusted")),
    ],
)
def test_tls(own: str | None, trusted: bool, public: bool, insecure: bool, expected: Any) -> None:
    result = judge_tls(Shown("ours", "Example Proxy CA", own, trusted, public), insecure=insecure)
    assert said(result) == expected
    if "inspected" in result.finding:
        assert "Example Proxy CA" in sentence_of(result)
        assert "Example Proxy CA" in request_of(result)


@pytest.mark.parametrize(
    ("status", "told", "answer_headers", "expected"),
    [
        (200, {"http_version": "1.1", "headers": HEADERS}, {}, (W, "direct")),
        (200, {"http_version": "1.1", "headers": [*HEADERS, ["via", "1.1 box"]]}, {}, (W, "proxied")),
        (200, {"http_version": "1.1", "headers": HEADERS}, {"via": "1.1 box"}, (W, "proxied")),
        (200, {"http_version": "1.1", "headers": [*HEADERS, ["x-forwarded-for", "…"]]}, {}, (W, "proxied")),
        (200, {"http_version": "1.0", "headers": HEADERS}, {}, (H, "old-version")),
        (200, {"http_version": "1.1", "headers": HEADERS[:1]}, {}, (H, "headers-stripped")),
        (200, {"welcome": "to our portal"}, {}, (B, "not-the-gateway")),
        (200, [], {}, (B, "not-the-gateway")),
        (407, None, {}, (B, "not-the-gateway")),
        (404, None, {"content-type": "application/problem+json"}, (U, "not-offered")),
        (429, None, {}, (U, "busy")),
    ],
)
def test_arrival(status: int, told: Any, answer_headers: dict[str, str], expected: Any) -> None:
    assert said(judge_arrival(status, told, "abc", answer_headers)) == expected


@pytest.mark.parametrize(
    ("opened", "round_trip", "seen", "expected"),
    [
        (True, 0.02, None, (W, "works")),
        (True, None, None, (B, "broken")),
        (False, None, None, (B, "not-arrived")),
        (False, None, {"upgraded": False}, (B, "stripped")),
        (False, None, {"upgraded": True}, (B, "answer-lost")),
    ],
)
def test_websocket(opened: bool, round_trip: float | None, seen: Any, expected: Any) -> None:
    assert said(judge_websocket(opened, round_trip, seen)) == expected


@pytest.mark.parametrize(
    ("arrivals", "expected"),
    [
        ([5.0, 5.25, 5.5, 5.75, 6.0, 6.25], (W, "flows")),
        ([5.0, 5.3, 5.5, 5.8, 6.1, 6.5], (W, "flows")),
        ([5.6, 5.6, 5.6, 5.8, 6.0, 6.25], (H, "late")),
        ([6.25] * 6, (B, "buffered")),
        ([5.0, 5.25], (B, "cut")),
        ([], (B, "no-answer")),
    ],
)
def test_buffering(arrivals: list[float], expected: Any) -> None:
    assert said(judge_buffering(arrivals)) == expected


@pytest.mark.parametrize(
    ("silences", "expected"),
    [
        ([Silence(True, 33.0), Silence(True, 33.1)], (W, "kept")),
        ([Silence(True, 33.0), Silence(False, 10.0, closed=True)], (H, "closed")),
        ([Silence(False, 25.0, closed=True)], (W, "closed")),
        ([Silence(True, 33.0), Silence(False, 37.0)], (H, "forgotten")),
        ([], (U, "no-connection")),
    ],
)
def test_idle(silences: list[Silence], expected: Any) -> None:
    assert said(judge_idle(silences, 33)) == expected


@pytest.mark.parametrize(
    ("largest", "status", "expected"),
    [
        (98_304, 200, (W, "whole")),
        (49_152, 413, (W, "limited")),
        (8192, 413, (H, "small")),
        (0, 403, (B, "refused")),
        (0, 0, (B, "refused")),
        (8192, 429, (U, "busy")),
    ],
)
def test_upload(largest: int, status: int, expected: Any) -> None:
    assert said(judge_upload(largest, status)) == expected


@pytest.mark.parametrize(
    ("down", "up", "round_trip", "expected"),
    [
        (20e6, 5e6, 0.03, (W, "enough")),
        (20e6, 0.5e6, 0.03, (H, "narrow")),
        (0.1e6, 5e6, 0.03, (H, "very-narrow")),
        (20e6, 5e6, 0.7, (H, "far")),
    ],
)
def test_throughput(down: float, up: float, round_trip: float, expected: Any) -> None:
    assert said(judge_throughput(down, up, round_trip)) == expected


@pytest.mark.parametrize(
    ("status", "connected", "pictures", "expected"),
    [
        (None, True, 10, (W, "works")),
        (None, True, 0, (B, "silent")),
        (None, False, 0, (B, "udp-blocked")),
        (404, False, 0, (U, "other-sfu")),
        (401, False, 0, (U, "needs-token")),
    ],
)
def test_native(status: int | None, connected: bool, pictures: int, expected: Any) -> None:
    assert said(judge_native(status, connected, pictures, 0.4)) == expected


@pytest.mark.parametrize(
    ("pictures", "sounds", "delay", "expected"),
    [
        (40, 140, 12.0, (W, "works")),
        (40, 140, 700.0, (H, "late")),
        (40, 0, 12.0, (B, "silent")),
        (3, 140, 12.0, (B, "silent")),
        (None, 0, 0.0, (B, "no-connection")),
    ],
)
def test_tunnel_media(pictures: int | None, sounds: int, delay: float, expected: Any) -> None:
    for check in (Check.TUNNEL_WEBSOCKET, Check.TUNNEL_HTTP_STREAM, Check.TUNNEL_HTTP_POLL):
        result = judge_tunnel_media(check, pictures, sounds, [delay, delay, delay + 9], octets=1000, why="no way")
        assert said(result) == expected


def test_relays() -> None:
    for check in RELAY_CHECKS:
        assert said(judge_relay(check, offered=True, seconds=0.01)) == (W, "works")
        assert said(judge_relay(check, offered=True, seconds=None)) == (B, "blocked")
        assert said(judge_relay(check, offered=False, seconds=None)) == (U, "not-offered")


def test_servers_are_sorted_by_how_they_are_reached() -> None:
    secret = {"username": "u", "credential": "c"}
    urls = ["turn:relay.example", "turn:relay.example:80?transport=tcp", "turns:[2001:db8::1]:443?transport=tcp"]
    servers = sort_servers({"ice_servers": [{"urls": urls, **secret}, {"urls": ["stun:relay.example"]}, {}, 7]})
    assert [(one.check, one.host, one.port) for one in servers] == [
        (Check.TURN_UDP, "relay.example", 3478),
        (Check.TURN_TCP, "relay.example", 80),
        (Check.TURN_TLS, "2001:db8::1", 443),
        (Check.STUN, "relay.example", 3478),
    ]
    for rubbish in (None, [], {"ice_servers": "x"}, {"ice_servers": [{"urls": ["turn:", "http://x", "turn:a:b"]}]}):
        assert sort_servers(rubbish) == []


def test_every_check_has_a_title() -> None:
    assert set(TITLES) == set(Check)


def test_a_verdict_that_was_not_tried_says_so() -> None:
    expected = judge([Result(Check.WEBSOCKET, W, "works")])
    assert "follows from the other checks" in verdict_sentences(expected)[-1]
    tried = judge([Result(Check.TUNNEL_WEBSOCKET, W, "works")])
    assert verdict_sentences(tried) == [
        "All is well: calls work here.",
        "wsmedia will use its tunnel over WebSocket.",
    ]
