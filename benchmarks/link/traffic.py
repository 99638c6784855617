"""Traffic whose fate is known, to hold a link against what was asked of it: echoes, a flood of datagrams, a bulk flow.

``check`` and tests use it. Arrivals are the kernel's own time stamps, so that a busy measuring process counts little.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
import time
from collections.abc import Callable

from benchmarks.link.emulator import Link

_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("qq")
_ECHO = struct.Struct("!BBHHH")
_ECHO_REQUEST, _ECHO_REPLY = 8, 0
_CHUNK = bytes(65_536)


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF ^ (total + (total >> 16)) & 0xFFFF


def _receive(stamped: socket.socket) -> tuple[bytes, float]:
    """A datagram, and when the kernel got it, in ``time.time()``."""
    data, ancillary, _, _ = stamped.recvmsg(2048, socket.CMSG_SPACE(_TIMESPEC.size))
    seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
    return data, seconds + nanoseconds / 1e9


def _paced(
    stamped: socket.socket, send: Callable[[int], None], number_of: Callable[[bytes], int | None], link: Link,
    count: int, interval: float,
) -> list[float | None]:  # fmt: skip
    """Send numbered datagrams at a steady pace; gives how long each took to come back or arrive, None if it did not."""
    stamped.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    stamped.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
    sent: list[float] = []
    took: list[float | None] = [None] * count
    most = 2 * sum(way.delay_ms + way.jitter_ms + way.queue_ms for way in (link.config.up, link.config.down)) / 1000
    began = time.monotonic()
    deadline = began + count * interval + most + 1
    while len(sent) < count or (time.monotonic() < deadline and _under_way(link)):
        now = time.monotonic()
        while len(sent) < count and now >= began + len(sent) * interval:
            sent.append(time.time())
            send(len(sent) - 1)
        wait = 0.01 if len(sent) == count else max(0.0, began + len(sent) * interval - time.monotonic())
        while select.select([stamped], [], [], wait)[0]:
            data, at = _receive(stamped)
            number = number_of(data)
            if number is not None:
                took[number] = at - sent[number]
            wait = 0
    return took


def _under_way(link: Link) -> bool:
    figures = link.statistics()
    return any(
        way["packets"] > way["delivered_packets"] + way["lost"] + way["queue_dropped"]
        for way in (figures["up"], figures["down"])
    )


def ping(link: Link, count: int, interval: float) -> list[float | None]:
    """Echoes that the server's kernel answers: round trips in seconds."""
    identifier = os.getpid() & 0xFFFF

    def send(number: int) -> None:
        body = bytes(56)
        head = _ECHO.pack(_ECHO_REQUEST, 0, 0, identifier, number)
        head = _ECHO.pack(_ECHO_REQUEST, 0, _checksum(head + body), identifier, number)
        echoes.sendto(head + body, (link.server_address, 0))

    def number_of(data: bytes) -> int | None:
        kind, _, _, whose, number = _ECHO.unpack_from(data, 20)  # behind an IP header without options
        return number if (kind, whose) == (_ECHO_REPLY, identifier) else None

    with link.client.entered():
        echoes = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    with echoes:
        return _paced(echoes, send, number_of, link, count, interval)


def flood(link: Link, count: int, interval: float, size: int = 100) -> list[float | None]:
    """UDP from client to server: one-way delays in seconds.

    Args:
        size: of a datagram, octets, without its headers of 28.
    """
    with link.server.entered():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with link.client.entered():
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, client:
        server.bind((link.server_address, 0))
        address = server.getsockname()

        def send(number: int) -> None:
            client.sendto(number.to_bytes(4, "big") + bytes(size - 4), address)

        return _paced(server, send, lambda data: int.from_bytes(data[:4], "big"), link, count, interval)


def bulk(link: Link, seconds: float, settle: float = 0.0, *, down: bool = False) -> float:
    """A TCP connection that always has data: the bits a second that came, headers excluded.

    Args:
        seconds: for how long to count.
        settle: for how long not to count before.
        down: data go from server to client, which connects all the same.
    """
    with link.server.entered():
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with link.client.entered():
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with listener, client:
        listener.bind((link.server_address, 0))
        listener.listen()
        client.settimeout(30)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        server.settimeout(30)
        source, sink = (server, client) if down else (client, server)
        over = threading.Event()
        sender = threading.Thread(target=_send_until, args=(source, over), name="bulk")
        sender.start()
        try:
            with sink:
                _count(sink, settle)
                return _count(sink, seconds) * 8
        finally:
            over.set()
            sender.join()
            server.close()


def _send_until(source: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        try:
            source.send(_CHUNK)
        except OSError:  # the receiver has had enough
            return


def _count(sink: socket.socket, seconds: float) -> float:
    """Octets a second."""
    began = now = time.monotonic()
    octets = 0
    while now < began + seconds:
        octets += len(sink.recv(1 << 18))
        now = time.monotonic()
    return octets / (now - began) if octets else 0.0
