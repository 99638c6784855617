"""The embedded TURN server: made from the settings, joined to the embedded SFU's peers and to the listeners' ports."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
from collections.abc import Callable

from wsmedia.app.config import ConfigError
from wsmedia.app.settings import Settings
from wsmedia.auth import TurnCredentials, issue_turn_credentials
from wsmedia.clock import Clock
from wsmedia.peer import LocalLinks, LocalRelay, SocketRelay
from wsmedia.stun import Address
from wsmedia.transport.turn import TurnCarrier
from wsmedia.turn import PeerList, Relay, TurnLimits, TurnServer


class TurnHost:
    """The TURN server of this process.

    Args:
        settings: with ``turn`` on.
        clock: time.
    Raises:
        ConfigError: no address of this machine leads to the peers that are allowed.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._peers = PeerList(settings.turn_peer)
        self._secret = (
            secrets.token_hex(32) if settings.turn_secret is None else settings.turn_secret.get_secret_value()
        )
        self._lifetime = settings.turn_lifetime
        self._host = _relay_host(settings, self._peers)
        self.links = LocalLinks()
        self.server = TurnServer(
            self._secret,
            self._make_relay,
            self,
            relays_ipv6=self._host is not None and ":" in self._host,
            limits=TurnLimits(
                allocations=settings.max_turn_allocations, bytes_per_second=settings.max_bytes_per_second
            ),
        )

    def admits_host(self, host: str) -> bool:
        """Our own peers, and who is configured."""
        return self.links.has_host(host) or self._peers.admits_host(host)

    def admits(self, peer: Address) -> bool:
        """Our own peers, and who is configured."""
        return self.links.has_peer(peer) or self._peers.admits(peer)

    def carrier(self, connections: set[asyncio.Protocol]) -> TurnCarrier:
        """A protocol for a connection that speaks TURN."""
        return TurnCarrier(self.server, self._clock, connections)

    def credentials(self, label: str) -> TurnCredentials:
        """Credentials for one client."""
        return issue_turn_credentials(self._secret, label, int(self._clock.wall_us() / 1e6 + self._lifetime))

    def _make_relay(self, receive: Callable[[bytes, Address, float], None]) -> Relay:
        if self._host is None:
            return LocalRelay(self.links, self._clock, receive)
        return SocketRelay(self._host, self._peers, self.links, self._clock, receive)


def _relay_host(settings: Settings, peers: PeerList) -> str | None:
    """The address that relayed addresses are on; None when only our own peers are reached."""
    if not peers:
        return None
    if settings.turn_relay_address is not None:
        return settings.turn_relay_address
    example = peers.example or ""
    family = socket.AF_INET6 if ipaddress.ip_address(example).version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: this only asks the routing table.
            probe.connect((example, 9))
        except OSError as error:
            raise ConfigError(
                f"turn_relay_address: expected an address of this machine, for no route leads to {example} "
                f"of turn_peer: {error.strerror}"
            ) from None
        return str(probe.getsockname()[0])
