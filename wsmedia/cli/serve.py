"""``wsmedia serve``: runs the gateway until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from pathlib import Path
from typing import Any

import typer

from wsmedia.app.config import ConfigError, load_settings
from wsmedia.app.server import Gateway, StartError
from wsmedia.app.settings import Settings
from wsmedia.auth import is_loopback_address


def serve(config: Path | None, flags: dict[str, Any]) -> None:
    """Serve the call page and carry media between browsers and an SFU.

    Without options it opens https://localhost:8443/ (the certificate is made at first start) and http://localhost:8080/
    for this machine only, and is its own SFU. Serving others takes --host and a token key.

    Every option may be given in the environment instead (WSMEDIA_PORT=8443) or in a TOML file (port = 8443).
    """
    try:
        settings = load_settings(flags, config)
    except ConfigError as error:
        typer.echo(f"wsmedia: {error}", err=True)
        raise typer.Exit(2) from None
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # What these libraries think worth mentioning is routine here, and some of it names addresses.
    for library in ("uvicorn", "aioice", "aiortc", "websockets", "httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        _run(settings)
    except ConfigError as error:
        typer.echo(f"wsmedia: {error}", err=True)
        raise typer.Exit(2) from None
    except StartError as error:
        typer.echo(f"wsmedia: {error}", err=True)
        raise typer.Exit(1) from None


def _run(settings: Settings) -> None:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        asyncio.run(_serve(settings))
    else:
        uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    gateway = Gateway(settings)
    await gateway.start()
    # What start-up made stays for good: looking through it again at every collection would only delay frames.
    gc.collect()
    gc.freeze()
    typer.echo(_greeting(settings, gateway))
    await stop.wait()
    typer.echo("Stopping …")
    # A second signal is not waited for: the process ends as it would by itself.
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)
    await gateway.stop()


def _greeting(settings: Settings, gateway: Gateway) -> str:
    lines = ["wsmedia is ready. Open one of these in a browser:", ""]
    for listener in gateway.listeners:
        note = "the browser asks once about the self-signed certificate" if listener.self_signed else ""
        if listener.scheme == "http" and not is_loopback_address(listener.host):
            note = "without TLS: only for a proxy that ends it"
        elif listener.scheme == "http":
            note = "on this machine, without a certificate"
        lines.append(f"  {listener.url:<28} {note}".rstrip())
    lines.append("")
    if settings.loopback_only:
        lines.append("No token keys are configured, so only this machine is served.")
    if settings.adapter == "janus":
        lines.append(f"Rooms are those of Janus at {settings.janus_url}.")
    lines.append("Press Ctrl+C to stop.")
    return "\n".join(lines)
