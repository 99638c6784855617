"""Which web pages and which addresses may talk to the gateway.

A browser lets any page open a WebSocket to any host and says only which page it was, in Origin; so that has to be
checked (cross-site WebSocket hijacking). Pure functions over header values and addresses.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def is_origin_allowed(origin: str | None, host: str | None, allowed: Collection[str]) -> bool:
    """Whether a request from a page of ``origin`` may be served.

    Args:
        origin: the Origin header (RFC 6454 §7); None from programs that are not browsers, which are not at risk.
        host: the Host header of the same request.
        allowed: origins that may come besides the gateway's own, as ``https://example.org``; ``*`` is everybody.
    """
    if origin is None or "*" in allowed:
        return True
    normalized = _normalized(origin)
    if normalized is None:
        return False
    if any(normalized == _normalized(other) for other in allowed):
        return True
    scheme, name, port = normalized
    # The scheme is not compared: behind a proxy that ends TLS we do not know what the browser sees.
    return host is not None and _normalized(f"{scheme}://{host}") == (scheme, name, port)


def is_loopback_address(address: str | None) -> bool:
    """Whether a peer's address (without port) is this machine's loopback."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return parsed.is_loopback


def is_loopback_host(host: str | None) -> bool:
    """Whether a host name, with or without a port, can only mean this machine: localhost or a loopback address.

    A name that merely resolves to loopback does not count: anybody can point their own name there (DNS rebinding).
    """
    parsed = _normalized(f"http://{host}") if host else None
    if parsed is None:
        return False
    name = parsed[1]
    return name == "localhost" or name.endswith(".localhost") or is_loopback_address(name)


def _normalized(origin: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname.lower(), port if port is not None else _DEFAULT_PORTS[parts.scheme]
