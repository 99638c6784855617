"""What leaves and reaches the client, octet by octet: is there anything of WebRTC's that a firewall would know?

A packet socket in the client's namespace sees every packet of its interface, whole. ``Capture`` keeps counts and the
first few suspicious packets, never contents.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.reach.places import CLIENT, DEVICE
from tests.support.netns import LoopbackNamespace

_ETH_P_ALL = 0x0003
_SO_RCVBUFFORCE = 33
_UDP, _TCP = 17, 6
_MAGIC_COOKIE = bytes.fromhex("2112a442")
_DNS = (53).to_bytes(2, "big")
_MOST_NOTED = 20
_BEGINNINGS = (b"\x16\x03", b"CONNECT ", b"GET ", b"POST ")
"""What a client of the web says first: a TLS handshake, or a request to a proxy."""


@dataclass
class Capture:
    """Counts of one call.

    Attributes:
        octets: of all IP packets.
        udp: datagrams but those of DNS, whatever they hold.
        findings: what looks like STUN, TURN or DTLS, or is no beginning of TLS or HTTP; each kind once, at most 20.
    """

    octets: int = 0
    udp: int = 0
    findings: list[str] = field(default_factory=list)
    _opened: set[tuple[bytes, bytes]] = field(default_factory=set)
    """Connections of the client's that began while we looked, and on which it has not spoken yet."""
    _asked: set[tuple[bytes, bytes]] = field(default_factory=set)
    """Where the client has sent datagrams from and to while we looked."""

    def look(self, packet: bytes) -> None:
        """Look at one IPv4 packet, header and all; anything else is left alone."""
        if len(packet) < 20 or packet[0] >> 4 != 4:
            return
        self.octets += len(packet)
        header = (packet[0] & 15) * 4
        end = int.from_bytes(packet[2:4], "big") or len(packet)
        addresses, segment = packet[12:20], packet[header:end]
        if packet[9] == _UDP:
            self._look_at_datagram(addresses, segment)
        elif packet[9] == _TCP:
            self._look_at_segment(addresses, segment)

    def _look_at_datagram(self, addresses: bytes, segment: bytes) -> None:
        source, destination = addresses[:4] + segment[:2], addresses[4:] + segment[2:4]
        if addresses[:4] == socket.inet_aton(CLIENT):
            self._asked.add((source, destination))
        elif (destination, source) not in self._asked:
            return  # meant for an earlier call, whose end has not got about
        if _DNS in (segment[:2], segment[2:4]):
            return  # the browser's own questions, which nobody answers here
        self.udp += 1
        payload = segment[8:]
        for name, looks_so in _BY_CONTENT:
            if looks_so(payload):
                self._note(f"{name} in UDP")

    def _look_at_segment(self, addresses: bytes, segment: bytes) -> None:
        payload = segment[(segment[12] >> 4) * 4 :]
        ports, flags = segment[:4], segment[13]
        connection = (addresses, ports)
        if flags & 0x12 == 0x02 and addresses[:4] == socket.inet_aton(CLIENT):  # SYN without ACK
            self._opened.add(connection)
        if not payload:
            return
        if _is_stun(payload):
            self._note("STUN in TCP")
        if connection in self._opened:
            self._opened.discard(connection)
            if not payload.startswith(_BEGINNINGS):
                self._note(f"a TCP connection that begins with {payload[:8].hex()}")

    def _note(self, what: str) -> None:
        if what not in self.findings and len(self.findings) < _MOST_NOTED:
            self.findings.append(what)


def _is_stun(payload: bytes) -> bool:
    """Whether it begins like a STUN message (RFC 8489 §5), which TURN's requests and indications are, too."""
    return len(payload) >= 20 and payload[0] < 0x40 and payload[4:8] == _MAGIC_COOKIE


def _is_dtls(payload: bytes) -> bool:
    """Whether it begins like a DTLS record (RFC 6347 §4.1; the first octet by RFC 7983)."""
    return len(payload) >= 13 and 20 <= payload[0] <= 63 and payload[1] == 0xFE


def _is_channel_data(payload: bytes) -> bool:
    """Whether it begins like TURN's ChannelData (RFC 8656 §12.4)."""
    return len(payload) >= 4 and 0x40 <= payload[0] <= 0x4F and 4 + int.from_bytes(payload[2:4], "big") <= len(payload)


def _is_rtp(payload: bytes) -> bool:
    """Whether it begins like RTP or RTCP, encrypted or not (RFC 7983)."""
    return len(payload) >= 12 and 0x80 <= payload[0] <= 0xBF


_BY_CONTENT = (("STUN", _is_stun), ("DTLS", _is_dtls), ("ChannelData", _is_channel_data), ("RTP", _is_rtp))


@contextlib.contextmanager
def watching(place: LoopbackNamespace) -> Iterator[Capture]:
    """Look at every packet that enters or leaves a namespace by its interface, while the context lasts.

    Needs a running event loop, which reads the socket.
    """
    capture = Capture()
    with place.entered():
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
    loop = asyncio.get_running_loop()
    with packets:
        packets.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 16_000_000)
        packets.bind((DEVICE, _ETH_P_ALL))
        packets.setblocking(False)

        def read() -> None:
            with contextlib.suppress(BlockingIOError):
                for _ in range(500):
                    capture.look(packets.recv(65536))

        loop.add_reader(packets, read)
        try:
            yield capture
        finally:
            loop.remove_reader(packets)
            read()
