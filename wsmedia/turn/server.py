"""What all clients of the TURN server share: the secret, the limits, and the count of who holds how much."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from wsmedia.auth import turn_expiry, turn_password
from wsmedia.stun import long_term_key
from wsmedia.turn.relay import PeerPolicy, RelayMaker

REALM = "wsmedia"


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """What one server, one holder of credentials and one client may have.

    Attributes:
        allocations: relayed addresses of all clients.
        allocations_per_user: of one user name; a browser makes one for every connection and network interface.
        permissions: addresses that a client may hear from.
        channels: short names that a client may give to peers.
        bytes_per_second: from a client to its peers, sustained; datagrams beyond are dropped.
        default_lifetime: seconds of an allocation whose client asks for less or for nothing in particular.
        max_lifetime: seconds of an allocation whose client asks for more.
        start_timeout: seconds until a client must have an allocation.
        failures: requests of one client that may be refused for their credentials, one after the other.
    """

    allocations: int = 1000
    allocations_per_user: int = 64
    permissions: int = 64
    channels: int = 64
    bytes_per_second: int = 2_500_000
    default_lifetime: float = 600.0
    max_lifetime: float = 3600.0
    start_timeout: float = 10.0
    failures: int = 16


class TurnServer:
    """The shared part; ``TurnClient`` is made with it.

    Args:
        secret: what credentials are made from.
        make_relay: see ``RelayMaker``.
        policy: who may be reached.
        relays_ipv6: whether relayed addresses are IPv6; else they are IPv4.
        limits: see there.
    """

    def __init__(
        self,
        secret: str,
        make_relay: RelayMaker,
        policy: PeerPolicy,
        *,
        relays_ipv6: bool = False,
        limits: TurnLimits | None = None,
    ) -> None:
        self._secret = secret
        self.make_relay = make_relay
        self.policy = policy
        self.relays_ipv6 = relays_ipv6
        self.limits = limits or TurnLimits()
        self._held: Counter[str] = Counter()

    @property
    def allocations(self) -> int:
        """Relayed addresses that are held."""
        return self._held.total()

    def key_of(self, username: str) -> bytes:
        """The key that proves knowledge of a user name's password; there is one for every name, expired or not."""
        return long_term_key(username, REALM, turn_password(self._secret, username))

    def is_current(self, username: str, wall_s: float) -> bool:
        """Whether a user name may still make an allocation."""
        expiry = turn_expiry(username)
        return expiry is not None and wall_s <= expiry

    def is_full(self) -> bool:
        """Whether nobody may have a further allocation."""
        return self.allocations >= self.limits.allocations

    def has_enough(self, username: str) -> bool:
        """Whether this user may not have a further allocation."""
        return self._held[username] >= self.limits.allocations_per_user

    def take(self, username: str) -> None:
        """Count an allocation."""
        self._held[username] += 1

    def give_back(self, username: str) -> None:
        """Count one less."""
        self._held[username] -= 1
        if self._held[username] <= 0:
            del self._held[username]
