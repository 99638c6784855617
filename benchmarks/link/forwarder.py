"""The process between both ends of an emulated link: reads packets of one, and writes them to the other in their time.

``emulator`` starts it as ``python -m benchmarks.link.forwarder CONTROL CLIENT SERVER SEED`` with file descriptors: a
socket for ``orders`` and both TUN devices. It ends with the other end of the control socket.
"""

from __future__ import annotations

import gc
import json
import os
import select
import socket
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.link.model import ConditionError, OneWay, Way
from benchmarks.link.orders import LARGEST_ORDER, way_of

_LARGEST_PACKET = 65_536
_READS_IN_A_ROW = 64
_REAL_TIME_PRIORITY = 20
_BIN_US = 20
_BINS = 5_000


class _Lateness:
    """How much too late packets were written, as a histogram."""

    def __init__(self) -> None:
        self._bins = [0] * (_BINS + 1)
        self._max = 0.0

    def add(self, seconds: float) -> None:
        self._bins[min(int(seconds * 1e6 / _BIN_US), _BINS)] += 1
        self._max = max(self._max, seconds)

    def quantile_ms(self, share: float) -> float:
        rank, total = share * sum(self._bins), 0
        for index, count in enumerate(self._bins):
            total += count
            if count and total >= rank:
                return min((index + 1) * _BIN_US / 1000, self._max * 1000)
        return 0.0

    def figures(self) -> dict[str, float]:
        return {
            "lateness_ms_p50": round(self.quantile_ms(0.5), 3),
            "lateness_ms_p99": round(self.quantile_ms(0.99), 3),
            "lateness_ms_max": round(self._max * 1000, 3),
        }


class _Direction:
    def __init__(self, source: int, sink: int, seed: str) -> None:
        self.source = source
        self.link: OneWay[bytes] = OneWay(Way(), seed, time.monotonic())
        self._sink = sink
        self._lateness = _Lateness()
        self._refused = 0

    def read(self) -> None:
        for _ in range(_READS_IN_A_ROW):
            try:
                packet = os.read(self.source, _LARGEST_PACKET)
            except BlockingIOError:
                return
            self.link.offer(time.monotonic(), len(packet), packet)

    def write(self, now: float) -> None:
        for due, packet in self.link.take(now):
            try:
                os.write(self._sink, packet)
            except OSError:  # the far end is being taken away, or its device is down
                self._refused += 1
            self._lateness.add(time.monotonic() - due)

    def statistics(self) -> dict[str, float]:
        return asdict(self.link.counters) | {"refused": self._refused} | self._lateness.figures()


class _Forwarder:
    def __init__(self, control: socket.socket, client: int, server: int, seed: str) -> None:
        self._control = control
        self._ways = {
            "up": _Direction(client, server, f"{seed}/up"),
            "down": _Direction(server, client, f"{seed}/down"),
        }
        self._planned: list[tuple[float, dict[str, Way]]] = []
        self._real_time = _prefer()

    def run(self) -> None:
        """Forward until nobody is there to give orders."""
        control = self._control.fileno()
        ways = list(self._ways.values())
        readable = [control, *(way.source for way in ways)]
        while True:
            due = [at for way in ways if (at := way.link.next_due()) is not None]
            due += [at for at, _ in self._planned[:1]]
            wait = max(0.0, min(due) - time.monotonic()) if due else None
            # select rather than epoll: its time-out is in microseconds.
            ready, _, _ = select.select(readable, [], [], wait)
            for way in ways:
                if way.source in ready:
                    way.read()
            while self._planned and self._planned[0][0] <= time.monotonic():
                self._change(*self._planned.pop(0))
            for way in ways:
                way.write(time.monotonic())
            if control in ready and not self._obey():
                return

    def _change(self, at: float, ways: dict[str, Way]) -> None:
        del at  # the model's clock may be a little further
        for name, way in ways.items():
            self._ways[name].link.change(time.monotonic(), way)

    def _obey(self) -> bool:
        order = self._control.recv(LARGEST_ORDER)
        if not order:
            return False
        try:
            answer = self._answer(json.loads(order))
        except (ConditionError, KeyError, TypeError, ValueError) as error:
            answer = {"error": str(error)}
        with suppress(OSError):
            self._control.send(json.dumps(answer).encode())
        return True

    def _answer(self, order: dict[str, Any]) -> dict[str, Any]:
        if "change" not in order:
            return {"real_time": self._real_time} | {name: way.statistics() for name, way in self._ways.items()}
        ways = {name: way_of(content) for name, content in order["change"].items() if name in self._ways}
        at = time.monotonic() + order.get("after", 0.0)
        if order.get("after", 0.0) > 0:
            self._planned = sorted([*self._planned, (at, ways)], key=lambda planned: planned[0])
        else:
            self._change(at, ways)
        return {}


def _prefer() -> bool:
    """Ask the kernel to run this process as soon as it has something to do; tells whether it promised."""
    gc.disable()
    with suppress(OSError):
        Path("/proc/self/timerslack_ns").write_text("1")
    try:
        # Reset on fork: nothing that this process may start is to have it.
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(_REAL_TIME_PRIORITY))
    except OSError:
        return False
    return True


def main() -> None:
    """Forward between the descriptors that the command line names."""
    control, client, server = (int(argument) for argument in sys.argv[1:4])
    for device in (client, server):
        os.set_blocking(device, False)
    with socket.socket(fileno=control) as orders:
        _Forwarder(orders, client, server, sys.argv[4]).run()


if __name__ == "__main__":
    main()
