"""The addresses that an operator lets the relay reach, as ``10.0.0.5:10000-20000`` or ``192.0.2.0/24``.

Nothing is allowed that is not named. Some addresses are never allowed, named or not: multicast, broadcast, unspecified,
and IPv4 in the clothes of IPv6, by which a rule about one could be circumvented by way of the other.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from wsmedia.stun import Address

_RULE = re.compile(
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.%/]+)\]|(?P<plain>[0-9.]+(?:/[0-9]+)?))(?::(?P<low>[0-9]+)(?:-(?P<high>[0-9]+))?)?"
)
_IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_BROADCAST = ipaddress.ip_address("255.255.255.255")
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class _Rule:
    network: _IPNetwork
    low: int
    high: int


class PeerList:
    """Rules of the form ``address[/prefix][:port[-port]]``; IPv6 with its prefix in brackets.

    Args:
        rules: any number; none admits nobody.
    Raises:
        ValueError: a rule that is none; the message says which and why.
    """

    def __init__(self, rules: Sequence[str]) -> None:
        self._rules = tuple(_parsed(rule) for rule in rules)
        # Asked for every datagram: what was answered before is remembered, within bounds.
        self.admits_host = functools.lru_cache(_REMEMBERED)(self._admits_host)
        self.admits = functools.lru_cache(_REMEMBERED)(self._admits)

    def __bool__(self) -> bool:
        return bool(self._rules)

    @property
    def example(self) -> str | None:
        """An address that the first rule admits, to find a way there; None without rules."""
        if not self._rules:
            return None
        network = self._rules[0].network
        return str(network[1] if network.num_addresses > 2 else network[0])

    def _admits_host(self, host: str) -> bool:
        address = _reachable(host)
        return address is not None and any(_covers(rule, address) for rule in self._rules)

    def _admits(self, peer: Address) -> bool:
        address = _reachable(peer[0])
        return address is not None and any(
            _covers(rule, address) and rule.low <= peer[1] <= rule.high for rule in self._rules
        )


def _reachable(host: str) -> _IPAddress | None:
    """The address, unless it is of a kind that is never relayed to."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None  # a name: none is ever looked up
    if address.is_multicast or address.is_unspecified or address == _BROADCAST:
        return None
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped is not None
        or address.sixtofour is not None
        or address.teredo is not None
        or address.scope_id is not None
        or address in _NAT64
        or 1 < int(address) < 1 << 32  # ::a.b.c.d, the deprecated "compatible" form
    ):
        return None
    return address


def _covers(rule: _Rule, address: _IPAddress) -> bool:
    return rule.network.version == address.version and address in rule.network


def _parsed(rule: str) -> _Rule:
    found = _RULE.fullmatch(rule)
    if found is None:
        raise ValueError(f"addresses as 10.0.0.5:10000-20000, 192.0.2.0/24 or [2001:db8::5]:3478, not {rule!r}")
    text = found["bracketed"] or found["plain"]
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"networks whose address is their first, but {error}") from None
    low = 1 if found["low"] is None else int(found["low"])
    high = 65535 if found["low"] is None else int(found["high"] or low)
    if not 1 <= low <= high <= 65535:
        raise ValueError(f"ports from 1 to 65535, the lower one first, not {rule!r}")
    return _Rule(network, low, high)
