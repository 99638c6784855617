"""Hold the virtual link's TCP against the kernel's: ``python -m benchmarks.link.beside_kernel --help``.

Each flow is a lane that writes messages of one size at a steady pace, up a link that loses at random. Kernel and
virtual connections lose different packets: only distributions are alike, and the more so the longer it runs.
"""

from __future__ import annotations

import argparse
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.link.emulator import Link, LinkConfig
from benchmarks.link.model import Way
from benchmarks.link.virtual import MESSAGE_OVERHEAD, TcpDirection, VirtualClock, VirtualTcpLink

_PORT = 5000
_STAMP = struct.Struct("!d")
_REAL_TIME_PRIORITY = 5
_VIRTUAL_TIMES_LONGER = 5
_SHARES = (0.5, 0.9, 0.95, 0.99)


class Flow(NamedTuple):
    """Messages of ``size`` octets every ``interval`` seconds."""

    size: int
    interval: float


FLOWS = (Flow(150, 0.02), Flow(1200, 0.1), Flow(1200, 0.2), Flow(2000, 1 / 30), Flow(700, 0.5))


def virtual(way: Way, seconds: float, seed: int) -> list[list[float]]:
    """Latencies of each flow's messages over virtual connections, in seconds."""
    clock = VirtualClock()
    began = clock.now
    latencies: list[list[float]] = [[] for _ in FLOWS]
    up, down = TcpDirection(way, seed=f"{seed}/up"), TcpDirection(way, seed=f"{seed}/down")

    def arrived(lane: int, _message: bytes) -> None:
        sent_at = began + len(latencies[lane]) * FLOWS[lane].interval
        latencies[lane].append(clock.now - sent_at)

    def writer(lane: int) -> Callable[[], None]:
        return lambda: up.write(lane, bytes(FLOWS[lane].size))

    VirtualTcpLink(clock, up, down, to_server=arrived, to_client=lambda _lane, _message: None)
    for lane, flow in enumerate(FLOWS):
        for number in range(int(seconds / flow.interval)):
            clock.at(began + number * flow.interval, writer(lane))
    clock.run(seconds + 10)
    return latencies


def kernel(way: Way, seconds: float, seed: int) -> list[list[float]]:
    """The same over the kernel's connections.

    Raises:
        LinkError: this machine cannot have an emulated link.
    """
    latencies: list[list[float]] = [[] for _ in FLOWS]
    with Link(LinkConfig(way, way, seed)) as link:
        with link.server.entered():
            listener = socket.create_server((link.server_address, _PORT))
        threads: list[threading.Thread] = []
        for flow, taken in zip(FLOWS, latencies, strict=True):
            with link.client.entered():
                near = socket.create_connection((link.server_address, _PORT))
            far, _ = listener.accept()
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threads += [
                threading.Thread(target=_write, args=(near, flow, seconds)),
                threading.Thread(target=_read, args=(far, flow.size + MESSAGE_OVERHEAD, taken)),
            ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        listener.close()
    return latencies


def _hurry() -> None:
    """Have the calling thread run before other programs, or their time would be in the figures."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(_REAL_TIME_PRIORITY))


def _write(near: socket.socket, flow: Flow, seconds: float) -> None:
    _hurry()
    rest = bytes(flow.size + MESSAGE_OVERHEAD - _STAMP.size)
    began = time.monotonic()
    with near:
        for number in range(int(seconds / flow.interval)):
            time.sleep(max(0.0, began + number * flow.interval - time.monotonic()))
            near.sendall(_STAMP.pack(time.monotonic()) + rest)
        near.shutdown(socket.SHUT_WR)
        near.recv(1)  # until the reader has everything


def _read(far: socket.socket, size: int, latencies: list[float]) -> None:
    _hurry()
    with far:
        while len(message := far.recv(size, socket.MSG_WAITALL)) == size:
            latencies.append(time.monotonic() - _STAMP.unpack_from(message)[0])


def _figures(latencies: list[float]) -> list[str]:
    ordered = sorted(latencies)
    return [f"{ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000:.0f}" for share in _SHARES]


def main() -> None:
    """Run both and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rtt", type=float, default=80, help="ms")
    parser.add_argument("--loss", type=float, default=2, help="%% each way")
    parser.add_argument("--seconds", type=float, default=60, help="of the kernel's run; the virtual one is longer")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    way = Way(options.rtt / 2, loss=options.loss / 100)
    virtually = virtual(way, options.seconds * _VIRTUAL_TIMES_LONGER, options.seed)
    really = kernel(way, options.seconds, options.seed)
    table = Table(title=f"{options.rtt:g} ms, {options.loss:g} % loss: latency in ms")
    shares = [f"{which} p{share * 100:.0f}" for which in ("virtual", "kernel") for share in _SHARES]
    for column in ("octets", "every", *shares):
        table.add_column(column, justify="right")
    for flow, ours, theirs in zip(FLOWS, virtually, really, strict=True):
        table.add_row(str(flow.size), f"{flow.interval * 1000:.0f} ms", *_figures(ours), *_figures(theirs))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
