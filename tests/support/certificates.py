"""A certificate authority of the tests' own, a server's certificate by it, and a browser user who trusts it.

The network tests use it: programs in the middle make certificates of their own there, as companies' proxies do, and a
browser that ignored certificates would not tell whether they get through.
"""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = timedelta(days=1)


def unavailable_reason() -> str | None:
    """Why no browser can be made to trust it, in words for ``pytest.skip``; None if one can."""
    return None if shutil.which("certutil") else "needs certutil (apt-get install libnss3-tools)"


class Authority:
    """Signs certificates.

    Args:
        folder: where the files go.

    Attributes:
        certificate: its own, PEM.
        bundle: certificate and key in one file, as proxies want it that make certificates themselves.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = rsa.generate_private_key(65537, 2048)
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wsmedia tests")])
        builder = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, None), True)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        self._certificate = builder.add_extension(usage, True).sign(self._key, hashes.SHA256())
        self.certificate = folder / "authority.crt"
        self.certificate.write_bytes(_pem(self._certificate))
        self.bundle = folder / "authority.pem"
        self.bundle.write_bytes(_pem(self._certificate) + _key_pem(self._key))

    def issue(self, addresses: Sequence[str]) -> tuple[Path, Path]:
        """A server's certificate for these IP addresses, and its key."""
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, addresses[0])])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(one)) for one in addresses])
        builder = self._builder(name, key).add_extension(names, False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        certificate, key_path = self._folder / "server.crt", self._folder / "server.key"
        certificate.write_bytes(_pem(builder.sign(self._key, hashes.SHA256())))
        key_path.write_bytes(_key_pem(key))
        return certificate, key_path

    def trusting_home(self) -> Path:
        """A home directory whose user's Chromium trusts what this authority signs."""
        home = self._folder / "home"
        store = home / ".pki" / "nssdb"
        store.mkdir(parents=True)
        for command in (
            ["-N", "--empty-password"],
            ["-A", "-t", "C,,", "-n", "wsmedia tests", "-i", str(self.certificate)],
        ):
            subprocess.run(["certutil", "-d", f"sql:{store}", *command], check=True, capture_output=True)
        return home

    def _builder(self, subject: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + 30 * _DAY)
        )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
