"""TCP connections of a place as the kernel counts them and nobody else: lanes, and what flows beside them."""

from __future__ import annotations

import subprocess

from benchmarks.latency.places import GATEWAY_PORT
from benchmarks.link import Place

_GOODBYE = 48
"""Octets with which both ends close TLS: a connection that the page was loaded by and that ends now is no lane."""

_HEADERS = 52
"""IPv4's and TCP's of a segment with data, time stamps included."""

_TO_GATEWAY = f"dport = :{GATEWAY_PORT}"
_NOT_OF_GATEWAY = f"dport != :{GATEWAY_PORT} and sport != :{GATEWAY_PORT}"


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
        of_each = _counters(self._place, _TO_GATEWAY)
        return {port: of.get("bytes_acked", 0) + of.get("bytes_received", 0) for port, of in of_each.items()}


def wire_octets_beside_lanes(place: Place) -> int:
    """Octets of IP packets that the open connections of a place that are not the gateway's have sent, repeats too."""
    of_each = _counters(place, _NOT_OF_GATEWAY).values()
    return sum(of.get("bytes_sent", 0) + _HEADERS * of.get("segs_out", 0) for of in of_each)


def _counters(place: Place, which: str) -> dict[str, dict[str, int]]:
    """Whole numbers that the kernel tells of each connection, by its own port."""
    command = place.command("ss", "-Htni", "state", "established", f"( {which} )")
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found: dict[str, dict[str, int]] = {}
    port = ""
    for line in lines:
        if not line.startswith(("\t", " ")):
            port = line.split()[2].rpartition(":")[2]
            found[port] = {}
        for field in line.split():
            key, _, value = field.partition(":")
            if value.isdigit() and port:
                found[port][key] = int(value)
    return found
