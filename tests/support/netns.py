"""A network namespace of a test's own: a loopback, and one pair of interfaces with an address that is not loopback.

Janus and browsers gather no candidates on loopback, so WebRTC tests need another address, and must not touch the
machine's real ones. The namespace has no name: the kernel removes it with its last user, however a test ends.

``with namespace.entered():`` moves the calling *thread* into it. Sockets, threads and child processes that this thread
makes meanwhile (an event loop's sockets, uvicorn, Janus, Playwright's driver and its browser) belong to the namespace
for good; what existed before stays outside. So pytest needs no re-execution: a fixture enters, the test runs, the
fixture leaves. ``namespace.command("chromium", …)`` wraps a command line for callers in another thread.

It needs root (CAP_SYS_ADMIN), or a shell inside ``unshare -rn``.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def _open_own_namespace() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _in_thread(function: Callable[[], None]) -> None:
    """Run ``function`` in a thread that nobody uses afterwards, so that a namespace change dies with it."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            function()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="netns")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def unavailable_reason() -> str | None:
    """Why no namespace can be made here, in words for ``pytest.skip``; None if it can."""
    if shutil.which("ip") is None:
        return "needs iproute2 (apt-get install iproute2)"
    try:
        _in_thread(lambda: _check(_libc.unshare(CLONE_NEWNET), "unshare"))
    except OSError as error:
        return f"needs a network namespace: run as root or inside `unshare -rn` ({error.strerror})"
    return None


class LoopbackNamespace:
    """An isolated network with loopback alone; others add to it in ``_furnish``, which runs inside.

    Raises:
        OSError: see ``unavailable_reason``.
    """

    def __init__(self) -> None:
        self._fd = -1
        try:
            _in_thread(self._create)
        except BaseException:
            self.close()
            raise

    def _create(self) -> None:
        _check(_libc.unshare(CLONE_NEWNET), "unshare")
        self._fd = _open_own_namespace()
        self._ip("link set lo up")
        self._furnish()

    def _furnish(self) -> None:
        """Nothing here."""

    @staticmethod
    def _ip(command: str) -> None:
        subprocess.run(["ip", *command.split()], check=True, capture_output=True)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Have the calling thread inside the namespace while the context lasts."""
        outside = _open_own_namespace()
        try:
            _check(_libc.setns(self._fd, CLONE_NEWNET), "setns")
            try:
                yield
            finally:
                _check(_libc.setns(outside, CLONE_NEWNET), "setns")
        finally:
            os.close(outside)

    def command(self, *arguments: str) -> list[str]:
        """``arguments`` wrapped so that any thread of this process can start them inside the namespace."""
        return ["nsenter", f"--net={self.path}", *arguments]

    @property
    def path(self) -> str:
        """A name for the namespace that other programs understand while this process lives."""
        return f"/proc/{os.getpid()}/fd/{self._fd}"

    def close(self) -> None:
        """Let go of the namespace; it ends with the last process inside."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class NetworkNamespace(LoopbackNamespace):
    """An isolated network with loopback and ``interface``, which carries ``address``/24.

    Attributes:
        address: what peers inside use to reach each other by something that is not loopback.
        interface: the interface's name, for Janus' ``ice_enforce_list``.

    Raises:
        OSError: see ``unavailable_reason``.
    """

    interface = "v0"

    def __init__(self, address: str = "10.99.0.1") -> None:
        self.address = address
        super().__init__()

    def _furnish(self) -> None:
        for command in (
            f"link add {self.interface} type veth peer name v1",
            f"address add {self.address}/24 dev {self.interface}",
            f"link set {self.interface} addrgenmode none",  # no link-local IPv6: one candidate a side is enough
            "link set v1 addrgenmode none",
            f"link set {self.interface} up",
            "link set v1 up",
            # Browsers choose the address that they would reach the Internet from: there must be such a route.
            f"route add default dev {self.interface}",
        ):
            self._ip(command)
