"""A UDP socket on the event loop that sends at once and reads in bursts: what the media path needs and asyncio's own
datagram transport, made for one datagram per turn of the loop and an endless send queue, does not give."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any

from wsmedia.peer.local_links import LocalLinks

MAX_DATAGRAM = 4096
READS_PER_WAKE_UP = 32
SOCKET_BUFFER = 1 << 20

# One call for many datagrams of one size, which the kernel cuts (Linux, udp(7)); not among Python's constants.
UDP_SEGMENT = 103
MAX_SEGMENTS = 48
"""Fewer than the kernel's 64, so that 48 datagrams of 1300 octets stay below the 64 KiB of one call."""

_SEGMENT_SIZE = struct.Struct("@H")
_UNSUPPORTED = (errno.EINVAL, errno.EIO, errno.EOPNOTSUPP, errno.ENOPROTOOPT, errno.EMSGSIZE)

Address = tuple[str, int]


class DatagramEndpoint:
    """One bound UDP socket.

    Sending never queues: what the kernel's buffer cannot take is dropped, as the network itself might, and counted.

    Args:
        address: a local IP address, IPv4 or IPv6; the port is chosen by the system.
        receive: called with each datagram and its sender's address; must not raise.
        links: where relayed addresses of our own TURN server are reached without the socket; None if there are none.

    Raises:
        OSError: the address is not one of this machine.
    """

    def __init__(
        self, address: str, receive: Callable[[bytes, Address], None], links: LocalLinks | None = None
    ) -> None:
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
        self._can_segment = sys.platform == "linux"
        self._links = links
        self._address = self._bound_to()
        self.sendto = self._socket_sendto
        if links is not None:
            self.sendto = self._linked_sendto
            links.plug(self._address, self._receive_locally)
        self._loop.add_reader(self._socket, self._readable)

    @property
    def address(self) -> Address:
        """The local address and port."""
        return self._address

    def _bound_to(self) -> Address:
        name = self._socket.getsockname()
        return str(name[0]), int(name[1])

    def _linked_sendto(self, data: bytes, address: Address) -> None:
        """As ``_socket_sendto``, past the socket where the address is one of our own relay."""
        if self._links is None or not self._links.to_relayed(data, address, self._address):
            self._socket_sendto(data, address)

    def _receive_locally(self, data: bytes, address: Address) -> None:
        if not self._closed:
            self._receive(data, address)

    def _socket_sendto(self, data: bytes, address: Address) -> None:
        """Send one datagram, or drop it when the kernel does not take it."""
        try:
            self._socket.sendto(data, address)
        except OSError:
            # Full buffer, unreachable host, a pending ICMP error: ICE consent decides whether the peer is gone.
            self.datagrams_dropped += 1

    def send_all(self, datagrams: Sequence[bytes], address: Address) -> None:
        """Send datagrams in their order; runs of one size (and a smaller last one) cost one call."""
        start = 0
        count = len(datagrams)
        if self._links is not None and count and self._links.to_relayed(datagrams[0], address, self._address):
            for data in datagrams[1:]:
                self._links.to_relayed(data, address, self._address)
            return
        while start < count:
            size = len(datagrams[start])
            end = start + 1
            if self._can_segment:
                while end < count and end - start < MAX_SEGMENTS and len(datagrams[end]) <= size:
                    end += 1
                    if len(datagrams[end - 1]) < size:
                        break
            if end - start == 1:
                self.sendto(datagrams[start], address)
            elif not self._send_segments(datagrams[start:end], size, address):
                continue
            start = end

    def _send_segments(self, datagrams: Sequence[bytes], size: int, address: Address) -> bool:
        """Send one run; False when the kernel or the interface cannot cut, so that each must be sent by itself."""
        try:
            self._socket.sendmsg(datagrams, [(socket.IPPROTO_UDP, UDP_SEGMENT, _SEGMENT_SIZE.pack(size))], 0, address)
        except OSError as error:
            if error.errno in _UNSUPPORTED:
                self._can_segment = False
                return False
            self.datagrams_dropped += len(datagrams)
        return True

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
        if self._links is not None:
            self._links.unplug(self._address)
        self._loop.remove_reader(self._socket)
        self._socket.close()
        if self._on_closed is not None:
            self._loop.call_soon(self._on_closed, None)

    def is_closing(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed
