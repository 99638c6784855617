"""Programs inside the two network namespaces of a measurement: servers and browsers, each in its place."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, Playwright

from benchmarks.link import Place
from tests.support.browser import CHROMIUM, CHROMIUM_FLAGS

Running = contextlib.AbstractAsyncContextManager[asyncio.subprocess.Process]

GATEWAY_PORT = 8443
RELAY_PORT = 8444
TURN_PORT = 3478
TURN_TLS_PORT = 5349
TURN_USER, TURN_PASSWORD = "bench", "latency"

_START_SECONDS = 30.0
_BROWSER_FLAGS = [
    *CHROMIUM_FLAGS,
    "--ignore-certificate-errors",
    # Both ends are in namespaces of their own; nobody answers mDNS there.
    "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
]


@contextlib.asynccontextmanager
async def server(
    place: Place, ready: str, *command: str, log: Path, environment: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a server in a place until the context ends.

    Args:
        ready: a pattern in the line of its output that tells that it listens.
        log: where its output goes.
        environment: what it finds besides ours; settings of a gateway that we run ourselves it does not find.
    Raises:
        RuntimeError: it ended or stayed silent; says where its log is.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WSMEDIA_")}
    process = await asyncio.create_subprocess_exec(
        *place.command(*command),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=inherited | (environment or {}),
    )
    assert process.stdout is not None
    output = process.stdout
    with log.open("wb") as file:

        async def copy() -> None:
            async for line in output:
                file.write(line)

        try:
            async with asyncio.timeout(_START_SECONDS):
                async for line in output:
                    file.write(line)
                    if re.search(ready, line.decode(errors="replace")):
                        break
                else:
                    raise RuntimeError(f"{command[0]} ended at once; see {log}")
        except TimeoutError:
            process.kill()
            raise RuntimeError(f"{command[0]} did not start within {_START_SECONDS:.0f} s; see {log}") from None
        copying = asyncio.create_task(copy())
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()
            await copying


def gateway(
    place: Place, certificate: tuple[Path, Path], key: str, folder: Path, *arguments: str, prelude: str = ""
) -> Running:
    """The gateway with its embedded rooms, by HTTPS.

    Args:
        arguments: more of them, as on the command line.
        prelude: statements that its process begins with, to measure what is no setting.
    """
    return server(
        place,
        r"https://",
        sys.executable, "-c", f"{prelude}\nfrom wsmedia.cli.main import main; main()", "serve", "--no-http",
        "--host", place.address, "--port", str(GATEWAY_PORT),
        "--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1]), *arguments,
        log=folder / "gateway.log",
        environment={"WSMEDIA_TOKEN_KEY": key},
    )  # fmt: skip


def relay(place: Place, certificate: tuple[Path, Path], folder: Path) -> Running:
    """The naive carrier's middle."""
    return server(
        place, "listening",
        sys.executable, "-m", "benchmarks.latency.relay", place.address, str(RELAY_PORT), *map(str, certificate),
        log=folder / "relay.log",
    )  # fmt: skip


def turn(place: Place, certificate: tuple[Path, Path], folder: Path) -> Running:
    """Coturn, as it comes."""
    return server(
        place, "Total General servers",
        "turnserver", "-n", "--log-file=stdout", "--no-cli", "--no-multicast-peers",
        "--lt-cred-mech", f"--user={TURN_USER}:{TURN_PASSWORD}", "--realm=bench",
        f"--listening-ip={place.address}", f"--relay-ip={place.address}",
        f"--listening-port={TURN_PORT}", f"--tls-listening-port={TURN_TLS_PORT}",
        f"--cert={certificate[0]}", f"--pkey={certificate[1]}",
        f"--pidfile={folder / 'turnserver.pid'}", f"--userdb={folder / 'turnserver.sqlite'}",
        log=folder / "turnserver.log",
    )  # fmt: skip


@contextlib.asynccontextmanager
async def chromium(playwright: Playwright, place: Place, folder: Path) -> AsyncIterator[Browser]:
    """A Chromium of its own in a place; Playwright speaks to it through a pipe, so it need not be there too."""
    assert CHROMIUM is not None
    program = folder / f"chromium-{place.address}"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(place.command(CHROMIUM))} "$@"\n')
    program.chmod(0o755)
    running = await playwright.chromium.launch(executable_path=program, args=_BROWSER_FLAGS)
    try:
        yield running
    finally:
        await running.close()
