"""The two places of a measurement, behind the link and beside the servers, and what joins them.

Both are network namespaces of their own. ``joined`` makes them for a cell and takes them away after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.latency.conditions import Condition
from benchmarks.latency.store import Settings

_ALLOWED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
_CONTROL = "cubic"
"""What clients have in the field; a machine's own default may be another, which would flatter everything over TCP."""


class Place(Protocol):
    """A network namespace."""

    @property
    def address(self) -> str:
        """What the other place reaches it by."""
        ...

    def command(self, *arguments: str) -> list[str]:
        """``arguments`` wrapped so that they run inside."""
        ...


class Network(Protocol):
    """Two places and what joins them."""

    @property
    def client(self) -> Place:
        """Behind the link."""
        ...

    @property
    def server(self) -> Place:
        """Beside the servers."""
        ...

    def wire_bytes(self) -> dict[str, int]:
        """Octets that entered the link so far, IP headers included, ``up`` and ``down``."""
        ...

    def trouble(self) -> dict[str, float]:
        """What may have spoiled the link's own accuracy; empty if nothing can."""
        ...


@dataclass(frozen=True)
class NamedPlace:
    """A namespace that ``ip netns`` knows by a name."""

    name: str
    address: str

    def command(self, *arguments: str) -> list[str]:
        """See ``Place``."""
        return ["ip", "netns", "exec", self.name, *arguments]


@dataclass(frozen=True)
class _Direct:
    """Two namespaces joined by nothing but a pair of interfaces."""

    client: NamedPlace
    server: NamedPlace

    def wire_bytes(self) -> dict[str, int]:
        command = self.client.command("ip", "-statistics", "-json", "link", "show", "bench")
        counters = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]["stats64"]
        return {"up": counters["tx"]["bytes"], "down": counters["rx"]["bytes"]}

    def trouble(self) -> dict[str, float]:
        return {}


@contextlib.asynccontextmanager
async def joined(condition: Condition, seed: int, settings: Settings) -> AsyncIterator[Network]:
    """Two places with the link between them that the condition describes.

    Raises:
        NetworkError: this process may not make namespaces, or the link cannot be emulated.
    """
    del seed, settings
    if not condition.is_direct:
        raise NetworkError("there is no link emulator here yet: use --direct")
    async with _direct() as network:
        yield network


class NetworkError(RuntimeError):
    """The network of a measurement cannot be made; says what is missing."""


@contextlib.asynccontextmanager
async def _direct() -> AsyncIterator[Network]:
    client = NamedPlace(f"bench-client-{os.getpid()}", "10.77.0.1")
    server = NamedPlace(f"bench-server-{os.getpid()}", "10.77.0.2")
    try:
        for place in (client, server):
            _ip("netns", "add", place.name)
            use_cubic(place)
        ends = [f"netns {place.name}" for place in (client, server)]
        _ip(*f"link add name bench {ends[0]} type veth peer name bench {ends[1]}".split())
        for place in (client, server):
            for command in (
                "link set lo up",
                f"address add {place.address}/24 dev bench",
                "link set bench up",
                # Browsers choose the address that they would reach the Internet from: there must be such a route.
                "route add default dev bench",
            ):
                _ip("-netns", place.name, *command.split())
        yield _Direct(client, server)
    finally:
        for place in (client, server):
            await asyncio.to_thread(subprocess.run, ["ip", "netns", "delete", place.name], capture_output=True)


def _ip(*arguments: str) -> None:
    try:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NetworkError("needs iproute2 (apt-get install iproute2)") from None
    except subprocess.CalledProcessError as error:
        raise NetworkError(f"ip {' '.join(arguments)}: {error.stderr.strip()}; this needs root") from None


def use_cubic(place: Place) -> None:
    """Have TCP in a place control congestion as most machines do.

    A namespace may use only what the machine allows to everybody; cubic is added to that, nothing is taken away.
    """
    allowed = _ALLOWED.read_text().split()
    if _CONTROL not in allowed:
        _ALLOWED.write_text(" ".join([*allowed, _CONTROL]))
    command = place.command("sysctl", "-qw", f"net.ipv4.tcp_congestion_control={_CONTROL}")
    subprocess.run(command, check=True, capture_output=True)
