"""The columns of the matrix: ways into the room, each forced by the page's parameters, and the page's own choice."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Way:
    """One column.

    Attributes:
        name: for test ids.
        title: for people.
        query: the page's parameters.
        hidden: whether nothing on the wire may look like WebRTC.
    """

    name: str
    title: str
    query: dict[str, str] = field(default_factory=dict)
    hidden: bool = False


WAYS = (
    Way("native", "native", {"mode": "native"}),
    Way("wss", "WSS", {"mode": "tunnel", "lane": "websocket"}, hidden=True),
    Way("http-stream", "HTTPS stream", {"mode": "tunnel", "lane": "http-stream"}, hidden=True),
    Way("http-poll", "HTTPS poll", {"mode": "tunnel", "lane": "http-poll"}, hidden=True),
    Way("auto", "auto"),
)

RELAYED_BY_TCP = frozenset({"turn-tcp", "turn-tls", "one-port-tcp", "one-port-tls"})
"""Pass wherever any TCP connection does."""

TLS_WAYS = frozenset({"turn-tls", "one-port-tls"})
"""TURN that nobody can tell from HTTPS by its first octets."""

POLL_WAYS = frozenset({"http-poll", "auto"})
HTTP_WAYS = POLL_WAYS | {"http-stream"}
HTTPS_WAYS = HTTP_WAYS | {"wss"}
