"""What ``wsmedia doctor`` says of each finding, and what the network's administrator is asked to do about it.

Everything that people read is here; the checks know findings only. In the sentences ``{note}`` and the figures' names
stand for a result's own.
"""

from __future__ import annotations

from wsmedia.findings import Check, Grade, Result, Verdict, Way

TITLES = {
    Check.DNS: "Name",
    Check.TLS: "Certificate",
    Check.HTTP: "HTTP",
    Check.WEBSOCKET: "WebSocket",
    Check.BUFFERING: "Streamed answers",
    Check.IDLE: "Silent connections",
    Check.UPLOAD: "Uploads",
    Check.THROUGHPUT: "Throughput",
    Check.STUN: "STUN",
    Check.TURN_UDP: "TURN over UDP",
    Check.TURN_TCP: "TURN over TCP",
    Check.TURN_TLS: "TURN over TLS",
    Check.NATIVE: "Native WebRTC (UDP)",
    Check.TUNNEL_WEBSOCKET: "Media by WebSocket",
    Check.TUNNEL_HTTP_STREAM: "Media by streamed HTTP",
    Check.TUNNEL_HTTP_POLL: "Media by HTTP polling",
}

_UNTESTED = {
    "busy": "Not checked: the gateway allows no more checks for now.",
    "needs-token": "Not checked: the gateway wants a token for this (--token).",
    "other-sfu": "Cannot be checked: rooms belong to another SFU behind this gateway.",
    "no-answer": "Not checked: the gateway did not answer.",
    "no-connection": "Not checked: no connection could be made.",
    "failed": "The check itself failed ({note}).",
    "not-offered": "This gateway does not offer it.",
    "plain": "There is none: the address is http://, not encrypted.",
}

_RELAY = "A relay could be had ({setup_ms:.0f} ms)."
_SENTENCES: dict[Check, dict[str, str]] = {
    Check.DNS: {
        "resolved": "The name is known ({addresses:.0f} addresses, {time_ms:.0f} ms).",
        "by-proxy": "The proxy of this machine's settings resolves it.",
        "no-name": "The address needs no name.",
        "unknown-name": "The name is not known here.",
        "no-answer": "The name server does not answer.",
    },
    Check.TLS: {
        "end-to-end": "It is the gateway's own, signed by {note}: nobody opens the connection on the way.",
        "public": "Signed by {note}, a public authority.",
        "self-signed": "It is the gateway's own, self-signed: browsers ask before they accept it.",
        "private-authority": "Signed by {note}, whom this machine trusts and the public does not: probably a proxy that"
        " inspects TLS.",
        "untrusted": "Signed by {note}, whom this machine does not trust.",
        "inspected": "Signed by {note}, not the gateway's own: a proxy inspects TLS here.",
        "inspected-untrusted": "Signed by {note}, not the gateway's own and not trusted: a proxy inspects TLS here.",
        "no-answer": "No TLS connection could be made.",
    },
    Check.HTTP: {
        "direct": "Requests arrive as they were sent.",
        "proxied": "Requests pass a proxy ({note}) and arrive whole.",
        "old-version": "Requests arrive as HTTP/1.0: a proxy on the way speaks an old version ({note}).",
        "headers-stripped": "A proxy on the way takes headers out of requests ({note}).",
        "not-the-gateway": "Somebody else answers in the gateway's place (HTTP {status:.0f}): a proxy's own page?",
        "no-answer": "The gateway does not answer ({note}).",
    },
    Check.WEBSOCKET: {
        "works": "They come through ({round_trip_ms:.0f} ms there and back).",
        "stripped": "The handshake arrives without its Upgrade header: a proxy on the way takes it out.",
        "answer-lost": "The gateway has agreed, and its answer is lost on the way back.",
        "not-arrived": "The handshake never reaches the gateway: somebody on the way refuses it.",
        "broken": "They open, and messages do not come back.",
    },
    Check.BUFFERING: {
        "flows": "Answers arrive as they are written.",
        "late": "Answers are held back for a while ({held_ms:.0f} ms).",
        "buffered": "Answers are collected on the way and arrive as a whole, when they are over.",
        "cut": "Answers are cut off before they are over.",
        "no-answer": "No streamed answer arrives.",
    },
    Check.IDLE: {
        "kept": "They are kept for {watched_s:.0f} s at least.",
        "closed": "They are closed after {after_s:.0f} s without traffic.",
        "forgotten": "They are forgotten within {after_s:.0f} s without traffic, and nobody says so.",
    },
    Check.UPLOAD: {
        "whole": "Requests of {largest_bytes:.0f} octets pass.",
        "limited": "Requests of {largest_bytes:.0f} octets pass, larger ones do not (HTTP {status:.0f}): it is enough.",
        "small": "Only requests of up to {largest_bytes:.0f} octets pass (HTTP {status:.0f}).",
        "refused": "Not even small requests with a body pass (HTTP {status:.0f}).",
    },
    Check.THROUGHPUT: {
        "enough": "{down} down, {up} up, {round_trip_ms:.0f} ms there and back.",
        "narrow": "{down} down, {up} up: enough for small pictures.",
        "very-narrow": "{down} down, {up} up: enough for sound.",
        "far": "{down} down, {up} up, but {round_trip_ms:.0f} ms there and back: people will talk over each other.",
        "broken": "It could not be measured: transfers break off.",
    },
    Check.STUN: {"works": "It answers ({setup_ms:.0f} ms).", "blocked": "It does not answer: UDP is blocked."},
    Check.TURN_UDP: {"works": _RELAY, "blocked": "No relay can be had: UDP is blocked."},
    Check.TURN_TCP: {"works": _RELAY, "blocked": "No relay can be had: TURN over TCP is blocked."},
    Check.TURN_TLS: {"works": _RELAY, "blocked": "No relay can be had: TURN over TLS is blocked."},
    Check.NATIVE: {
        "works": "Pictures went to the gateway and back (connected after {setup_ms:.0f} ms).",
        "udp-blocked": "No connection: UDP is blocked on the way.",
        "silent": "It is connected, and no picture comes through.",
        "untrusted": "Not tried: the certificate is not trusted.",
    },
}
_TUNNEL = {
    "works": "Picture and sound went to the gateway and back ({delay_ms:.0f} ms).",
    "late": "Picture and sound come, but late ({delay_ms:.0f} ms).",
    "silent": "It is connected, and no picture comes through.",
    "no-connection": "No connection: {note}.",
    "untrusted": "Not tried: the certificate is not trusted (--insecure accepts it).",
}
for _check in (Check.TUNNEL_WEBSOCKET, Check.TUNNEL_HTTP_STREAM, Check.TUNNEL_HTTP_POLL):
    _SENTENCES[_check] = _TUNNEL

