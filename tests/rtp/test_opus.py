import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rtp.support import numbered, u16
from wsmedia.errors import PayloadError
from wsmedia.media import Codec
from wsmedia.rtp import opus
from wsmedia.rtp.payload import depacketizer, packetizer


@given(st.binary(min_size=1, max_size=1275), st.booleans())
def test_round_trip(data, as_view):
    (payload,) = packetizer(Codec.OPUS).packetize(memoryview(data) if as_view else data, 1275)
    (frame,) = depacketizer(Codec.OPUS).push(numbered(1, payload, rtp_timestamp=960))
    assert frame.data == data
    assert frame.rtp_timestamp == 960
    assert not frame.after_loss


@pytest.mark.parametrize("data", [b"", bytes(101)])
def test_what_is_no_packet_is_refused(data):
    with pytest.raises(PayloadError):
        opus.Packetizer().packetize(data, 100)


@given(u16)
def test_gaps_are_told_and_late_packets_are_given(start):
    depacketizer = opus.Depacketizer()
    losses = {}
    for offset in (0, 1, 4, 3, 5):
        (frame,) = depacketizer.push(numbered(start + offset))
        losses[offset] = frame.after_loss
    assert losses == {0: False, 1: False, 4: True, 3: False, 5: False}


def test_padding_alone_is_no_frame():
    depacketizer = opus.Depacketizer()
    assert depacketizer.push(numbered(1, b"")) == ()
    assert not depacketizer.push(numbered(2))[0].after_loss
