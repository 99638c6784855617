"""Debian's nginx in front of a gateway, with a configuration of a test's own: the proxies that networks really have."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

DEFAULT = ""
"""What ``proxy_pass`` alone does: HTTP/1.0 to the server, responses buffered unless they ask not to be, no upgrade."""
BUFFERING = "proxy_ignore_headers X-Accel-Buffering;"
"""The same for a proxy that keeps every response back until it is complete."""
STREAMING = "proxy_http_version 1.1; proxy_buffering off;"
"""HTTP/1.1 and no buffers, but still no upgrade."""
UPGRADING = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'
"""What the documentation of WebSockets wants."""
SMALL_REQUESTS = "client_max_body_size 64k;"

_CONFIGURATION = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass {gateway}; proxy_set_header Host $http_host; {directives} }}
    }}
}}
"""


def unavailable_reason() -> str | None:
    """Why there is no nginx, in words for ``pytest.skip``."""
    return None if NGINX else "needs nginx (apt-get install nginx-light)"


@contextlib.asynccontextmanager
async def nginx(gateway: str, directory: Path, directives: str) -> AsyncIterator[str]:
    """nginx on a free port of loopback, all of whose requests go to ``gateway``; gives its address.

    Args:
        gateway: ``http://host:port/``.
        directory: for its files; made if it is not there.
        directives: of its only location, as the constants here.
    """
    assert NGINX is not None
    port = _free_port()
    configuration = _configured(directory, port, gateway, directives)
    process = await asyncio.create_subprocess_exec(
        NGINX, "-p", str(directory), "-c", str(configuration), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _listening(port, process)
        yield f"http://127.0.0.1:{port}/"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _configured(directory: Path, port: int, gateway: str, directives: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    configuration = directory / "nginx.conf"
    text = _CONFIGURATION.format(directory=directory, port=port, gateway=gateway.rstrip("/"), directives=directives)
    configuration.write_text(text)
    return configuration


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(10):
        while True:
            if process.returncode is not None:
                raise AssertionError(f"nginx ended with {process.returncode}")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.01)
