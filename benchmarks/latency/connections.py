"""How many TCP connections carry something: lanes, as the kernel counts them and nobody else."""

from __future__ import annotations

import subprocess

from benchmarks.latency.places import GATEWAY_PORT
from benchmarks.link import Place

_GOODBYE = 48
"""Octets with which both ends close TLS: a connection that the page was loaded by and that ends now is no lane."""


class LaneCount:
    """Counts the connections from a place to the gateway that move data from now on."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._before = self._moved()

    def used(self) -> int:
        """How many have moved anything since."""
        return sum(octets > self._before.get(port, 0) + _GOODBYE for port, octets in self._moved().items())

    def _moved(self) -> dict[str, int]:
        """Octets that each has moved so far, both ways, by its own port."""
        gateway = f"( dport = :{GATEWAY_PORT} )"
        command = self._place.command("ss", "-Htni", "state", "established", gateway)
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        moved: dict[str, int] = {}
        port = ""
        for line in lines:
            if not line.startswith(("\t", " ")):
                port = line.split()[2].rpartition(":")[2]
                moved[port] = 0
            for field in line.split():
                key, _, value = field.partition(":")
                if key in ("bytes_acked", "bytes_received") and port:
                    moved[port] += int(value)
        return moved
