"""Which of the kernel's congestion controls the gateway's connections use."""

from __future__ import annotations

import socket
from pathlib import Path

from wsmedia.app.config import ConfigError

_ALLOWED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")

_NO_OPTION = -1  # setting it is an error anywhere


def control_congestion(listening: socket.socket, name: str | None) -> None:
    """Set the congestion control of a listening socket; the connections that it accepts inherit it.

    Args:
        name: as the kernel calls it; None leaves the kernel's choice.
    Raises:
        ConfigError: the kernel does not offer it, or not to this user.
    """
    if name is None:
        return
    try:
        listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, "TCP_CONGESTION", _NO_OPTION), name.encode())
    except OSError:
        raise ConfigError(f"tcp_congestion_control: expected {_offer()}, got {name!r}") from None


def _offer() -> str:
    try:
        return f"one that the kernel offers ({', '.join(_ALLOWED.read_text().split())})"
    except OSError:
        return "nothing, for this system offers no choice"