_REQUESTS: dict[Check, dict[str, str]] = {
    Check.DNS: {"*": "The name is not resolved. Please have it resolved for clients."},
    Check.TLS: {
        "*": "TLS is opened by a proxy whose certificates are signed by “{note}”. Please exempt this host from"
        " inspection.",
        "self-signed": "",
        "no-answer": "No TLS connection is possible. Please let TCP to this host and port pass.",
    },
    Check.HTTP: {
        "old-version": "A proxy forwards requests as HTTP/1.0. Please have it speak HTTP/1.1 to this host.",
        "headers-stripped": "A proxy takes headers out of requests. Please let them pass to this host.",
        "*": "Requests do not reach the host. Please let HTTPS to it pass.",
    },
    Check.WEBSOCKET: {
        "stripped": "A proxy takes the headers Upgrade and Connection out of requests. Please let WebSocket (RFC 6455)"
        " pass to this host.",
        "*": "WebSocket connections fail. Please let the HTTP/1.1 Upgrade to WebSocket (RFC 6455) pass to this host.",
    },
    Check.BUFFERING: {
        "*": "A proxy collects answers before it forwards them. Please switch buffering off for this host."
    },
    Check.IDLE: {"*": "Connections without traffic end after {after_s:.0f} s. Please allow 60 s at least."},
    Check.UPLOAD: {"*": "Requests with more than {largest_bytes:.0f} octets are refused. Please allow 64 kB at least."},
    Check.THROUGHPUT: {"*": "The way carries {down} down and {up} up. A call wants 1 Mb/s each way."},
    Check.NATIVE: {"udp-blocked": "UDP to this host is blocked. Allowing it gives calls a shorter delay."},
    Check.STUN: {"*": "STUN over UDP is blocked. Allowing it gives calls a shorter delay."},
    Check.TURN_UDP: {"*": "TURN over UDP is blocked. Allowing it gives calls a shorter delay."},
}

_GRADES = {
    Grade.WELL: "All is well: calls work here.",
    Grade.HINDERED: "Calls work here, though something is in their way.",
    Grade.BLOCKED: "Calls do not work here.",
}
_WAYS = {
    Way.WEBSOCKET: "wsmedia will use its tunnel over WebSocket.",
    Way.HTTP_STREAM: "wsmedia will use its tunnel over streamed HTTP requests.",
    Way.HTTP_POLL: "wsmedia will use its tunnel over polled HTTP requests.",
    Way.NATIVE: "Only native WebRTC gets through.",
    Way.NONE: "No way for picture and sound was found.",
}
_EXPECTED = "Picture and sound were not tried; this follows from the other checks."


def sentence_of(result: Result) -> str:
    """What a result means."""
    sentence = _SENTENCES[result.check].get(result.finding) or _UNTESTED.get(result.finding, result.finding)
    return _filled(sentence, result)


def request_of(result: Result) -> str:
    """What an administrator is asked to do about a hindrance; empty for nothing."""
    requests = _REQUESTS.get(result.check, {})
    return _filled(requests.get(result.finding, requests.get("*", "")), result)


def verdict_sentences(verdict: Verdict) -> list[str]:
    """The verdict."""
    expected = [] if verdict.tried or verdict.way is Way.NONE else [_EXPECTED]
    return [_GRADES[verdict.grade], _WAYS[verdict.way], *expected]


def _filled(sentence: str, result: Result) -> str:
    figures = result.figures
    values = {
        **dict.fromkeys(("addresses", "time_ms", "status", "round_trip_ms", "after_s", "largest_bytes"), 0.0),
        **figures,
        "note": result.note or "unnamed",
        "down": _rate(figures.get("down_bps", 0.0)),
        "up": _rate(figures.get("up_bps", 0.0)),
    }
    return sentence.format_map(values)


def _rate(bits_per_second: float) -> str:
    if bits_per_second >= 1e6:
        return f"{bits_per_second / 1e6:.1f} Mb/s"
    return f"{bits_per_second / 1e3:.0f} kb/s"
