import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rtp.support import u8, u16, u32
from wsmedia.errors import PacketError
from wsmedia.rtp import rtcp
from wsmedia.rtp.twcc import MAX_STATUSES, TransportFeedback

small = st.integers(0, 255)
large = st.integers(-0x8000, 0x7FFF)
# Runs of equal statuses as real links make them, besides noise.
runs = st.tuples(st.sampled_from(["lost", "small", "large", "any"]), st.integers(1, 40))


@st.composite
def statuses(draw):
    result = []
    for kind, length in draw(st.lists(runs, min_size=1, max_size=8)):
        one = {"lost": st.none(), "small": small, "large": large, "any": st.none() | large}[kind]
        result += draw(st.lists(one, min_size=length, max_size=length))
    return tuple(result)


@given(u32, u32, u16, st.integers(-(2**23), 2**23 - 1), u8, statuses())
def test_round_trip(sender_ssrc, media_ssrc, base, reference_time, count, deltas):
    feedback = TransportFeedback(sender_ssrc, media_ssrc, base, reference_time, count, deltas)
    assert rtcp.parse(feedback.serialize()) == [feedback]


def test_arrivals_accumulate_from_the_reference_time():
    feedback = TransportFeedback(1, 2, 65535, 3, 0, (4, None, -2, 0))
    start = 3 * 64_000
    assert feedback.arrivals() == [
        (65535, start + 1000),
        (0, None),
        (1, start + 500),
        (2, start + 500),
    ]


@pytest.mark.parametrize(
    ("deltas", "body"),
    [
        # one run of three small deltas
        ((1, 2, 3), "2003 010203"),
        # 8000 lost, a run, then one small delta, a run
        ((None,) * 8000 + (7,), "1f40 2001 07".replace("1f40", "1f40")),
        # one-bit vector: 1 0 1 1 …
        ((1, None, 1, 1) + (None, 1) * 5, f"{0b1010_1101_0101_0101:04x}" + "01" * 8),
        # two-bit vector: small large lost small small small small, then a run of one
        ((1, 256, None, 1, 1, 1, 1, None), f"{0b11_01_10_00_01_01_01_01:04x} 0001" + "01 0100 01010101"),
    ],
)
def test_chunks(deltas, body):
    data = TransportFeedback(1, 2, 0, 0, 0, deltas).serialize()
    expected = bytes.fromhex(body)
    assert data[20 : 20 + len(expected)] == expected
    assert not any(data[20 + len(expected) :])


def test_a_run_may_promise_more_than_the_count():
    data = bytes.fromhex("8fcd0005 00000001 00000002 00000002 00000000 3fff 0101")
    assert rtcp.parse(data) == [TransportFeedback(1, 2, 0, 0, 0, (1, 1))]


def test_statuses_that_nobody_sent_packets_for_are_not_read():
    """A few octets can claim 65535 lost packets: reading them all would take seconds for one datagram."""
    outage = TransportFeedback(1, 2, 0, 0, 0, (5,) + (None,) * 65533 + (6,))
    (feedback,) = rtcp.parse(outage.serialize())
    assert feedback.deltas == (5,) + (None,) * (MAX_STATUSES - 1)
    assert len(rtcp.parse(outage.serialize() * 30)) == 1


@pytest.mark.parametrize("deltas", [(), (0x8000,), (-0x8001,), (None,) * 65536])
def test_what_does_not_fit_is_refused(deltas):
    with pytest.raises(PacketError):
        TransportFeedback(1, 2, 0, 0, 0, deltas).serialize()
