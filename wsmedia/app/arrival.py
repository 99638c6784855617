"""How a request arrived at the gateway: what only the server can see of the way. Used by the network check."""

from __future__ import annotations

import re
import ssl
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from starlette.requests import HTTPConnection

from wsmedia.transport.http import carrier_under

_MAX_HEADERS = 64
_MAX_VALUE = 256
_HIDDEN = "…"
# Secrets, and addresses of people: that they came is enough.
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "x-forwarded-for", "x-real-ip", "forwarded"})

_BROWSERS = ("Chrome/", "Firefox/", "Safari/")
# Suites that browsers have given up: finite-field Diffie-Hellman, and CBC with SHA-2. OpenSSL, and what is built on it,
# still offers them.
_PROGRAMS_SUITE = re.compile(r"DHE-.*|ECDHE-(ECDSA|RSA)-AES(128|256)-SHA(256|384)")


@dataclass(frozen=True, slots=True)
class Certificate:
    """The gateway's own certificate; clients compare it with the one that they were shown.

    Attributes:
        sha256: the fingerprint, 64 lower-case hexadecimal digits.
        issuer: who signed it, for people.
        self_signed: whether nobody but itself did.
    """

    sha256: str
    issuer: str
    self_signed: bool

    @classmethod
    def read(cls, path: Path) -> Certificate:
        """The first certificate of a PEM file.

        Raises:
            ValueError: there is none in it.
        """
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = [
            attribute.value
            for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
            for attribute in certificate.issuer.get_attributes_for_oid(oid)
        ]
        return cls(
            sha256=certificate.fingerprint(hashes.SHA256()).hex(),
            issuer=", ".join(str(name) for name in names),
            self_signed=certificate.issuer == certificate.subject,
        )


def describe_arrival(request: HTTPConnection, certificate: Certificate | None) -> dict[str, Any]:
    """A request as it arrived, for JSON.

    Args:
        request: the request.
        certificate: of the gateway's HTTPS listener; None if it has none.
    Returns:
        ``http_version``, ``scheme``, ``headers`` (pairs, in order; secrets and addresses hidden), ``tls`` (None when a
        proxy of the operator's ended it), ``certificate`` (None when the gateway has none of its own).
    """
    headers = [
        [name, _HIDDEN if name in _SECRET else value[:_MAX_VALUE]]
        for name, value in request.headers.items()[:_MAX_HEADERS]
    ]
    return {
        "http_version": request.scope.get("http_version", "1.1"),
        "scheme": request.url.scheme,
        "headers": headers,
        "tls": _tls(request),
        "certificate": asdict(certificate) if certificate is not None else None,
    }


def _tls(request: HTTPConnection) -> dict[str, Any] | None:
    """What is known of the TLS connection that the request came on.

    ``client`` says whether the one who began it can be the browser that the User-Agent names: ``browser``, ``program``
    (something else ended the browser's TLS on the way), or ``unknown`` where the request is no browser's. It is told by
    the suites that were offered, which is what OpenSSL shows of the ClientHello: only those that our own side knows and
    in our order, neither the extensions nor theirs. So not every such program is found out.
    """
    if request.scope["type"] != "http":
        return None  # a WebSocket's connection is another class's, and its handshake tells nothing more
    encrypted: ssl.SSLObject | None = carrier_under(request.scope).transport.get_extra_info("ssl_object")
    if encrypted is None:
        return None
    offered = [name for name, _, _ in encrypted.shared_ciphers() or ()]
    cipher = encrypted.cipher()
    return {
        "version": encrypted.version(),
        "cipher": cipher[0] if cipher is not None else None,
        "client": client_kind(request.headers.get("user-agent", ""), offered),
    }


def client_kind(user_agent: str, offered: list[str]) -> str:
    """Whether a ClientHello fits the browser that a User-Agent names; see ``_tls``.

    Args:
        user_agent: the header's value.
        offered: those of its suites that our side knows, by OpenSSL's names.
    """
    if not user_agent.startswith("Mozilla/5.0") or not any(name in user_agent for name in _BROWSERS) or not offered:
        return "unknown"
    return "program" if any(_PROGRAMS_SUITE.fullmatch(suite) for suite in offered) else "browser"
