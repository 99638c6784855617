"""ICE servers as operators name them, and as clients are told of them (W3C WebRTC's ``RTCIceServer``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from wsmedia.auth import issue_turn_credentials

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])"
_URL = re.compile(rf"(?P<scheme>stuns?|turns?):{_HOST}(?::[0-9]{{1,5}})?(?P<transport>\?transport=(?:udp|tcp))?")
_AUTHORITY = re.compile(rf"(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?")
_KEYS = ("username", "credential", "secret")


@dataclass(frozen=True, slots=True)
class IceServer:
    """One server as it is told to a client; user name and credential are None for STUN."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For ``GET /v1/ice``."""
        described: dict[str, Any] = {"urls": list(self.urls)}
        if self.username is not None:
            described |= {"username": self.username, "credential": self.credential}
        return described

    def as_links(self) -> list[str]:
        """For ``Link`` headers of WHIP and WHEP (RFC 9725 §4.6), one for each URL."""
        secret = ""
        if self.username is not None:
            secret = f'; username="{self.username}"; credential="{self.credential}"; credential-type="password"'
        return [f'<{url}>; rel="ice-server"{secret}' for url in self.urls]


@dataclass(frozen=True, slots=True)
class ConfiguredIceServer:
    """One server as an operator named it: static credentials, a shared secret, or neither."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None
    secret: str | None = None

    def for_client(self, label: str, expires_at_s: int) -> IceServer:
        """The same with credentials for one client, made from the secret if there is one."""
        if self.secret is None:
            return IceServer(self.urls, self.username, self.credential)
        issued = issue_turn_credentials(self.secret, label, expires_at_s)
        return IceServer(self.urls, issued.username, issued.password)


def parse_ice_server(text: str) -> ConfiguredIceServer:
    """Read ``URL … [username=… credential=… | secret=…]``, parted by spaces.

    Raises:
        ValueError: with what was expected; it repeats no secret.
    """
    urls: list[str] = []
    given: dict[str, str] = {}
    for part in text.split():
        key, equals, value = part.partition("=")
        if is_ice_url(part):
            urls.append(part)
        elif equals and key in _KEYS and value and '"' not in value and "\\" not in value:
            given[key] = value
        else:
            raise ValueError("URLs as turns:turn.example.org:443?transport=tcp and username=, credential= or secret=")
    if not urls:
        raise ValueError("at least one URL, as stun:stun.example.org or turns:turn.example.org:443?transport=tcp")
    is_turn = any(url.startswith("turn") for url in urls)
    if is_turn and set(given) not in ({"secret"}, {"username", "credential"}):
        raise ValueError("for TURN either username= and credential=, or secret=, separated by spaces")
    if given and not is_turn:
        raise ValueError("no credentials for STUN")
    return ConfiguredIceServer(tuple(urls), **given)


def is_ice_url(url: str) -> bool:
    """Whether this is a STUN or TURN URL (RFC 7064, RFC 7065)."""
    found = _URL.fullmatch(url)
    return found is not None and not (found["transport"] and found["scheme"].startswith("stun"))


def turn_url_of(scheme: str, host: str | None) -> str | None:
    """TURN on the port that a request came to.

    Args:
        scheme: ``http`` or ``https``.
        host: the request's Host header.
    Returns:
        None if the header is missing or cannot be a host's.
    """
    found = _AUTHORITY.fullmatch(host or "")
    if found is None:
        return None
    is_secure = scheme == "https"
    port = found["port"] or ("443" if is_secure else "80")
    return f"turn{'s' if is_secure else ''}:{found['host']}:{port}?transport=tcp"
