"""Two network namespaces with a bad link between them: ``with Link(LinkConfig(...)) as link``.

Benchmarks and tests run programs at its ends. ``forwarder``, a process of its own, carries the packets; it ends with
the process that made the link, however that ends.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.link.model import Bursts, ConditionError, Way
from benchmarks.link.namespaces import LinkError, Place
from benchmarks.link.orders import LARGEST_ORDER

_CLIENT, _SERVER = "10.77.0.1", "10.77.0.2"
_ANSWER_SECONDS = 10.0
_END_SECONDS = 5.0


@dataclass(frozen=True)
class Step:
    """What a link becomes so many seconds after it began; a direction that is None stays as it is."""

    at_seconds: float
    up: Way | None = None
    down: Way | None = None


@dataclass(frozen=True)
class LinkConfig:
    """A link.

    Attributes:
        up: from the client to the server.
        down: from the server to the client.
        seed: of all that is left to chance.
        steps: changes that the link makes by itself.
        client_congestion_control: of TCP there, as a kernel's own default may flatter what is measured; None: keep it.
        server_congestion_control: the same.
    """

    up: Way = field(default_factory=Way)
    down: Way = field(default_factory=Way)
    seed: int = 1
    steps: tuple[Step, ...] = ()
    client_congestion_control: str | None = "cubic"
    server_congestion_control: str | None = "cubic"

    @classmethod
    def symmetric(
        cls,
        *,
        rtt_ms: float = 0.0,
        loss: float = 0.0,
        rate_mbps: float | None = None,
        jitter_ms: float = 0.0,
        bursts: Bursts | None = None,
        queue_ms: float = 200.0,
        seed: int = 1,
    ) -> LinkConfig:
        """Both directions alike.

        Args:
            rtt_ms: half of it each way.
            loss: share of packets lost each way, 0 to 1.
            jitter_ms: each way.
        """
        rate_bps = None if rate_mbps is None else rate_mbps * 1e6
        way = Way(rtt_ms / 2, jitter_ms, loss, bursts, rate_bps, queue_ms)
        return cls(way, way, seed)


class Link:
    """A link and the two places that it joins, for as long as the context lasts.

    Attributes:
        client, server: the places; they have ``address``, ``command``, ``run``, ``popen`` and ``entered``.
        config: as it began.

    Raises:
        LinkError: this machine cannot have one; says what is missing.
    """

    def __init__(self, config: LinkConfig) -> None:
        self.config = config
        self.client: Place
        self.server: Place
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def client_address(self) -> str:
        """What the server reaches the client by."""
        return self.client.address

    @property
    def server_address(self) -> str:
        """What the client reaches the server by."""
        return self.server.address

    def __enter__(self) -> Link:
        config = self.config
        self.client = Place(_CLIENT, config.client_congestion_control)
        try:
            self.server = Place(_SERVER, config.server_congestion_control)
        except BaseException:
            self.client.close()
            raise
        try:
            self._start()
            self.change(up=config.up, down=config.down)
            for step in config.steps:
                self.change(up=step.up, down=step.down, after_seconds=step.at_seconds)
        except BaseException:
            self.close()
            raise
        return self

    def _start(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(_ANSWER_SECONDS)
        given = (theirs.fileno(), self.client.device, self.server.device)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.link.forwarder", *map(str, given), str(self.config.seed)],
                cwd=Path(__file__).parents[2],
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.DEVNULL,
                pass_fds=given,
                start_new_session=True,  # an interrupt at the keyboard is for whoever made the link
            )
        self.client.release_device()
        self.server.release_device()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def change(self, *, up: Way | None = None, down: Way | None = None, after_seconds: float = 0.0) -> None:
        """Be another link from now on, or from then on; a direction that is None stays as it is.

        Raises:
            LinkError: the forwarder is gone.
        """
        ways = {name: asdict(way) for name, way in (("up", up), ("down", down)) if way is not None}
        self._order({"change": ways, "after": after_seconds})

    def statistics(self) -> dict[str, Any]:
        """What became of all packets so far, and how exact the forwarder was.

        Returns:
            ``up`` and ``down``: the fields of ``Counters``, ``refused`` (not taken by the far end), and how late
            packets were handed over, ``lateness_ms_p50``, ``_p99``, ``_max``; ``real_time``: whether the kernel gave
            the forwarder priority.
        Raises:
            LinkError: the forwarder is gone.
        """
        return self._order({"statistics": True})

    def wire_bytes(self) -> dict[str, int]:
        """Octets that entered the link so far, IP headers included, ``up`` and ``down``."""
        figures = self.statistics()
        return {name: figures[name]["octets"] for name in ("up", "down")}

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        if self._control is None:
            raise LinkError("the link is not up")
        with self._lock:
            try:
                self._control.send(json.dumps(order).encode())
                answer = self._control.recv(LARGEST_ORDER)
            except OSError as error:
                raise LinkError(f"the link's forwarder does not answer: {error}") from error
        if not answer:
            raise LinkError("the link's forwarder has ended")
        content: dict[str, Any] = json.loads(answer)
        if "error" in content:
            raise ConditionError(content["error"])
        return content

    def close(self) -> None:
        """End the link; what still runs at its ends is cut off."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self.client.close()
        self.server.close()
