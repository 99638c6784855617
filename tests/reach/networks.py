"""The rows of the matrix: networks, each with what it lets through and what must get through it.

``NETWORKS`` is the table. A network is set up by a context manager that is given the ``Site`` and says how the client
reaches it; ``firewalls``, ``explicit_proxies`` and ``reverse_proxies`` have them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.reach import explicit_proxies, firewalls, reverse_proxies
from tests.reach.route import Route
from tests.reach.site import Site
from tests.reach.ways import HTTP_WAYS, HTTPS_WAYS, POLL_WAYS, RELAYED_BY_TCP, TLS_WAYS, WAYS


@dataclass(frozen=True)
class Network:
    """One row.

    Attributes:
        name: for test ids.
        title: for people.
        set_up: makes it so, and says how the client gets to the gateway.
        passes: names of the ways (columns) on which media must come through; on the others none may.
        needs: programs, as ``squid`` or an absolute path, with the Debian package that has them.
        lasts: seconds for which a call is watched after it began, for networks that do their worst later.
    """

    name: str
    title: str
    set_up: Callable[[Site], AbstractAsyncContextManager[Route]]
    passes: frozenset[str]
    needs: tuple[tuple[str, str], ...] = ()
    lasts: float = 0.0

    def unavailable_reason(self) -> str | None:
        """What is missing for it, in words for ``pytest.skip``; None if nothing is."""
        for program, package in self.needs:
            if not (shutil.which(program) or Path(program).exists()):
                return f"needs {Path(program).name} (apt-get install {package})"
        return None


_ALL = frozenset(way.name for way in WAYS)
_SQUID = (("squid", "squid"),)
_BUMPING_SQUID = (("squid", "squid-openssl"), (str(explicit_proxies.CERTIFICATE_MAKER), "squid-openssl"))
_NGINX = (("nginx", "nginx"),)

NETWORKS = (
    Network("open", "Everything passes", firewalls.everything_passes, _ALL),
    Network("no-udp", "UDP blocked", firewalls.no_udp, RELAYED_BY_TCP | HTTPS_WAYS),
    Network("443-and-53", "Only ports 443 and 53", firewalls.only_443_and_53, TLS_WAYS | HTTPS_WAYS),
    Network("no-webrtc", "STUN, TURN, DTLS recognised on any port", firewalls.no_webrtc, TLS_WAYS | HTTPS_WAYS),
    Network("squid", "Only a proxy (squid)", explicit_proxies.squid, RELAYED_BY_TCP | HTTPS_WAYS, _SQUID),
    Network("squid-auth", "Only a proxy with a password, CONNECT to 443 only (squid)",
            explicit_proxies.squid_with_password, TLS_WAYS | HTTPS_WAYS, _SQUID),
    Network("squid-bump", "Only a proxy that opens TLS (squid)", explicit_proxies.squid_opens_tls,
            HTTP_WAYS, _BUMPING_SQUID),
    Network("mitmproxy", "Only a proxy that opens TLS (mitmproxy)", explicit_proxies.mitmproxy,
            HTTPS_WAYS - {"http-stream"}, (("mitmdump", "mitmproxy"),)),
    Network("tinyproxy", "Only a proxy (tinyproxy)", explicit_proxies.tinyproxy, TLS_WAYS | HTTPS_WAYS,
            (("tinyproxy", "tinyproxy"),)),
    Network("privoxy", "Only a proxy (privoxy)", explicit_proxies.privoxy, TLS_WAYS | HTTPS_WAYS,
            (("privoxy", "privoxy"),)),
    Network("nginx", "Only a reverse proxy that drops Upgrade and buffers (nginx as it comes)",
            reverse_proxies.nginx_as_it_comes, HTTP_WAYS, _NGINX),
    Network("nginx-64k", "The same, and no request of more than 64 kB", reverse_proxies.nginx_small_requests,
            HTTP_WAYS, _NGINX),
    Network("http-1.0", "Only a reverse proxy of HTTP/1.0 that passes whole answers",
            reverse_proxies.whole_answers, POLL_WAYS),
    Network("cuts", "Connections end after 30 s of silence, and after 60 s in any case; no UDP",
            firewalls.cuts_connections, RELAYED_BY_TCP | HTTPS_WAYS, lasts=75.0),
)  # fmt: skip
