"""Datagrams between our own peers and relayed addresses, with no socket between, and with one for peers elsewhere."""

from __future__ import annotations

import socket

import pytest

from tests.support.gateway import eventually
from wsmedia.clock import SystemClock
from wsmedia.peer import LocalLinks, LocalRelay, SocketRelay
from wsmedia.peer.datagram import Address, DatagramEndpoint
from wsmedia.peer.local_links import RELAYED_HOST
from wsmedia.turn import PeerList


class Inbox:
    """What came to a peer or to a relayed address."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, Address]] = []

    def peer(self, data: bytes, address: Address) -> None:
        self.received.append((data, address))

    def relayed(self, data: bytes, address: Address, now: float) -> None:
        assert now > 0
        self.received.append((data, address))


async def test_a_datagram_goes_there_and_back_in_one_call() -> None:
    links, peer, client = LocalLinks(), Inbox(), Inbox()
    endpoint = DatagramEndpoint("127.0.0.1", peer.peer, links)
    relay = LocalRelay(links, SystemClock(), client.relayed)
    assert links.has_host("127.0.0.1")
    assert links.has_peer(endpoint.address)
    relay.send(b"there", endpoint.address)
    endpoint.sendto(b"back", relay.address)
    endpoint.send_all([b"1", b"2", b"3"], relay.address)
    assert peer.received == [(b"there", relay.address)]
    assert client.received == [(data, endpoint.address) for data in (b"back", b"1", b"2", b"3")]

    relay.close()
    endpoint.sendto(b"late", relay.address)
    endpoint.send_all([b"late", b"late"], relay.address)
    assert len(client.received) == 4
    assert endpoint.datagrams_dropped == 0  # nothing of it was tried by the socket
    endpoint.close()
    assert not links.has_host("127.0.0.1")
    assert not links.has_peer(endpoint.address)


async def test_a_relay_without_a_socket_reaches_nobody_else() -> None:
    links, client, peer = LocalLinks(), Inbox(), Inbox()
    stranger = DatagramEndpoint("127.0.0.1", peer.peer)
    relay = LocalRelay(links, SystemClock(), client.relayed)
    relay.send(b"x", stranger.address)
    relay.close()
    stranger.close()
    assert peer.received == []


async def test_relayed_addresses_run_out() -> None:
    links = LocalLinks()
    taken = {links.claim(Inbox().peer) for _ in range(1024, 65536)}
    assert len(taken) == 65536 - 1024
    assert {host for host, _ in taken} == {RELAYED_HOST}
    with pytest.raises(OSError, match="no relayed address"):
        links.claim(Inbox().peer)
    links.detach((RELAYED_HOST, 2000))
    assert links.claim(Inbox().peer) == (RELAYED_HOST, 2000)


async def test_a_relay_with_a_socket_reaches_whom_it_may_and_our_own_past_the_socket() -> None:
    links, own, friend, stranger, client = LocalLinks(), Inbox(), Inbox(), Inbox(), Inbox()
    ours = DatagramEndpoint("127.0.0.1", own.peer, links)
    allowed = DatagramEndpoint("127.0.0.1", friend.peer)
    other = DatagramEndpoint("127.0.0.1", stranger.peer)
    peers = PeerList([f"127.0.0.1:{allowed.address[1]}"])
    relay = SocketRelay("127.0.0.1", peers, links, SystemClock(), client.relayed)
    relay.send(b"no", other.address)
    relay.send(b"yes", allowed.address)
    relay.send(b"ours", ours.address)
    assert own.received == [(b"ours", relay.address)]
    await eventually(lambda: friend.received == [(b"yes", relay.address)], "what was sent")
    ours.sendto(b"from ours", relay.address)
    allowed.sendto(b"from a friend", relay.address)
    await eventually(lambda: len(client.received) == 2, "both answers")
    assert stranger.received == []
    relay.close()
    relay.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(relay.address)  # the port is free
    for endpoint in (ours, allowed, other):
        endpoint.close()
