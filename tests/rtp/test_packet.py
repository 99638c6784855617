import contextlib
import json
from pathlib import Path

import pytest
from aiortc.rtp import RtpPacket as AiortcPacket
from hypothesis import given
from hypothesis import strategies as st

from tests.rtp.support import u16, u32
from wsmedia.errors import PacketError
from wsmedia.rtp.packet import RtpPacket, is_rtcp, parse

VECTORS = Path(__file__).parent.parent / "vectors"
VALID = json.loads((VECTORS / "rtp.json").read_text())
INVALID = json.loads((VECTORS / "rtp_invalid.json").read_text())

one_byte_extensions = st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=6)
any_extensions = st.dictionaries(st.integers(1, 255), st.binary(max_size=255), max_size=6)
packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence_number=u16,
    rtp_timestamp=u32,
    ssrc=u32,
    payload=st.binary(max_size=1400),
    marker=st.booleans(),
    extensions=one_byte_extensions | any_extensions,
    csrcs=st.lists(u32, max_size=15).map(tuple),
    padding_size=st.integers(0, 255),
)


@given(packets)
def test_round_trip(packet):
    assert parse(packet.serialize()) == packet


@given(packets)
def test_another_implementation_reads_the_same(packet):
    data = packet.serialize()
    # aiortc takes payload types 64–95 for conflicts with RTCP and checks nothing; it keeps padding out of the payload.
    other = AiortcPacket.parse(data)
    assert (other.sequence_number, other.timestamp, other.ssrc) == (
        packet.sequence_number,
        packet.rtp_timestamp,
        packet.ssrc,
    )
    assert other.payload == packet.payload
    assert other.marker == packet.marker
    assert tuple(other.csrc) == packet.csrcs
    assert other.padding_size == packet.padding_size


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_parsed_or_refused(data):
    try:
        packet = parse(data)
    except PacketError:
        return
    assert len(packet.payload) < len(data)


@given(packets, st.data())
def test_a_damaged_packet_is_parsed_or_refused(packet, data):
    damaged = bytearray(packet.serialize())
    for _ in range(3):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    with contextlib.suppress(PacketError):
        parse(bytes(damaged))


@pytest.mark.parametrize("vector", VALID, ids=lambda vector: vector["name"])
def test_vectors(vector):
    data = bytes.fromhex(vector["hex"])

    packet = parse(data)

    assert {
        "payload_type": packet.payload_type,
        "marker": packet.marker,
        "sequence_number": packet.sequence_number,
        "rtp_timestamp": packet.rtp_timestamp,
        "ssrc": packet.ssrc,
        "csrcs": list(packet.csrcs),
        "extensions": {str(extension_id): value.hex() for extension_id, value in packet.extensions.items()},
        "padding_size": packet.padding_size,
        "payload": bytes(packet.payload).hex(),
    } == vector["packet"]
    if vector["exact"]:
        assert packet.serialize() == data


@pytest.mark.parametrize("vector", INVALID, ids=lambda vector: vector["name"])
def test_invalid_vectors(vector):
    with pytest.raises(PacketError):
        parse(bytes.fromhex(vector["hex"]))


@pytest.mark.parametrize(
    "packet",
    [
        RtpPacket(96, 1, 2, 3, csrcs=(0,) * 16),
        RtpPacket(96, 1, 2, 3, extensions={256: b"x"}),
        RtpPacket(96, 1, 2, 3, extensions={0: b"x"}),
        RtpPacket(96, 1, 2, 3, extensions={1: bytes(256)}),
    ],
)
def test_what_does_not_fit_is_refused(packet):
    with pytest.raises(PacketError):
        packet.serialize()


def test_rtcp_is_told_from_rtp():
    assert is_rtcp(bytes((0x80, 200)))
    assert is_rtcp(bytes((0x81, 206)))
    assert not is_rtcp(bytes((0x80, 96)))
    assert not is_rtcp(bytes((0x80, 0x80 | 111)))
