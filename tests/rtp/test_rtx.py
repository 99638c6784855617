import pytest
from hypothesis import given

from tests.rtp.support import u16, u32
from tests.rtp.test_packet import packets
from wsmedia.errors import PacketError
from wsmedia.rtp import rtx
from wsmedia.rtp.packet import RtpPacket, parse


@given(packets, u32, u16)
def test_round_trip(packet, ssrc, sequence_number):
    wrapped = parse(rtx.wrap(packet.serialize(), ssrc, 97, sequence_number))

    assert (wrapped.ssrc, wrapped.payload_type, wrapped.sequence_number) == (ssrc, 97, sequence_number)
    assert (wrapped.rtp_timestamp, wrapped.marker, wrapped.extensions, wrapped.csrcs) == (
        packet.rtp_timestamp,
        packet.marker,
        packet.extensions,
        packet.csrcs,
    )
    original = rtx.unwrap(wrapped, packet.ssrc, packet.payload_type)
    packet.padding_size = 0
    assert original == packet


def test_a_probe_holds_nothing():
    assert rtx.unwrap(RtpPacket(97, 1, 2, 3, b"", padding_size=200), 1, 96) is None


@pytest.mark.parametrize(
    "data", [b"", bytes(11), b"\x90" + bytes(11), b"\x8f" + bytes(11), b"\x90" + bytes(13) + b"\x01\x00"]
)
def test_what_is_no_packet_cannot_be_wrapped(data):
    with pytest.raises(PacketError):
        rtx.wrap(data, 1, 97, 1)
