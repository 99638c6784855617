"""A network inside the process: datagrams between the gateway's own peers and its TURN relay, without sockets.

A client that reaches the embedded SFU by way of the relay needs no UDP at all: what the relay would send to one of our
ports it hands over here, and what a peer would send to a relayed address comes back the same way. Relayed addresses
that exist here only are ports of one documentation address (RFC 5737): nothing meant for them can be anybody's.
"""

from __future__ import annotations

from collections.abc import Callable

Address = tuple[str, int]
Receive = Callable[[bytes, Address], None]

RELAYED_HOST = "192.0.2.1"
_FIRST_PORT, _LAST_PORT = 1024, 65535


class LocalLinks:
    """Who is where. Both sides are called at once, in the same turn of the loop; nothing is queued.

    ``plug`` and ``unplug`` are for peers, ``attach``, ``claim`` and ``detach`` for relayed addresses.
    """

    def __init__(self) -> None:
        self._peers: dict[Address, Receive] = {}
        self._relayed: dict[Address, Receive] = {}
        self._hosts: dict[str, int] = {}
        self._next_port = _FIRST_PORT

    def plug(self, address: Address, receive: Receive) -> None:
        """A peer of ours listens at this address."""
        self._peers[address] = receive
        self._hosts[address[0]] = self._hosts.get(address[0], 0) + 1

    def unplug(self, address: Address) -> None:
        """It does not any more."""
        if self._peers.pop(address, None) is not None:
            self._hosts[address[0]] -= 1
            if self._hosts[address[0]] == 0:
                del self._hosts[address[0]]

    def has_host(self, host: str) -> bool:
        """Whether any peer of ours listens at this IP address."""
        return host in self._hosts

    def has_peer(self, address: Address) -> bool:
        """Whether a peer of ours listens at this very address."""
        return address in self._peers

    def claim(self, receive: Receive) -> Address:
        """A relayed address that exists here only.

        Raises:
            OSError: all of them are taken.
        """
        for _ in range(_FIRST_PORT, _LAST_PORT + 1):
            address = (RELAYED_HOST, self._next_port)
            # One after the other: what is late for somebody who is gone should not reach who came next.
            self._next_port = self._next_port + 1 if self._next_port < _LAST_PORT else _FIRST_PORT
            if address not in self._relayed:
                self._relayed[address] = receive
                return address
        raise OSError("no relayed address is left")

    def attach(self, address: Address, receive: Receive) -> None:
        """A relayed address that has a socket too, for peers elsewhere."""
        self._relayed[address] = receive

    def detach(self, address: Address) -> None:
        """A relayed address is given back."""
        self._relayed.pop(address, None)

    def to_peer(self, data: bytes, peer: Address, relayed: Address) -> bool:
        """Hand a datagram from a relayed address to a peer of ours; False if nobody of ours is there."""
        receive = self._peers.get(peer)
        if receive is None:
            return False
        receive(data, relayed)
        return True

    def to_relayed(self, data: bytes, relayed: Address, peer: Address) -> bool:
        """Hand a datagram of a peer of ours to a relayed address; False if it should go out by the socket.

        What is meant for a relayed address that has been given back is dropped: it exists nowhere else.
        """
        receive = self._relayed.get(relayed)
        if receive is None:
            return relayed[0] == RELAYED_HOST
        receive(data, peer)
        return True
