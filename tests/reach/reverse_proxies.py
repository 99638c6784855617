"""Networks where only a reverse proxy's port 443 can be reached, one that was not set up with the gateway in mind."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tests.reach import places
from tests.reach.firewalls import forward
from tests.reach.places import REVERSE_PROXY
from tests.reach.route import Route
from tests.reach.site import PLAIN_PORT, Site

_URL = f"https://{REVERSE_PROXY}/"


def only_reverse_proxy(site: Site, address: str = REVERSE_PROXY) -> None:
    """Let the client reach the reverse proxy's HTTPS and nothing else."""
    site.places.apply(forward(f"ct state established accept; ip daddr {address} tcp dport 443 accept"))


@contextlib.asynccontextmanager
async def _nginx(site: Site, *lines: str) -> AsyncIterator[Route]:
    only_reverse_proxy(site)
    certificate, key = site.certificate
    with tempfile.TemporaryDirectory(dir=site.folder) as name:
        folder = Path(name)
        temporary = "\n".join(
            f"  {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        configuration = folder / "nginx.conf"
        configuration.write_text(f"""
user root;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
{temporary}
  access_log off;
  server {{
    listen {REVERSE_PROXY}:443 ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    {" ".join(lines)}
    location / {{ proxy_pass http://127.0.0.1:{PLAIN_PORT}; }}
  }}
}}
""")
        command = ("nginx", "-e", str(folder / "error.log"), "-c", str(configuration))
        async with places.program(site.places.servers, *command, listens=(REVERSE_PROXY, 443)):
            yield Route(_URL)


@contextlib.asynccontextmanager
async def nginx_as_it_comes(site: Site) -> AsyncIterator[Route]:
    """Nothing but ``proxy_pass``: HTTP/1.0 to the gateway, Upgrade dropped, answers buffered."""
    async with _nginx(site) as route:
        yield route


@contextlib.asynccontextmanager
async def nginx_small_requests(site: Site) -> AsyncIterator[Route]:
    """The same, which refuses (413) bodies of more than 64 kB."""
    async with _nginx(site, "client_max_body_size 64k;") as route:
        yield route


@contextlib.asynccontextmanager
async def whole_answers(site: Site) -> AsyncIterator[Route]:
    """HTTP/1.0 with whole answers only; see ``boxes.whole_answers``."""
    only_reverse_proxy(site)
    certificate, key = site.certificate
    command = [sys.executable, "-m", "tests.reach.boxes.whole_answers", REVERSE_PROXY, "443"]
    arguments = [str(certificate), str(key), str(PLAIN_PORT)]
    async with places.program(site.places.servers, *command, *arguments, listens=(REVERSE_PROXY, 443)):
        yield Route(_URL)
