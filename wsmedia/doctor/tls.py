"""Who signed the certificate that we are shown: it is the gateway's own, or that of a proxy that opens connections.

The gateway tells the fingerprint of its certificate; another one that no public authority has signed was put in its
place. A proxy that also rewrites what the gateway tells is not found so.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

import certifi
import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from wsmedia.doctor.site import Site
from wsmedia.findings import Check, Outcome, Result

_ECHO = "/v1/check/echo"
_MAX_NOTE = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """What we were shown.

    Attributes:
        sha256, issuer: of the certificate.
        own_sha256: what the gateway says of its own; None if it has none, or did not say.
        trusted: whether this machine trusts it.
        public: whether the public authorities that programs bring along do.
    """

    sha256: str
    issuer: str
    own_sha256: str | None
    trusted: bool
    public: bool


async def check_tls(site: Site) -> Result:
    """Look at the certificate, and compare it with what the gateway tells."""
    if not site.address.secure:
        return Result(Check.TLS, Outcome.UNTESTED, "plain")
    try:
        async with site.http() as http, http.stream("GET", _ECHO) as response:
            encrypted = response.extensions["network_stream"].get_extra_info("ssl_object")
            certificate = encrypted.getpeercert(binary_form=True)
            await response.aread()
    except (httpx.HTTPError, ssl.SSLError, OSError):
        return Result(Check.TLS, Outcome.BLOCKED, "no-answer")
    parsed = x509.load_der_x509_certificate(certificate)
    shown = Shown(
        sha256=parsed.fingerprint(hashes.SHA256()).hex(),
        issuer=issuer_of(parsed),
        own_sha256=_own(response),
        trusted=await _is_accepted(site, ssl.create_default_context()),
        public=await _is_accepted(site, ssl.create_default_context(cafile=certifi.where())),
    )
    return judge_tls(shown, insecure=site.insecure)


def judge_tls(shown: Shown, *, insecure: bool) -> Result:
    """The result. ``insecure``: the user accepts any certificate, so that one that is not trusted blocks nothing."""
    if shown.sha256 == shown.own_sha256:
        finding = "end-to-end" if shown.trusted else "self-signed"
    elif shown.public:
        finding = "public"
    elif shown.own_sha256 is None:
        finding = "private-authority" if shown.trusted else "untrusted"
    else:
        finding = "inspected" if shown.trusted else "inspected-untrusted"
    if finding in ("end-to-end", "public"):
        outcome = Outcome.WELL
    elif shown.trusted or insecure:
        outcome = Outcome.HINDERED
    else:
        outcome = Outcome.BLOCKED
    return Result(Check.TLS, outcome, finding, note=shown.issuer[:_MAX_NOTE])


def issuer_of(certificate: x509.Certificate) -> str:
    """Who signed a certificate, for people: organization and common name, as far as there are any."""
    names = [
        str(attribute.value)
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        for attribute in certificate.issuer.get_attributes_for_oid(oid)
    ]
    printable = "".join(letter for letter in ", ".join(dict.fromkeys(names)) if letter.isprintable())
    return printable or "nobody who gives a name"


def _own(response: httpx.Response) -> str | None:
    try:
        told: Any = response.json()
        own = told["certificate"]["sha256"]
    except (ValueError, KeyError, TypeError):
        return None
    return own if isinstance(own, str) else None


async def _is_accepted(site: Site, context: ssl.SSLContext) -> bool:
    try:
        async with site.http(verify=context) as http:
            await http.get(_ECHO)
    except (httpx.HTTPError, ssl.SSLError, OSError):
        return False
    return True
