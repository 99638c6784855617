"""What the engine needs from outside: relayed addresses, and the word on who may be reached through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from wsmedia.stun import Address


class Relay(Protocol):
    """One relayed transport address: datagrams of one client go out from it and come in at it."""

    @property
    def address(self) -> Address:
        """Where peers send to."""

    def send(self, data: bytes, peer: Address) -> None:
        """Send one datagram to an address that the policy admits, or drop it as a network might."""

    def close(self) -> None:
        """Give the address back; nothing comes in any more. Safe to call twice."""


RelayMaker = Callable[[Callable[[bytes, Address, float], None]], Relay]
"""Makes a relayed address; its argument is called with each datagram, its sender and the time (monotonic seconds).
Raises ``OSError`` when there is none left."""


class PeerPolicy(Protocol):
    """Says who may be reached. Everybody else is refused with 403."""

    def admits_host(self, host: str) -> bool:
        """Whether any port of this IP address may be reached, now."""

    def admits(self, peer: Address) -> bool:
        """Whether this very address and port may be reached, now."""
