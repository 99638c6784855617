"""A word for the network that a client comes from, by which its page remembers which way worked there."""

from __future__ import annotations

import hashlib
import ipaddress

_PREFIX = {4: 24, 6: 48}


def network_of(address: str | None) -> str:
    """Eight hexadecimal digits, the same for neighbouring addresses (IPv4 /24, IPv6 /48); empty for what is no address.

    They tell the client nothing but whether it is where it was before.
    """
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    network = ipaddress.ip_network(f"{parsed}/{_PREFIX[parsed.version]}", strict=False)
    return hashlib.sha256(str(network).encode()).hexdigest()[:8]
