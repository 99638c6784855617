"""UDP sockets of our own on the loop."""

from __future__ import annotations

import asyncio

import pytest

from tests.peer.support import eventually
from wsmedia.peer.datagram import Address, DatagramEndpoint


async def test_bursts_arrive_in_order() -> None:
    received: list[bytes] = []
    first = DatagramEndpoint("127.0.0.1", lambda _data, _address: None)
    second = DatagramEndpoint("127.0.0.1", lambda data, _address: received.append(data))
    try:
        sizes = [1200] * 40 + [300] + [1200, 1200, 50, 60] + [1]
        datagrams = [bytes([index]) * size for index, size in enumerate(sizes)]
        first.send_all(datagrams, second.address)
        first.sendto(b"end", second.address)
        await eventually(lambda: bool(received) and received[-1] == b"end")
        assert received == [*datagrams, b"end"]
    finally:
        first.close()
        second.close()


async def test_what_cannot_be_sent_is_dropped_and_counted() -> None:
    endpoint = DatagramEndpoint("127.0.0.1", lambda _data, _address: None)
    try:
        endpoint.sendto(bytes(70_000), ("127.0.0.1", 9))
        endpoint.sendto(b"x", ("203.0.113.1", 9))
        assert endpoint.datagrams_dropped == 2
    finally:
        endpoint.close()


async def test_closing_tells_and_stops_reading() -> None:
    closed = asyncio.Event()
    endpoint = DatagramEndpoint("127.0.0.1", lambda _data, _address: None)
    assert endpoint.get_extra_info("sockname") == endpoint.address
    assert endpoint.get_extra_info("nothing", 7) == 7
    endpoint.when_closed(lambda _error: closed.set())
    assert not endpoint.is_closing()
    endpoint.close()
    endpoint.close()
    assert endpoint.is_closing()
    async with asyncio.timeout(5):
        await closed.wait()


async def test_a_receiver_may_close_the_endpoint() -> None:
    received: list[bytes] = []
    sender = DatagramEndpoint("127.0.0.1", lambda _data, _address: None)

    def receive(data: bytes, _address: Address) -> None:
        received.append(data)
        endpoint.close()

    endpoint = DatagramEndpoint("127.0.0.1", receive)
    try:
        for _ in range(3):
            sender.sendto(b"x", endpoint.address)
        await eventually(lambda: bool(received))
        assert received == [b"x"]
    finally:
        sender.close()


async def test_foreign_addresses_cannot_be_bound() -> None:
    with pytest.raises(OSError, match="assign"):
        DatagramEndpoint("203.0.113.1", lambda _data, _address: None)


async def test_ipv6() -> None:
    received: list[tuple[bytes, Address]] = []
    try:
        first = DatagramEndpoint("::1", lambda _data, _address: None)
    except OSError:
        pytest.skip("this machine has no IPv6")
    second = DatagramEndpoint("::1", lambda data, address: received.append((data, address)))
    try:
        first.sendto(b"six", second.address)
        await eventually(lambda: received == [(b"six", first.address)])
    finally:
        first.close()
        second.close()
