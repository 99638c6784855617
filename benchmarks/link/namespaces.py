"""One end of an emulated link: a network namespace whose only way out is a TUN device that somebody else serves.

``emulator`` makes two. A namespace has no name, so there is nothing to clean up: the kernel removes it with its last
user, however a program ends. A TUN device carries whole IP packets, which the kernel cuts to size and completes with
checksums before it hands them over: there are no super-packets that would distort loss and rate, and no ARP.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support import netns

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_DEVICE = "eth0"
"""Browsers treat what is called tun… as a VPN."""

_MTU = 1500
_ALLOWED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")


class LinkError(RuntimeError):
    """A link cannot be made on this machine; says what is missing."""


def unavailable_reason() -> str | None:
    """Why there can be no link here, in words for people; None if there can."""
    reason = netns.unavailable_reason()
    if reason is None and not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        reason = "needs /dev/net/tun, and to be allowed to open it"
    return reason


class Place(netns.LoopbackNamespace):
    """A namespace with an address on the link.

    Attributes:
        address: what the other place reaches it by.
        device: file descriptor of the TUN device: reads give packets that leave the place, writes come in.

    Raises:
        LinkError: see there.
    """

    def __init__(self, address: str, congestion_control: str | None) -> None:
        self.address = address
        self.device = -1
        self._congestion_control = congestion_control
        reason = unavailable_reason()
        if reason is not None:
            raise LinkError(reason)
        try:
            super().__init__()
        except subprocess.CalledProcessError as error:
            raise LinkError(f"{' '.join(error.cmd)}: {error.stderr.decode().strip()}") from error
        except OSError as error:
            raise LinkError(f"a network namespace with a TUN device cannot be made: {error}") from error

    def _furnish(self) -> None:
        for scope in ("all", "default"):
            path = Path(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6")
            if path.exists():
                path.write_text("1")  # no packets that nobody asked for
        self.device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(self.device, _TUNSETIFF, struct.pack("16sH22x", _DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
        for command in (
            f"address add {self.address}/24 dev {_DEVICE}",
            f"link set {_DEVICE} mtu {_MTU} txqueuelen 1000 up",
            # Browsers choose the address that they would reach the Internet from: there must be such a route.
            f"route add default dev {_DEVICE}",
        ):
            self._ip(command)
        if self._congestion_control is not None:
            _use_congestion_control(self._congestion_control)

    def run(self, arguments: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
        """``subprocess.run`` inside."""
        return subprocess.run(self.command(*arguments), check=options.pop("check", False), **options)

    def popen(self, arguments: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """``subprocess.Popen`` inside."""
        return subprocess.Popen(self.command(*arguments), **options)

    def release_device(self) -> None:
        """Leave the device to whoever was given its descriptor."""
        if self.device >= 0:
            os.close(self.device)
            self.device = -1

    def close(self) -> None:
        """Let go of the namespace; it ends with the last process inside."""
        self.release_device()
        super().close()


def _use_congestion_control(name: str) -> None:
    """Have TCP in the calling thread's namespace use it.

    A namespace may use only what the machine allows to everybody; the name is added to that, nothing is taken away.
    """
    allowed = _ALLOWED.read_text().split()
    if name not in allowed:
        try:
            _ALLOWED.write_text(" ".join([*allowed, name]))
        except OSError as error:
            raise LinkError(f"this kernel does not let TCP use {name!r}: {error}") from error
    Path("/proc/sys/net/ipv4/tcp_congestion_control").write_text(name)
