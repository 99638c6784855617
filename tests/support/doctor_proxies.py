"""Real proxies in the way of a check: nginx as careless administrators set it up, mitmproxy as inspecting ones do."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

DEADLINE = 30.0


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def nginx(folder: Path, gateway: str, *lines: str, upgrades: bool = False) -> AsyncIterator[str]:
    """nginx in front of the gateway at the URL ``gateway``; gives its own URL.

    Args:
        folder: for its files.
        lines: more of its configuration.
        upgrades: whether WebSockets pass. By default nginx takes Upgrade out, and speaks HTTP/1.0 to the gateway.
    """
    port = free_port()
    _write_configuration(folder, gateway, port, *lines, upgrades=upgrades)
    command = ["nginx", "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    async with _running(command, port):
        yield f"http://127.0.0.1:{port}/"


def _write_configuration(folder: Path, gateway: str, port: int, *lines: str, upgrades: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    upgrade = (
        "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"
        " proxy_set_header Connection $connection_upgrade;"
    )
    temporary = "\n".join(
        f"  {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(f"""
user root;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
{temporary}
  map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
  server {{
    listen 127.0.0.1:{port};
    {" ".join(lines)}
    location / {{
      proxy_pass {gateway.rstrip("/")};
      proxy_set_header Host $http_host;
      {upgrade if upgrades else ""}
    }}
  }}
}}
""")


@contextlib.asynccontextmanager
async def inspecting_proxy(folder: Path, gateway: str) -> AsyncIterator[str]:
    """mitmproxy in the place of the gateway at the URL ``gateway``; gives its own URL.

    It collects answers before it passes them on, and where the gateway speaks https it shows certificates of its own.
    """
    port = free_port()
    parts = urlsplit(gateway)
    command = [
        "mitmdump",
        *("--mode", f"reverse:{parts.scheme}://{parts.hostname}:{parts.port}/"),
        *("--listen-host", "127.0.0.1", "--listen-port", str(port)),
        *("--set", f"confdir={folder}", "--set", "keep_host_header=true"),
        *("--ssl-insecure", "--quiet"),
    ]
    async with _running(command, port):
        yield f"{parts.scheme}://localhost:{port}/"


@contextlib.asynccontextmanager
async def _running(command: list[str], port: int) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(DEADLINE):
            while True:
                if process.returncode is not None:
                    raise RuntimeError(f"{command[0]} ended with status {process.returncode}")
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.02)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def missing(program: str) -> str | None:
    """Why ``program`` cannot be used here, in words for ``pytest.skip``; None if it can."""
    package = {"mitmdump": "mitmproxy"}.get(program, program)
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    return None if found else f"needs {program} (apt-get install {package})"
