"""What stands at the far end of every network: a gateway on port 443, a coturn, certificates, and somebody in the room.

``Site`` is made once for all networks; a network (``networks``) adds what stands in between.
"""

from __future__ import annotations

import contextlib
import secrets
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
        await stack.enter_async_context(_gateway(joined, certificate, key))
        yield Site(joined, folder, authority, certificate, token)


@contextlib.contextmanager
def _readable_folder() -> Iterator[Path]:
    """Of its own, and readable for everybody: pytest's folders are not."""
    with tempfile.TemporaryDirectory(prefix="wsmedia-reach-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def _gateway(joined: Places, certificate: tuple[Path, Path], key: str) -> contextlib.AbstractAsyncContextManager[None]:
    command = [sys.executable, "-c", "from wsmedia.cli.main import main; main()", "serve"]
    return places.program(
        joined.servers,
        *command,
        *("--host", GATEWAY, "--port", "443", "--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1])),
        *("--http-host", "127.0.0.1", "--http-port", str(PLAIN_PORT), "--native-address", GATEWAY),
        # A proxy that knows nothing of us asks by its own name for the gateway.
        *("--allowed-origin", f"https://{REVERSE_PROXY}"),
        listens=(GATEWAY, 443),
        environment={"WSMEDIA_TOKEN_KEY": key},
    )
