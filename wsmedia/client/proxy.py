"""Which proxy the environment wants between the client and a gateway: ``https_proxy``, ``all_proxy``, ``no_proxy``.

``address`` asks it. The variables are those of curl and others, in lower or upper case; a proxy is
``http://[user:password@]host[:port]`` (or ``https://…``), and everything goes through it by CONNECT.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from wsmedia.client.errors import ClientError

_VARIABLES = {True: ("wss_proxy", "https_proxy", "all_proxy"), False: ("ws_proxy", "http_proxy", "all_proxy")}
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SOCKS = ("socks4", "socks4a", "socks5", "socks5h")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy.

    Attributes:
        url: with credentials, both of them percent-encoded; for libraries, never for logs.
        where: ``host:port``, for people.
        variable: which variable names it, in the case in which it was found.
        has_credentials: whether a user name is known.
    """

    url: str
    where: str
    variable: str
    has_credentials: bool


def proxy_for(host: str, port: int, secure: bool, environment: Mapping[str, str] | None = None) -> Proxy | None:
    """The proxy to go through; None: straight.

    Args:
        host, port: of the gateway; ``host`` without brackets.
        secure: whether it is spoken to by TLS.
        environment: the process's, if None.
    Raises:
        ClientError: a variable names something that is no such proxy; tells which variable, never a password.
    """
    environment = os.environ if environment is None else environment
    if _is_exempt(host.lower(), port, _variable(environment, "no_proxy")[1]):
        return None
    for name in _VARIABLES[secure]:
        found, value = _variable(environment, name)
        if value:
            return _parsed(found, value)
    return None


def _variable(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    # Lower case wins. Where a web server has started us, HTTP_PROXY may be a request's header (CGI) and does not count.
    names = [name] if name == "http_proxy" else [name, name.upper()]
    found = next((one for one in names if one in environment), name)
    return found, environment.get(found, "").strip()


def _parsed(variable: str, value: str) -> Proxy:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, port = parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        host = port = None
    if host and parts.scheme in _SOCKS:
        raise ClientError(f"{variable} names a SOCKS proxy; only HTTP proxies are supported")
    if not host or port is None or parts.path not in {"", "/"}:
        raise ClientError(
            f"{variable} does not name a proxy, expected http://host:port or http://user:password@host:port"
        )
    name = f"[{host}]" if ":" in host else host
    credentials = ""
    if parts.username:
        # Users write what their proxy's administrator gave them: encode whatever they left as it was.
        user, password = unquote(parts.username), unquote(parts.password or "")
        credentials = f"{quote(user, safe='')}:{quote(password, safe='')}@"
    return Proxy(f"{parts.scheme}://{credentials}{name}:{port}", f"{name}:{port}", variable, bool(credentials))


def _is_exempt(host: str, port: int, exceptions: str) -> bool:
    """Whether ``no_proxy`` names it: ``*``, a name and what is below it, an address or network, maybe with a port."""
    for entry in exceptions.lower().replace(",", " ").split():
        if entry == "*":
            return True
        name = entry.removeprefix("*").lstrip(".")
        head, colon, tail = name.rpartition(":")
        if colon and tail.isdigit() and (":" not in head or head.endswith("]")):
            if int(tail) != port:
                continue
            name = head
        name = name.strip("[]")
        if host == name or (name and host.endswith(f".{name}")) or _is_within(host, name):
            return True
    return False


def _is_within(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
