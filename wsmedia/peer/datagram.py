"""A UDP socket on the event loop that sends at once and reads in bursts: what the media path needs and asyncio's own
datagram transport, made for one datagram per turn of the loop and an endless send queue, does not give."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

MAX_DATAGRAM = 4096
READS_PER_WAKE_UP = 32
SOCKET_BUFFER = 1 << 20

Address = tuple[str, int]


class DatagramEndpoint:
    """One bound UDP socket.

    Sending never queues: what the kernel's buffer cannot take is dropped, as the network itself might, and counted.

    Args:
        address: a local IP address, IPv4 or IPv6; the port is chosen by the system.
        receive: called with each datagram and its sender's address; must not raise.

    Raises:
        OSError: the address is not one of this machine.
    """

    def __init__(self, address: str, receive: Callable[[bytes, Address], None]) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            # The kernel grants what net.core.rmem_max and wmem_max allow.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)
            self._socket.bind((address, 0))
        except OSError:
            self._socket.close()
            raise
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._on_closed: Callable[[None], None] | None = None
        self.datagrams_dropped = 0
        self.sendto = self._socket_sendto
        self._loop.add_reader(self._socket, self._readable)

    @property
    def address(self) -> Address:
        """The local address and port."""
        name = self._socket.getsockname()
        return str(name[0]), int(name[1])

    def _socket_sendto(self, data: bytes, address: Address) -> None:
        """Send one datagram, or drop it when the kernel does not take it."""
        try:
            self._socket.sendto(data, address)
        except OSError:
            # Full buffer, unreachable host, a pending ICMP error: ICE consent decides whether the peer is gone.
            self.datagrams_dropped += 1

    def _readable(self) -> None:
        receive, read = self._receive, self._socket.recvfrom
        for _ in range(READS_PER_WAKE_UP):
            try:
                data, address = read(MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                # An ICMP error of an earlier datagram is reported here once; it is not the end of the socket.
                if self._closed:
                    return
                continue
            receive(data, (address[0], address[1]))
            if self._closed:
                return

    # The rest is what aioice expects of an asyncio datagram transport.

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``socket`` and ``sockname``, as ``asyncio.BaseTransport.get_extra_info``."""
        return {"socket": self._socket, "sockname": self.address}.get(name, default)

    def when_closed(self, callback: Callable[[None], None]) -> None:
        """Call ``callback(None)`` once, soon after ``close``."""
        self._on_closed = callback

    def close(self) -> None:
        """Stop reading and free the port; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket)
        self._socket.close()
        if self._on_closed is not None:
            self._loop.call_soon(self._on_closed, None)

    def is_closing(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed
