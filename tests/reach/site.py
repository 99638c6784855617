"""What stands at the far end of every network: a gateway on port 443, a coturn, certificates, and somebody in the room.

``Site`` is made once for all networks; a network (``networks``) adds what stands in between.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.reach import places
from tests.reach.places import COTURN, GATEWAY, RECIPE, REVERSE_PROXY, Places
from tests.support.certificates import Authority
from wsmedia.auth.tokens import issue_token

_Program = contextlib.AbstractAsyncContextManager[None]

PLAIN_PORT = 8080
"""The gateway's plain HTTP, on the servers' loopback, for reverse proxies there."""


@dataclass(frozen=True)
class Site:
    """The far end.

    Attributes:
        places: the namespaces.
        folder: for configurations of programs; users that these programs change to can read it.
        authority: whom the browsers trust.
        certificate: chain and key of all the servers' addresses.
        token: opens every room.
    """

    places: Places
    folder: Path
    authority: Authority
    certificate: tuple[Path, Path]
    token: str


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Site]:
    """A site, while the context lasts."""
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(_readable_folder())
        authority = Authority(folder)
        certificate = authority.issue((GATEWAY, REVERSE_PROXY, COTURN, RECIPE))
        key = secrets.token_hex(20)
        token = issue_token(key, "*", time.time() + 6 * 3600)
        joined = stack.enter_context(places.joined())
        secret = secrets.token_hex(20)
        if shutil.which("turnserver") is not None:
            await stack.enter_async_context(_coturn(joined, certificate, secret, folder))
        await stack.enter_async_context(_gateway(joined, certificate, key, secret))
        yield Site(joined, folder, authority, certificate, token)


@contextlib.contextmanager
def _readable_folder() -> Iterator[Path]:
    """Of its own, and readable for everybody: pytest's folders are not."""
    with tempfile.TemporaryDirectory(prefix="wsmedia-reach-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def _coturn(joined: Places, certificate: tuple[Path, Path], secret: str, folder: Path) -> _Program:
    """Coturn, as it comes, on its own port and with TLS on 443."""
    return places.program(
        joined.servers,
        *("turnserver", "-n", "--log-file=stdout", "--no-cli", "--use-auth-secret", f"--static-auth-secret={secret}"),
        *("--realm=reach", f"--listening-ip={COTURN}", f"--relay-ip={COTURN}", "--tls-listening-port=443"),
        *(f"--cert={certificate[0]}", f"--pkey={certificate[1]}"),
        *(f"--pidfile={folder / 'turnserver.pid'}", f"--userdb={folder / 'turnserver.sqlite'}"),
        listens=(COTURN, 443),
    )


def _gateway(joined: Places, certificate: tuple[Path, Path], key: str, secret: str) -> _Program:
    command = [sys.executable, "-c", "from wsmedia.cli.main import main; main()", "serve"]
    urls = (
        f"turn:{COTURN}:3478?transport=udp",
        f"turn:{COTURN}:3478?transport=tcp",
        f"turns:{COTURN}:443?transport=tcp",
    )
    return places.program(
        joined.servers,
        *command,
        *("--ice-server", f"{' '.join(urls)} secret={secret}"),
        *("--host", GATEWAY, "--port", "443", "--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1])),
        *("--http-host", "127.0.0.1", "--http-port", str(PLAIN_PORT), "--native-address", GATEWAY),
        # A proxy that knows nothing of us asks by its own name for the gateway.
        *("--allowed-origin", f"https://{REVERSE_PROXY}"),
        listens=(GATEWAY, 443),
        environment={"WSMEDIA_TOKEN_KEY": key},
    )
