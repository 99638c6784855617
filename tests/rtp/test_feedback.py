import pytest
from aiortc.rtp import RtcpPacket as AiortcRtcpPacket
from aiortc.rtp import unpack_remb_fci
from hypothesis import given
from hypothesis import strategies as st

from tests.rtp.support import u16, u32
from wsmedia.errors import PacketError
from wsmedia.rtp import rtcp
from wsmedia.rtp.feedback import Fir, Nack, Pli, Remb


@given(u16, st.sets(st.integers(0, 2000), min_size=1, max_size=60))
def test_nack_names_each_packet_once(start, offsets):
    numbers = tuple((start + offset) & 0xFFFF for offset in sorted(offsets))
    data = Nack(1, 2, numbers).serialize()
    assert rtcp.parse(data) == [Nack(1, 2, numbers)]
    (other,) = AiortcRtcpPacket.parse(data)
    # The other implementation does not wrap what follows 65535.
    assert [number & 0xFFFF for number in other.lost] == list(numbers)


def test_seventeen_packets_fit_into_one_entry():
    assert Nack(1, 2, tuple(range(65530, 65536)) + tuple(range(11))).serialize().hex() == (
        "81cd00030000000100000002fffaffff"
    )
    assert len(Nack(1, 2, (5, 5, 22)).serialize()) == 20


@given(u32, st.integers(0, (1 << 60) - 1), st.lists(u32, max_size=5).map(tuple))
def test_remb_keeps_18_significant_bits(ssrc, bitrate, ssrcs):
    data = Remb(ssrc, bitrate, ssrcs).serialize()
    (remb,) = rtcp.parse(data)
    assert bitrate * (1 - 2**-17) <= remb.bitrate_bps <= bitrate
    assert remb.ssrcs == ssrcs
    (other,) = AiortcRtcpPacket.parse(data)
    assert unpack_remb_fci(other.fci) == (remb.bitrate_bps, list(ssrcs))


def test_remb_that_does_not_fit_is_refused():
    with pytest.raises(PacketError):
        Remb(1, 1 << 90, ()).serialize()
    with pytest.raises(PacketError):
        Remb(1, 1, (1,) * 256).serialize()


def test_keyframe_requests_on_the_wire():
    assert Pli(1, 2).serialize().hex() == "81ce00020000000100000002"
    assert Fir(1, ((3, 4),)).serialize().hex() == "84ce000400000001000000000000000304000000"
