"""Networks whose only way out is a proxy that the browser is told of: squid, tinyproxy, privoxy, mitmproxy.

Nothing is forwarded; the proxy runs in the middle on port 3128. Those that open TLS make certificates of the tests'
authority, which the browser trusts, as a company's computers trust the company's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from tests.reach import places
from tests.reach.firewalls import forward
from tests.reach.places import MIDDLE
from tests.reach.route import Route
from tests.reach.site import Site
from tests.support import squid as squids

PORT = 3128
CERTIFICATE_MAKER = Path("/usr/lib/squid/security_file_certgen")
_AS = "proxy"
"""The user whom squid changes to."""


def _route(**credentials: str) -> Route:
    return Route(proxy=f"http://{MIDDLE}:{PORT}", **credentials)


@contextlib.contextmanager
def _own_folder(site: Site) -> Iterator[Path]:
    """A folder that the proxies' own user may write."""
    with tempfile.TemporaryDirectory(dir=site.folder) as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@contextlib.asynccontextmanager
async def _squid(site: Site, *lines: str) -> AsyncIterator[None]:
    site.places.apply(forward(""))
    with _own_folder(site) as folder:
        command = squids.command(folder, f"{MIDDLE}:{PORT}", lines)
        async with places.program(site.places.middle, *command, listens=(MIDDLE, PORT)):
            yield


@contextlib.asynccontextmanager
async def squid(site: Site) -> AsyncIterator[Route]:
    """A proxy that connects to any port."""
    async with _squid(site):
        yield _route()


@contextlib.asynccontextmanager
async def squid_with_password(site: Site) -> AsyncIterator[Route]:
    """A company's proxy: who are you, and HTTPS only."""
    only_443 = ("acl tls port 443", "http_access deny CONNECT !tls")
    async with _squid(site, *only_443, *squids.password_lines(site.folder)):
        yield _route(user=squids.USER, password=squids.PASSWORD)


def _stores(site: Site, folder: Path) -> tuple[Path, Path]:
    """Where squid's certificates go, and the authority that it makes them by; both belong to its user."""
    store, bundle = folder / "certificates", folder / "authority.pem"
    subprocess.run([CERTIFICATE_MAKER, "-c", "-s", store, "-M", "4MB"], check=True, capture_output=True)
    shutil.copy(site.authority.bundle, bundle)
    for path in (bundle, store, *store.rglob("*")):
        shutil.chown(path, _AS)
    return store, bundle


@contextlib.asynccontextmanager
async def squid_opens_tls(site: Site) -> AsyncIterator[Route]:
    """Reads all that HTTPS carries; as it comes it does not know of Upgrade."""
    with _own_folder(site) as folder:
        store, bundle = _stores(site, folder)
        lines = (
            f"http_port {MIDDLE}:{PORT} ssl-bump tls-cert={bundle} generate-host-certificates=on",
            f"sslcrtd_program {CERTIFICATE_MAKER} -s {store} -M 4MB",
            "sslcrtd_children 2 startup=1 idle=1",
            # Look at the gateway's certificate first, and make one of the same names.
            "acl hello at_step SslBump1",
            "acl certificate at_step SslBump2",
            "ssl_bump peek hello",
            "ssl_bump stare certificate",
            "ssl_bump bump all",
            f"tls_outgoing_options cafile={site.authority.certificate}",
        )
        async with _squid(site, *lines):
            yield _route()


@contextlib.asynccontextmanager
async def mitmproxy(site: Site) -> AsyncIterator[Route]:
    """Reads all that HTTPS carries, WebSockets too, and holds answers until it has them whole."""
    site.places.apply(forward(""))
    with _own_folder(site) as folder:
        shutil.copy(site.authority.bundle, folder / "mitmproxy-ca.pem")
        command = ("mitmdump", "-q", "--listen-host", MIDDLE, "-p", str(PORT), "--set", f"confdir={folder}",
                   "--set", f"ssl_verify_upstream_trusted_ca={site.authority.certificate}")  # fmt: skip
        # It runs on the system's Python, and must not find our packages.
        clean = {name: "" for name in ("PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
        async with places.program(site.places.middle, *command, listens=(MIDDLE, PORT), environment=clean):
            yield _route()


@contextlib.asynccontextmanager
async def tinyproxy(site: Site) -> AsyncIterator[Route]:
    """Tinyproxy with the CONNECT ports that its packages allow."""
    site.places.apply(forward(""))
    with _own_folder(site) as folder:
        configuration = folder / "tinyproxy.conf"
        limits = "Timeout 600\nMaxClients 100\nConnectPort 443\nConnectPort 563\n"
        configuration.write_text(f"Port {PORT}\nListen {MIDDLE}\nLogLevel Error\n{limits}")
        command = ("tinyproxy", "-d", "-c", str(configuration))
        async with places.program(site.places.middle, *command, listens=(MIDDLE, PORT)):
            yield _route()


@contextlib.asynccontextmanager
async def privoxy(site: Site) -> AsyncIterator[Route]:
    """Privoxy, CONNECT to port 443 only."""
    site.places.apply(forward(""))
    with _own_folder(site) as folder:
        actions = folder / "own.action"
        actions.write_text("{ +limit-connect{443} }\n/\n")
        configuration = folder / "config"
        configuration.write_text(
            f"listen-address {MIDDLE}:{PORT}\nconfdir {folder}\nlogdir {folder}\nactionsfile {actions.name}\n"
            "toggle 1\nsocket-timeout 300\nkeep-alive-timeout 5\n"
        )
        command = ("privoxy", "--no-daemon", str(configuration))
        async with places.program(site.places.middle, *command, listens=(MIDDLE, PORT)):
            yield _route()
