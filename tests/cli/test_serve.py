"""``wsmedia serve`` and ``wsmedia token`` as people run them: processes, exit codes, plain words."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wsmedia.auth import Grant, TokenVerifier

WSMEDIA = [sys.executable, "-c", "from wsmedia.cli.main import main; main()"]
KEY = "k" * 32


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WSMEDIA_")}
    return {**clean, "XDG_STATE_HOME": str(tmp_path), "COLUMNS": "200", **more}


def run(tmp_path: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [*WSMEDIA, *arguments]
    return subprocess.run(
        command, env=environment(tmp_path, **more), capture_output=True, text=True, timeout=30, check=False
    )


@contextmanager
def serving(tmp_path: Path, *arguments: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The process, and the lines that it printed until it was ready."""
    process = subprocess.Popen(
        [*WSMEDIA, "serve", *arguments],
        env=environment(tmp_path, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        while not lines or "Ctrl+C" not in lines[-1]:
            line = process.stdout.readline()
            assert line, process.communicate()
            lines.append(line)
        yield process, lines
    finally:
        process.kill()
        process.communicate()


def test_it_prints_what_to_open_and_ends_quietly(tmp_path: Path) -> None:
    with serving(tmp_path, "--port", "0", "--http-port", "0") as (process, lines):
        urls = re.findall(r"https?://\S+", "".join(lines))
        assert [url.split(":")[0] for url in urls] == ["https", "http"]
        assert "only this machine" in "".join(lines)
        with urllib.request.urlopen(f"{urls[1]}healthz", timeout=10) as response:
            assert response.read() == b"ok\n"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
        assert process.returncode == 0
        assert errors == ""
    assert (tmp_path / "wsmedia" / "self-signed.crt").is_file()


def test_the_environment_and_a_file_will_do(tmp_path: Path) -> None:
    file = tmp_path / "wsmedia.toml"
    file.write_text("https = false\n")
    with serving(tmp_path, "--config", str(file), WSMEDIA_HTTP_PORT="0") as (_, lines):
        assert len(re.findall(r"https?://\S+", "".join(lines))) == 1


@pytest.mark.parametrize(
    ("arguments", "more", "words"),
    [
        (["--port", "x"], {}, "port (from --port): expected a valid integer"),
        ([], {"WSMEDIA_ADAPTER": "jitsi"}, "adapter (from WSMEDIA_ADAPTER): expected 'embedded' or 'janus'"),
        (["--host", "0.0.0.0"], {}, "this machine only"),
        (["--config", "/nowhere.toml"], {}, "/nowhere.toml does not exist"),
    ],
)
def test_a_wrong_setting(tmp_path: Path, arguments: list[str], more: dict[str, str], words: str) -> None:
    result = run(tmp_path, "serve", *arguments, **more)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run(tmp_path, "serve", "--port", "0", "--http-port", str(port))
    assert result.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use" in result.stderr
    assert "--http-port" in result.stderr
    assert "Traceback" not in result.stderr


def test_token(tmp_path: Path) -> None:
    result = run(tmp_path, "token", "--room", "r", "--no-publish", "--expires", "2h", WSMEDIA_TOKEN_KEY=KEY)
    verifier = TokenVerifier([KEY])
    assert verifier.verify(result.stdout.strip(), "r", time.time() + 7000) == Grant(publish=False)
    keyless = run(tmp_path, "token", "--room", "r")
    assert keyless.returncode == 2
    assert "token_key" in keyless.stderr
    strange = run(tmp_path, "token", "--room", "r", "--expires", "soon", WSMEDIA_TOKEN_KEY=KEY)
    assert strange.returncode == 2
    assert "1h" in strange.stderr


def test_help_shows_every_setting(tmp_path: Path) -> None:
    shown = run(tmp_path, "serve", "--help").stdout
    for option in ("--host", "--http-port", "--token-key", "--adapter", "--janus-url", "--max-sessions", "--config"):
        assert option in shown
    assert run(tmp_path, "version").stdout.strip()
