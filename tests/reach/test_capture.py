"""What the capture calls WebRTC, and what not: packets made by hand."""

from __future__ import annotations

import socket
import struct

import pytest

from tests.reach.capture import Capture
from tests.reach.places import CLIENT, GATEWAY

STUN = bytes.fromhex("000100002112a442") + bytes(12)
DTLS = b"\x16\xfe\xfd" + bytes(10)
CHANNEL_DATA = b"\x40\x00\x00\x04abcd"
RTP = b"\x80\x60" + bytes(10)
HELLO = b"\x16\x03\x01\x02\x00\x01" + bytes(30)
SYN, DATA = 0x02, 0x18


def ip(protocol: int, segment: bytes, *, incoming: bool = False) -> bytes:
    ends = (GATEWAY, CLIENT) if incoming else (CLIENT, GATEWAY)
    addresses = b"".join(socket.inet_aton(end) for end in ends)
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, protocol, 0) + addresses + segment


def udp(payload: bytes, *, incoming: bool = False, port: int = 3478) -> bytes:
    source, destination = (port, 50_000) if incoming else (50_000, port)
    return ip(17, struct.pack("!HHHH", source, destination, 8 + len(payload), 0) + payload, incoming=incoming)


def tcp(payload: bytes, flags: int = DATA, *, incoming: bool = False) -> bytes:
    source, destination = (443, 50_001) if incoming else (50_001, 443)
    return ip(
        6, struct.pack("!HHIIBBHHH", source, destination, 0, 0, 5 << 4, flags, 0, 0, 0) + payload, incoming=incoming
    )


def looked_at(*packets: bytes) -> Capture:
    capture = Capture()
    for packet in packets:
        capture.look(packet)
    return capture


@pytest.mark.parametrize(
    ("payload", "finding"),
    [(STUN, "STUN"), (DTLS, "DTLS"), (CHANNEL_DATA, "ChannelData"), (RTP, "RTP"), (b"\xc0quic, perhaps", None)],
)
def test_datagrams_are_told_by_their_first_octets(payload: bytes, finding: str | None) -> None:
    capture = looked_at(udp(payload), udp(payload, incoming=True))
    assert capture.findings == ([] if finding is None else [f"{finding} in UDP"])
    assert capture.udp == 2


def test_what_comes_unasked_belongs_to_an_earlier_call() -> None:
    assert looked_at(udp(RTP, incoming=True)).udp == 0


def test_names_are_looked_up_by_any_browser() -> None:
    capture = looked_at(udp(RTP, port=53), udp(RTP, port=53, incoming=True))
    assert (capture.udp, capture.findings) == (0, [])


def test_a_connection_begins_with_tls_or_http_or_is_noted() -> None:
    assert looked_at(tcp(b"", SYN), tcp(HELLO), tcp(bytes(50))).findings == []
    assert looked_at(tcp(b"", SYN), tcp(b"CONNECT 10.50.2.2:443 HTTP/1.1\r\n"), tcp(HELLO)).findings == []
    assert looked_at(tcp(b"", SYN), tcp(b"\0\1\0\0rest")).findings == [
        "a TCP connection that begins with 0001000072657374"
    ]
    # One that we did not see begin may say anything.
    assert looked_at(tcp(b"\0\1\0\0rest")).findings == []


@pytest.mark.parametrize("incoming", [False, True])
def test_stun_in_tcp_is_noted_wherever_it_stands(incoming: bool) -> None:
    assert looked_at(tcp(b"", SYN), tcp(HELLO), tcp(STUN, incoming=incoming)).findings == ["STUN in TCP"]


def test_other_packets_are_left_alone() -> None:
    assert looked_at(b"", b"\x60" + bytes(60), ip(1, bytes(8))).findings == []
