"""A self-signed certificate, made at first start, so that HTTPS works before anybody has thought of certificates."""

from __future__ import annotations

import ipaddress
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wsmedia.app.config import ConfigError

_VALID = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=14)


def ensure_certificate(state_dir: Path, hosts: tuple[str, ...]) -> tuple[Path, Path]:
    """The gateway's own certificate and key; made when missing, nearly expired or made for other hosts.

    Args:
        state_dir: made when missing, readable by its owner only.
        hosts: names and addresses that the certificate shall hold besides localhost's.
    Returns:
        Paths of certificate and key, PEM.
    Raises:
        ConfigError: the directory cannot be written.
    """
    certificate_path, key_path = state_dir / "self-signed.crt", state_dir / "self-signed.key"
    names = {"localhost", "127.0.0.1", "::1", socket.gethostname() or "localhost", *hosts} - {"0.0.0.0", "::", ""}  # noqa: S104
    try:
        if _is_usable(certificate_path, key_path, names):
            return certificate_path, key_path
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        certificate, key = _make(sorted(names))
        _write_private(key_path, key)
        _write_private(certificate_path, certificate)
    except OSError as error:
        raise ConfigError(f"state_dir: expected a directory that can be written, but {error}") from error
    return certificate_path, key_path


def _is_usable(certificate_path: Path, key_path: Path, names: set[str]) -> bool:
    if not (certificate_path.is_file() and key_path.is_file()):
        return False
    try:
        certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, x509.ExtensionNotFound):
        return False
    present = set(held.get_values_for_type(x509.DNSName))
    present |= {str(address) for address in held.get_values_for_type(x509.IPAddress)}
    return (
        certificate.not_valid_after_utc - datetime.now(UTC) > _RENEW_BEFORE
        and certificate.public_key() == key.public_key()
        and names <= present
    )


def _make(names: list[str]) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wsmedia self-signed")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write_private(path: Path, data: bytes) -> None:
    """Write so that nobody else can read it and no reader ever sees half of it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(path)
