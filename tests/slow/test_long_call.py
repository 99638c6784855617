"""A long call through a real Janus: the gateway's memory stays flat and the last minute looks like the first.

Minutes long, so marked slow; ``LONG_CALL_SECONDS`` sets another length than ten minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.clip import Clip
from tests.support.clip_files import write_container
from tests.support.clip_readers import decode_file
from tests.support.janus_room import running_janus

SECONDS = float(os.environ.get("LONG_CALL_SECONDS", "600"))
WARM_UP = 0.25  # part of the call after which memory is first looked at
MAX_GROWTH_KB = 6_000
HTTP_PORT = 8080


@contextmanager
def wsmedia(*arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A wsmedia command in the background, ended by its own Ctrl-C."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "wsmedia", *arguments], stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


def resident_kb(process: subprocess.Popen[bytes]) -> int:
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("the gateway has ended")


def await_gateway(log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{HTTP_PORT}/healthz", timeout=2).close()
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            threading.Event().wait(0.05)  # nothing tells when a port opens: ask again
        else:
            return


@pytest.mark.slow
@pytest.mark.interop
@pytest.mark.timeout(SECONDS + 180)
def test_a_long_call_through_janus_keeps_memory_flat_and_the_picture_moving(tmp_path: Path) -> None:
    clip = write_container(Clip(width=640, height=360, seconds=8), tmp_path / "clip.mp4")
    url = f"http://127.0.0.1:{HTTP_PORT}"
    janus_folder = tmp_path / "janus"
    janus_folder.mkdir()
    with ExitStack() as stack:
        janus = stack.enter_context(running_janus(janus_folder))
        serve_log = tmp_path / "serve.log"
        serve = ["serve", "--no-https", "--http-port", str(HTTP_PORT), "--adapter", "janus", "--janus-url", janus.url]
        gateway = stack.enter_context(wsmedia(*serve, log=serve_log))
        await_gateway(serve_log)
        publish = ["publish", str(clip), "--url", url, "--room", "1234", "--name", "Clip", "--loop"]
        stack.enter_context(wsmedia(*publish, log=tmp_path / "publish.log"))
        record_log = tmp_path / "record.log"
        record = ["record", "--url", url, "--room", "1234", "--duration", str(SECONDS), "--output", str(tmp_path)]
        recorder = stack.enter_context(wsmedia(*record, log=record_log))

        with pytest.raises(subprocess.TimeoutExpired):
            recorder.wait(SECONDS * WARM_UP)
        warm_kb = resident_kb(gateway)
        with pytest.raises(subprocess.TimeoutExpired):
            recorder.wait(SECONDS * (1 - WARM_UP) - 2)
        final_kb = resident_kb(gateway)
        assert recorder.wait(60) == 0, record_log.read_text()

    print(f"gateway: {warm_kb} kB resident after {SECONDS * WARM_UP:.0f} s, {final_kb} kB after {SECONDS:.0f} s")
    assert final_kb - warm_kb < MAX_GROWTH_KB
    decoded = decode_file(tmp_path / "Clip.mkv")
    last_minute = [code for at, code in decoded.time_codes() if at > decoded.pictures[-1][0] - 60]
    assert decoded.pictures[-1][0] > SECONDS - 10
    assert len(last_minute) > 0.95 * 30 * min(60, SECONDS - 10)
    assert sum(code is None for code in last_minute) < 0.01 * len(last_minute)
