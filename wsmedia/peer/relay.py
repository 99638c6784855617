"""Relayed addresses of the TURN server: for our own peers without a socket, for peers elsewhere with one."""

from __future__ import annotations

from collections.abc import Callable

from wsmedia.clock import Clock
from wsmedia.peer.datagram import Address, DatagramEndpoint
from wsmedia.peer.local_links import LocalLinks
from wsmedia.turn import PeerPolicy

Receive = Callable[[bytes, Address, float], None]


class LocalRelay:
    """A relayed address that exists in this process only, and reaches our own peers only.

    Args:
        links: where they are.
        clock: tells the receiver when.
        receive: called with each datagram, its sender and the time.
    Raises:
        OSError: no address is left.
    """

    def __init__(self, links: LocalLinks, clock: Clock, receive: Receive) -> None:
        self._links = links
        self.address = links.claim(lambda data, peer: receive(data, peer, clock.monotonic()))

    def send(self, data: bytes, peer: Address) -> None:
        """Hand a datagram to one of our peers; nobody else is there."""
        self._links.to_peer(data, peer, self.address)

    def close(self) -> None:
        """Give the address back."""
        self._links.detach(self.address)


class SocketRelay:
    """A relayed address that is a UDP socket; our own peers are reached past it all the same.

    Args:
        host: an address of this machine that peers can send to.
        peers: who may be reached by the socket.
        links, clock, receive: see ``LocalRelay``.
    Raises:
        OSError: the address is not one of this machine, or no port is left.
    """

    def __init__(self, host: str, peers: PeerPolicy, links: LocalLinks, clock: Clock, receive: Receive) -> None:
        self._peers = peers
        self._links = links
        self._endpoint = DatagramEndpoint(host, lambda data, peer: receive(data, peer, clock.monotonic()))
        self.address = self._endpoint.address
        links.attach(self.address, lambda data, peer: receive(data, peer, clock.monotonic()))

    def send(self, data: bytes, peer: Address) -> None:
        """Send to a peer that may be reached; asked anew each time, for a port of ours may meanwhile be another's."""
        if not self._links.to_peer(data, peer, self.address) and self._peers.admits(peer):
            self._endpoint.sendto(data, peer)

    def close(self) -> None:
        """Free the port."""
        self._links.detach(self.address)
        self._endpoint.close()
