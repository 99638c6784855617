"""The columns of the matrix: ways into the room, each forced by the page's parameters, and the page's own choice."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tests.reach.places import COTURN, GATEWAY


@dataclass(frozen=True)
class Way:
    """One column.

    Attributes:
        name: for test ids.
        title: for people.
        query: the page's parameters.
        hidden: whether nothing on the wire may look like WebRTC.
        server: beginning of the URL of the one TURN server that WebRTC shall have, of those that the gateway offers.
    """

    name: str
    title: str
    query: dict[str, str] = field(default_factory=dict)
    hidden: bool = False
    server: str | None = None

    def scripts(self) -> list[str]:
        """What the page needs before its own scripts run."""
        return [] if self.server is None else [_ONE_SERVER % json.dumps(self.server)]


_ONE_SERVER = """{
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(configuration = {}) {
      const offered = (configuration.iceServers ?? []).flatMap((server) =>
        [server.urls].flat().map((urls) => ({ ...server, urls })));
      super({ ...configuration, iceServers: offered.filter(({ urls }) => urls.startsWith(%s)) });
    }
  };
}"""


def _relayed(name: str, title: str, server: str) -> Way:
    return Way(name, title, {"mode": "native", "ice": "relay"}, server=server)


WAYS = (
    Way("native", "native", {"mode": "native"}, server="none:"),
    _relayed("turn-udp", "TURN/UDP", f"turn:{COTURN}:3478?transport=udp"),
    _relayed("turn-tcp", "TURN/TCP", f"turn:{COTURN}:3478?transport=tcp"),
    _relayed("turn-tls", "TURN/TLS", f"turns:{COTURN}:443"),
    _relayed("one-port", "our port", f"turns:{GATEWAY}:443"),
    Way("wss", "WSS", {"mode": "tunnel", "lane": "websocket"}, hidden=True),
    Way("http-stream", "HTTPS stream", {"mode": "tunnel", "lane": "http-stream"}, hidden=True),
    Way("http-poll", "HTTPS poll", {"mode": "tunnel", "lane": "http-poll"}, hidden=True),
    Way("auto", "auto"),
)

RELAYED_BY_TCP = frozenset({"turn-tcp", "turn-tls", "one-port"})
"""Pass wherever any TCP connection does."""

TLS_WAYS = frozenset({"turn-tls", "one-port"})
"""TURN that nobody can tell from HTTPS by its first octets."""

POLL_WAYS = frozenset({"http-poll", "auto"})
HTTP_WAYS = POLL_WAYS | {"http-stream"}
HTTPS_WAYS = HTTP_WAYS | {"wss"}
