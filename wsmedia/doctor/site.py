"""The gateway that is examined, and how to reach it: what every check is given."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import httpx

from wsmedia import __version__
from wsmedia.client.address import GatewayAddress

USER_AGENT = f"wsmedia-doctor/{__version__}"
_PATIENCE = httpx.Timeout(10.0)


@dataclass(frozen=True, slots=True)
class Site:
    """A gateway.

    Attributes:
        address: where it is.
        token: of any room, for the checks of picture and sound; None for none.
        insecure: accept any certificate.
        silence_s: for how long silent connections are watched.
    """

    address: GatewayAddress
    token: str | None = None
    insecure: bool = False
    silence_s: int = 33

    @property
    def base(self) -> str:
        """The gateway's address for requests, without a slash at the end."""
        return "http" + self.address.base.removeprefix("ws")

    def http(self, *, verify: ssl.SSLContext | bool = False, read_timeout: float | None = None) -> httpx.AsyncClient:
        """A client for the gateway's requests; through the proxy that the environment names for it, if any.

        Args:
            verify: how certificates are judged. Not at all by default: that is one check's affair, and what the others
                send is no secret. Who sends a token gives ``trusted()``.
            read_timeout: seconds of silence in an answer; None for the usual.
        """
        patience = _PATIENCE if read_timeout is None else httpx.Timeout(10.0, read=read_timeout)
        return httpx.AsyncClient(
            base_url=self.base,
            verify=verify,
            timeout=patience,
            trust_env=False,
            proxy=None if self.address.proxy is None else self.address.proxy.url,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )

    def trusted(self) -> ssl.SSLContext | bool:
        """How certificates are judged where a secret is sent."""
        return self.address.ssl_context(self.insecure) or False

    def websocket_options(self) -> dict[str, object]:
        """How to open a WebSocket to it."""
        context = self.address.ssl_context(True)
        proxy = None if self.address.proxy is None else self.address.proxy.url
        return {"ssl": context, "proxy": proxy, "compression": None}
