"""Three network namespaces in a row: the client's, one in the middle that is the bad network, and the servers'.

::

    client 10.50.1.2 ── 10.50.1.1 middle 10.50.2.1 ── servers 10.50.2.2 (gateway) .3 .5 (reverse proxies) .4 (coturn)

The middle forwards what its rules (nftables) let through, and is where proxies run. Nothing here reaches this
machine's own network, and nothing is left behind: the kernel removes the namespaces with their last user.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from tests.support import netns
from tests.support.browser import CHROMIUM

CLIENT = "10.50.1.2"
MIDDLE = "10.50.1.1"
_MIDDLE_OUTSIDE = "10.50.2.1"
GATEWAY = "10.50.2.2"
REVERSE_PROXY = "10.50.2.3"
COTURN = "10.50.2.4"
RECIPE = "10.50.2.5"
DEVICE = "eth0"

_START_SECONDS = 30.0


class ProgramError(RuntimeError):
    """A program did not come up; says what it printed."""


def unavailable_reason() -> str | None:
    """Why there can be no such networks here, in words for ``pytest.skip``; None if there can."""
    if (reason := netns.unavailable_reason()) is not None:
        return reason
    return None if shutil.which("nft") else "needs nft (apt-get install nftables)"


class Places:
    """The three namespaces, wired up, without any rule.

    Attributes:
        client, middle, servers: see above.
    """

    def __init__(self) -> None:
        self.client, self.middle, self.servers = (netns.LoopbackNamespace() for _ in range(3))
        try:
            self._wire(self.client, CLIENT, "inside", MIDDLE)
            self._wire(self.servers, GATEWAY, "outside", _MIDDLE_OUTSIDE)
            with self.servers.entered():
                for address in (REVERSE_PROXY, COTURN, RECIPE):
                    _ip(f"address add {address}/24 dev {DEVICE}")
            with self.middle.entered():
                Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        except BaseException:
            self.close()
            raise

    def _wire(self, end: netns.LoopbackNamespace, address: str, name: str, opposite: str) -> None:
        with end.entered():
            _ip(f"link add {DEVICE} type veth peer name {name}")
            _ip(f"link set {name} netns {self.middle.path}")
            _ip(f"link set {DEVICE} addrgenmode none")
            _ip(f"address add {address}/24 dev {DEVICE}")
            _ip(f"link set {DEVICE} up")
        with self.middle.entered():
            _ip(f"link set {name} addrgenmode none")
            _ip(f"address add {opposite}/24 dev {name}")
            _ip(f"link set {name} up")
        with end.entered():
            _ip(f"route add default via {opposite}")

    def apply(self, rules: str) -> None:
        """Have the middle follow these nftables rules and no others, for connections that exist, too.

        Raises:
            ProgramError: nft does not take them.
        """
        command = self.middle.command("nft", "-f", "-")
        done = subprocess.run(command, input=f"flush ruleset\n{rules}", text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise ProgramError(f"nft: {done.stderr}")

    def chromium_in(self, place: netns.LoopbackNamespace, folder: Path, name: str) -> Path:
        """A program that starts Chromium in one of the namespaces."""
        assert CHROMIUM is not None
        program = folder / f"chromium-{name}"
        program.write_text(f'#!/bin/sh\nexec {shlex.join(place.command(CHROMIUM))} "$@"\n')
        program.chmod(0o755)
        return program

    def close(self) -> None:
        """Let go of the namespaces."""
        for place in (self.client, self.middle, self.servers):
            place.close()


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True, capture_output=True)


@contextlib.asynccontextmanager
async def program(
    place: netns.LoopbackNamespace,
    *command: str,
    listens: tuple[str, int],
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> AsyncIterator[None]:
    """Run a server in a namespace until the context ends; it is up when something listens where it should.

    Args:
        listens: address and TCP port.
        environment: what it finds besides ours; settings of a gateway that we run ourselves it does not find.
        folder: where it runs; None: here.
    Raises:
        ProgramError: see there.
    """
    inherited = {name: value for name, value in os.environ.items() if not re.match("WSMEDIA_|.*_proxy$", name, re.I)}
    process = await asyncio.create_subprocess_exec(
        *place.command(*command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=inherited | dict(environment or {}),
        cwd=folder,
    )
    output = bytearray()

    async def read() -> None:
        assert process.stdout is not None
        while block := await process.stdout.read(65536):
            output.extend(block)
            del output[:-65536]

    reading = asyncio.create_task(read())
    try:
        if not await _comes_up(place, process, listens):
            said = output.decode(errors="replace")[-2000:]
            raise ProgramError(f"{command[0]} does not listen on {listens[0]}:{listens[1]}: {said}")
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
        await reading


async def _comes_up(
    place: netns.LoopbackNamespace, process: asyncio.subprocess.Process, listens: tuple[str, int]
) -> bool:
    """Wait until it listens; False: it ended before, or took too long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_START_SECONDS):
            while process.returncode is None:
                if _is_listening(place, listens):
                    return True
                await asyncio.sleep(0.02)
    return False


def _is_listening(place: netns.LoopbackNamespace, address: tuple[str, int]) -> bool:
    with place.entered():
        try:
            with socket.create_connection(address, timeout=1):
                return True
        except OSError:
            return False


@contextlib.contextmanager
def joined() -> Iterator[Places]:
    """The namespaces, while the context lasts."""
    places = Places()
    try:
        yield places
    finally:
        places.close()
