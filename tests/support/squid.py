"""A squid of a test's own: its configuration, and a user whom it knows.

Tests of networks run it in a namespace of theirs, tests of the Python client beside a gateway.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

USER, PASSWORD = "alice", "it's: a/secret@work"
CREDENTIALS = f"{USER}:{quote(PASSWORD, safe='')}"
"""As they stand in a URL."""

_PASSWORD_CHECKER = "/usr/lib/squid/basic_ncsa_auth"


def open_folder(folder: Path) -> Path:
    """Make it one that squid's own user may write; gives it back."""
    folder.chmod(0o777)
    return folder


def command(folder: Path, listen: str, lines: Sequence[str] = (), log: Path | None = None) -> list[str]:
    """Write a configuration, and give the command line that runs squid by it in the foreground.

    Args:
        folder: for its files; anybody may write there, for squid changes to a user of its own.
        listen: ``address:port``, unless one of the lines is ``http_port``.
        lines: of configuration, before the one that lets everybody do everything else.
        log: where it says who was connected to what.
    """
    ports = [] if any(line.startswith("http_port") for line in lines) else [f"http_port {listen}"]
    text = [
        *lines,
        *ports,
        "http_access allow all",
        "cache deny all",
        "cache_mem 1 MB",
        "max_filedescriptors 1024",
        "pinger_enable off",
        "shutdown_lifetime 0 seconds",
        "pid_filename none",
        f"access_log {'none' if log is None else f'stdio:{log}'}",
        f"cache_log {folder}/cache.log",
        f"coredump_dir {folder}",
        f"visible_hostname {listen.partition(':')[0]}",
    ]
    configuration = folder / "squid.conf"
    configuration.write_text("\n".join(text) + "\n")
    return ["squid", "-N", "-f", str(configuration)]


def password_lines(folder: Path) -> tuple[str, ...]:
    """Configuration that lets in ``USER`` with ``PASSWORD`` alone (Basic), and tells the log who it was."""
    made = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True)
    passwords = folder / "passwords"
    passwords.write_text(f"{USER}:{made.stdout.strip()}\n")
    passwords.chmod(0o644)
    return (
        f"auth_param basic program {_PASSWORD_CHECKER} {passwords}",
        "auth_param basic realm a company",
        "acl known proxy_auth REQUIRED",
        "http_access deny !known",
    )
