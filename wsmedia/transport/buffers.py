"""Short buffers below a connection: what is in them arrives late and can no longer be dropped."""

from __future__ import annotations

import socket
from asyncio.transports import WriteTransport
from typing import cast

WRITE_BUFFER_HIGH = 16_384
"""Octets in our own process above which ``pause_writing`` is called."""
WRITE_BUFFER_LOW = 4_096
NOT_SENT_LOW_WATER = 16_384
"""Octets unsent in the kernel above which it takes no more."""


def keep_short(transport: WriteTransport) -> None:
    """Bound what waits in the process and in the kernel, and let small messages leave at once."""
    transport.set_write_buffer_limits(high=WRITE_BUFFER_HIGH, low=WRITE_BUFFER_LOW)
    tcp = cast("socket.socket | None", transport.get_extra_info("socket"))
    if tcp is not None and tcp.family in (socket.AF_INET, socket.AF_INET6):
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOT_SENT_LOW_WATER)
