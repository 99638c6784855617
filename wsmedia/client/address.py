"""Where the gateway is: the user's URL, the WebSocket's URL, and what TLS should trust."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from wsmedia.client.errors import ClientError
from wsmedia.client.proxy import Proxy, proxy_for

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """A gateway's address.

    Attributes:
        host, port: of the server.
        base: ``ws://host:port/path`` without a slash at the end.
    """

    host: str
    port: int
    base: str

    @classmethod
    def parse(cls, url: str) -> GatewayAddress:
        """Read what the user typed: ``http(s)://host[:port][/path]``, or the same with ``ws(s)``.

        Raises:
            ClientError: not such a URL.
        """
        try:
            parts: SplitResult = urlsplit(url if "://" in url else f"//{url}")
            port = parts.port
        except ValueError:
            raise ClientError(f"{url!r} is not a URL, expected something like https://example.org:8443") from None
        scheme = _SCHEMES.get(parts.scheme.lower())
        if scheme is None or not parts.hostname:
            raise ClientError(f"{url!r} does not begin with https:// or http:// and a host name")
        if parts.query or parts.fragment or parts.username or parts.password:
            raise ClientError("the URL may have a host, a port and a path, nothing else; a token has its own option")
        port = port or (443 if scheme == "wss" else 80)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(parts.hostname, port, f"{scheme}://{host}:{port}{parts.path.rstrip('/')}")

    @property
    def secure(self) -> bool:
        """Whether TLS is used."""
        return self.base.startswith("wss:")

    @property
    def is_loopback(self) -> bool:
        """Whether the server runs on this machine, so that no proxy can stand between."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def proxy(self) -> Proxy | None:
        """The proxy that the environment wants in between now; None: none.

        Raises:
            ClientError: a variable names something that is no proxy.
        """
        return None if self.is_loopback else proxy_for(self.host, self.port, self.secure)

    def session_url(self, session_id: str) -> str:
        """The URL of a session's WebSocket lanes (PROTOCOL.md §2.1)."""
        return f"{self.base}/v1/sessions/{session_id}/ws"

    def http_url(self, session_id: str) -> str:
        """Where a session's HTTP lanes go (PROTOCOL.md §2.2); each adds the id of its carrier."""
        return f"{self.base.replace('ws', 'http', 1)}/v1/sessions/{session_id}/http"

    def ssl_context(self, insecure: bool) -> ssl.SSLContext | None:
        """TLS settings, None without TLS. ``insecure`` accepts any certificate, as a self-signed one."""
        if not self.secure:
            return None
        context = ssl.create_default_context()
        if insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
