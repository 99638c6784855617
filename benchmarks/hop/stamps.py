"""When the kernel took and gave datagrams and octets, in nanoseconds of the wall clock."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

from wsmedia.peer import seam
from wsmedia.peer.datagram import Address, DatagramEndpoint

SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("qq")
_READS_PER_WAKE_UP = 64


def enable(stamped: socket.socket) -> None:
    """Let ``recvmsg`` on this socket tell when the kernel received what it gives (Linux)."""
    stamped.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def stamp_of(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The time stamp among a message's ancillary data; now if the kernel gave none."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return int(seconds * 1_000_000_000 + nanoseconds)
    return time.time_ns()


class StampedEndpoint(DatagramEndpoint):
    """A peer connection's socket that notes times; all endpoints of the process share the notes.

    Attributes:
        arrived_ns: the receive time of the datagram in hand.
        departed_ns: when the last datagram was given to the kernel.
        packets_sent, packets_received: RTP only.
    """

    arrived_ns = 0
    departed_ns = 0
    packets_sent = 0
    packets_received = 0

    def __init__(self, address: str, receive: Callable[[bytes, Address], None]) -> None:
        super().__init__(address, receive)
        enable(self._socket)

    def _socket_sendto(self, data: bytes, address: Address) -> None:
        if data[0] >= 128 and not 192 <= data[1] <= 223:
            StampedEndpoint.packets_sent += 1
        StampedEndpoint.departed_ns = time.time_ns()
        super()._socket_sendto(data, address)

    def send_all(self, datagrams: Sequence[bytes], address: Address) -> None:
        """One by one, as most SFUs send, so that the last has a time of its own."""
        for datagram in datagrams:
            self.sendto(datagram, address)

    def _readable(self) -> None:
        read: Any = self._socket.recvmsg
        for _ in range(_READS_PER_WAKE_UP):
            try:
                data, ancillary, _, address = read(4096, 64)
            except OSError:
                return
            if not data:
                continue
            if data[0] >= 128 and not 192 <= data[1] <= 223:
                StampedEndpoint.packets_received += 1
            StampedEndpoint.arrived_ns = stamp_of(ancillary)
            self._receive(data, (address[0], address[1]))
            if self._closed:
                return


def install() -> None:
    """Let every peer connection that this process makes from now on use ``StampedEndpoint``."""
    setattr(seam, "DatagramEndpoint", StampedEndpoint)  # noqa: B010 - a name that the module does not export
