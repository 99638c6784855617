"""A real Janus (Debian's package) inside a network namespace, with a configuration of the test's own.

Only the VideoRoom plugin and the WebSocket transport are loaded. Used by the interop tests and by benchmarks.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.support import netns

START_DEADLINE_S = 20.0


def unavailable_reason() -> str | None:
    """Why Janus cannot be started here, in words for ``pytest.skip``; None if it can."""
    if shutil.which("janus") is None or _library("plugins", "videoroom") is None:
        return "needs Janus (apt-get install janus)"
    return netns.unavailable_reason()


def _library(folder: str, name: str) -> Path | None:
    found = sorted(Path("/usr/lib").glob(f"*/janus/{folder}/libjanus_{name}.so"))
    return found[0] if found else None


@dataclass(frozen=True)
class Room:
    """One VideoRoom as the configuration file has it."""

    room_id: int | str = 1234
    video_codec: str = "h264"
    pin: str | None = None
    bitrate_bps: int = 2_000_000
    publishers: int = 8
    notify_joining: bool = True

    def text(self) -> str:
        """The room's section of ``janus.plugin.videoroom.jcfg``."""
        pin = f"pin = {json.dumps(self.pin)}" if self.pin is not None else ""
        return f"""
room-{self.room_id}: {{
  description = "test"
  audiocodec = "opus"
  videocodec = "{self.video_codec}"
  bitrate = {self.bitrate_bps}
  publishers = {self.publishers}
  notify_joining = {json.dumps(self.notify_joining)}
  fir_freq = 0
  {pin}
}}
"""


class Janus:
    """One Janus process; ``start`` and ``kill`` may alternate, the ports and the certificate stay.

    Args:
        namespace: where it runs. ``start`` is called with the namespace entered.
        folder: an empty folder for configuration, certificate and log.
        certificate: ``ecdsa`` or ``rsa``: the key of the DTLS certificate.
        string_ids: room and participant ids are strings.
    """

    port = 8188

    def __init__(
        self,
        namespace: netns.NetworkNamespace,
        folder: Path,
        rooms: Sequence[Room] = (Room(),),
        *,
        certificate: str = "ecdsa",
        string_ids: bool = False,
    ) -> None:
        self.url = f"ws://{namespace.address}:{self.port}"
        self.log = folder / "janus.log"
        self._namespace = namespace
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        _write_certificate(folder, certificate)
        self._write_configuration(rooms, string_ids)

    def _write_configuration(self, rooms: Sequence[Room], string_ids: bool) -> None:
        folder = self._folder
        for kind, name in (("plugins", "videoroom"), ("transports", "websockets"), ("events", ""), ("loggers", "")):
            (folder / kind).mkdir()
            if name:
                library = _library(kind, name)
                assert library is not None, f"Janus lacks {name}"
                (folder / kind / library.name).symlink_to(library)
        (folder / "janus.jcfg").write_text(f"""
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{folder}/plugins"
  transports_folder = "{folder}/transports"
  events_folder = "{folder}/events"
  loggers_folder = "{folder}/loggers"
  log_to_stdout = false
  log_to_file = "{self.log}"
  debug_level = 5
  debug_timestamps = true
}}
certificates: {{
  cert_pem = "{folder}/certificate.pem"
  cert_key = "{folder}/key.pem"
}}
media: {{
  rtp_port_range = "20000-29999"
}}
nat: {{
  ice_enforce_list = "{self._namespace.interface}"
  ice_lite = false
  ice_tcp = false
  full_trickle = false
}}
""")
        (folder / "janus.transport.websockets.jcfg").write_text(f"""
general: {{
  json = "compact"
  ws = true
  ws_port = {self.port}
  ws_ip = "{self._namespace.address}"
  wss = false
}}
""")
        (folder / "janus.plugin.videoroom.jcfg").write_text(
            f"general: {{ string_ids = {json.dumps(string_ids)} }}\n" + "".join(room.text() for room in rooms)
        )

    def start(self) -> None:
        """Start the process and wait until its WebSocket port answers.

        Raises:
            RuntimeError: it ended or did not answer in time; the message holds the end of its log.
        """
        assert self._process is None, "running already"
        self._process = subprocess.Popen(
            # Whatever ends the tests ends Janus too.
            ["setpriv", "--pdeathsig", "KILL", "janus", "-F", self._folder, "-C", self._folder / "janus.jcfg"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_DEADLINE_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection((self._namespace.address, self.port), 1):
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Janus does not answer:\n{self.log_tail()}")
            time.sleep(0.02)  # nothing tells when a port opens: ask again

    def kill(self) -> None:
        """End the process the hard way, as a crash would; harmless when it does not run."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Kill, then start."""
        self.kill()
        self.start()

    def log_tail(self, lines: int = 40) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


def _write_certificate(folder: Path, kind: str) -> None:
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ecdsa" else rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "janus")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path = folder / "key.pem"
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    os.chmod(key_path, 0o600)
