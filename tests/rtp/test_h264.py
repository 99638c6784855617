import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.rtp.support import numbered, u16, u32
from wsmedia.errors import PayloadError
from wsmedia.media import Codec
from wsmedia.rtp import h264
from wsmedia.rtp.h264_units import begins_access_unit
from wsmedia.rtp.packet import RtpPacket
from wsmedia.rtp.payload import depacketizer

SPS, PPS, SEI = b"\x67\x42\xe0\x1f", b"\x68\xce\x01", b"\x06\x05\x01\x80"


def picture(header: int, size: int, first_slice: bool = True, fill: int = 0xA5) -> bytes:
    """A slice NAL unit; the bit after the header says whether it is the first of its picture."""
    return bytes((header, 0x80 | fill if first_slice else 0x40)) + bytes([fill]) * (size - 2)


IDR = h264.join_nals([SPS, PPS, picture(0x65, 3000)])
DELTA = h264.join_nals([picture(0x41, 2500)])
DISCARDABLE = h264.join_nals([picture(0x01, 400)])


@st.composite
def nal_units(draw):
    """A NAL unit of any length that holds no start code and does not end in zero."""
    header = draw(st.integers(0, 3)) << 5 | draw(st.integers(1, 23))
    size = draw(st.integers(0, 60) | st.integers(61, 4000))
    filling = draw(st.binary(min_size=1, max_size=16).filter(lambda octets: 0 not in octets))
    return bytes((header,)) + (filling * (size // len(filling) + 1))[:size]


access_units = st.lists(nal_units(), min_size=1, max_size=8).filter(
    lambda units: any(1 <= unit[0] & 0x1F <= 5 for unit in units)
)


def packets_of(access_unit, max_payload=1200, *, start=0, rtp_timestamp=0, marker=True):
    payloads = h264.Packetizer().packetize(access_unit, max_payload)
    last = len(payloads) - 1
    return [
        numbered(start + index, payload, rtp_timestamp=rtp_timestamp, marker=marker and index == last)
        for index, payload in enumerate(payloads)
    ]


def run(packets):
    """Depacketize; give the frames and the depacketizer."""
    depacketizer = h264.Depacketizer()
    return [frame for packet in packets for frame in depacketizer.push(packet)], depacketizer


@given(access_units, st.integers(16, 1500), st.booleans(), u16, u32)
@settings(deadline=None)
def test_round_trip(units, max_payload, short_start_codes, start, rtp_timestamp):
    code = b"\0\0\1" if short_start_codes else b"\0\0\0\1"
    access_unit = b"".join(code + unit for unit in units)

    packets = packets_of(access_unit, max_payload, start=start, rtp_timestamp=rtp_timestamp)

    assert all(1 <= len(packet.payload) <= max_payload for packet in packets)
    # A first packet in the middle of a picture is refused, so a clean frame goes before.
    lead = packets_of(DISCARDABLE, start=start - 1, rtp_timestamp=rtp_timestamp ^ 1)
    (_, frame), _ = run(lead + packets)
    assert frame.data == h264.join_nals(units)
    assert frame.rtp_timestamp == rtp_timestamp
    assert not frame.after_loss
    assert frame.keyframe == h264.is_keyframe(access_unit)
    assert frame.discardable == h264.is_discardable(access_unit)
    assert frame.first_packet is packets[0]


@given(st.integers(16, 3000), st.integers(2, 9000))
@example(16, 17)
def test_fragments_have_equal_sizes_but_for_the_last(max_payload, size):
    payloads = h264.Packetizer().packetize(h264.join_nals([picture(0x65, size)]), max_payload)
    sizes = [len(payload) for payload in payloads]
    assert len(set(sizes[:-1])) <= 1
    assert sizes[-1] <= sizes[0]
    assert len(payloads) == (1 if size <= max_payload else -(-(size - 1) // (max_payload - 2))) or sizes[-1] > 2


def test_parameter_sets_travel_together():
    payloads = h264.Packetizer().packetize(IDR, 1200)
    assert payloads[0] == b"\x78\x00\x04" + SPS + b"\x00\x03" + PPS
    assert [payload[0] & 0x1F for payload in payloads[1:]] == [28] * 3
    assert [payload[1] for payload in payloads[1:]] == [0x85, 0x05, 0x45]


def test_a_forbidden_bit_and_the_highest_importance_show_on_the_aggregate():
    (payload,) = h264.Packetizer().packetize(h264.join_nals([b"\x86\x01", b"\x41\x9a"]), 1200)
    assert payload[0] == 0x80 | 0x40 | 24


@pytest.mark.parametrize("data", [b"", b"\0\0\0\1", b"\x65\x88\x80", b"\0\0\1\0\0\1\0\0", b"\0\0\1\x7c\x85"])
def test_without_a_nal_unit_there_is_nothing_to_send(data):
    with pytest.raises(PayloadError):
        h264.Packetizer().packetize(data, 1200)


def test_limits_of_the_packetizer():
    with pytest.raises(PayloadError):
        h264.Packetizer().packetize(IDR, 15)
    with pytest.raises(PayloadError):
        h264.Packetizer().packetize(b"\0\0\1\x41" * 2049, 1200)


@given(st.binary(max_size=300), st.integers(16, 100))
def test_arbitrary_frames_are_packetized_or_refused(data, max_payload):
    try:
        payloads = h264.Packetizer().packetize(b"\0\0\1" + data, max_payload)
    except PayloadError:
        return
    assert all(1 <= len(payload) <= max_payload for payload in payloads)


def test_split_nals_takes_zeros_around_units_away():
    assert h264.split_nals(b"\0\0\0\1\x65\x01\0\0\0\0\1\x41\x02\0\0\1\x06\0\0\0") == [b"\x65\x01", b"\x41\x02", b"\x06"]
    assert h264.split_nals(memoryview(b"junk\0\0\1\x65\x01")) == [b"\x65\x01"]


@pytest.mark.parametrize(
    ("access_unit", "keyframe", "discardable"), [(IDR, True, False), (DELTA, False, False), (DISCARDABLE, False, True)]
)
def test_inspection(access_unit, keyframe, discardable):
    assert h264.is_keyframe(access_unit) is keyframe
    assert h264.is_discardable(access_unit) is discardable
    (frame,), _ = run(packets_of(access_unit))
    assert (frame.keyframe, frame.discardable) == (keyframe, discardable)


def test_parameter_sets_alone_are_not_discardable():
    assert not h264.is_discardable(h264.join_nals([SPS, PPS]))


def test_a_frame_leaves_at_its_marker():
    depacketizer = depacketizer_for_video()
    packets = packets_of(IDR)
    assert [len(depacketizer.push(packet)) for packet in packets] == [0] * (len(packets) - 1) + [1]


def depacketizer_for_video():
    return depacketizer(Codec.H264)


def test_without_markers_a_frame_leaves_when_the_timestamp_changes():
    first = packets_of(IDR, marker=False)
    second = packets_of(DELTA, start=len(first), rtp_timestamp=3000, marker=False)
    third = packets_of(DISCARDABLE, start=len(first) + len(second), rtp_timestamp=6000)
    frames, receiver = run(first + second + third)
    assert [frame.data for frame in frames] == [IDR, DELTA, DISCARDABLE]
    assert [frame.rtp_timestamp for frame in frames] == [0, 3000, 6000]
    assert receiver.frames_dropped == 0


def test_parameter_sets_sent_apart_belong_to_the_next_picture():
    parameters = packets_of(h264.join_nals([SPS, PPS]))
    slices = packets_of(h264.join_nals([picture(0x65, 3000)]), start=1, rtp_timestamp=3000)
    (frame,), _ = run(parameters + slices)
    assert frame.data == IDR
    assert frame.rtp_timestamp == 3000


@pytest.mark.parametrize("missing", range(4))
def test_a_lost_packet_costs_its_frame_and_is_told(missing):
    packets = packets_of(IDR)
    assert len(packets) == 4
    after = packets_of(DELTA, start=4, rtp_timestamp=3000)
    before = packets_of(DELTA, start=-3, rtp_timestamp=2**32 - 3000)
    del packets[missing]
    # A keyframe came before, so a keyframe without parameter sets has lost them.
    clean = packets_of(IDR, start=-7, rtp_timestamp=2**32 - 6000)

    frames, receiver = run(clean + before + packets + after)

    assert [frame.data for frame in frames] == [IDR, DELTA, DELTA]
    assert [frame.after_loss for frame in frames] == [False, False, True]
    assert receiver.frames_dropped == 1


def test_a_wholly_lost_frame_is_told_by_the_next():
    clean = packets_of(IDR)
    after = packets_of(DELTA, start=len(clean) + 1, rtp_timestamp=6000)
    frames, receiver = run(clean + after)
    assert [frame.after_loss for frame in frames] == [False, True]
    assert receiver.frames_dropped == 0


def test_after_a_gap_a_picture_whose_first_slice_may_be_missing_is_dropped():
    whole = h264.join_nals([picture(0x41, 300), picture(0x41, 300, first_slice=False)])
    packets = packets_of(whole, max_payload=400)
    assert len(packets) == 2
    frames, receiver = run(packets_of(DISCARDABLE, start=-1, rtp_timestamp=9) + packets[1:])
    assert [frame.data for frame in frames] == [DISCARDABLE]
    assert receiver.frames_dropped == 1


def test_padding_packets_count_as_received():
    packets = packets_of(IDR)
    padding = numbered(2, b"", rtp_timestamp=0)
    for packet in packets[2:]:
        packet.sequence_number += 1
    (frame,), _ = run([*packets[:2], padding, *packets[2:]])
    assert not frame.after_loss


def test_a_gap_before_padding_still_counts():
    clean = packets_of(IDR)
    middle = packets_of(DELTA, start=7)[1:]
    frames, receiver = run([*clean, numbered(7, b""), *middle])
    assert [frame.data for frame in frames] == [IDR]
    assert receiver.frames_dropped == 1


@given(st.permutations(range(12)).map(lambda order: order[:8]), u16)
def test_whatever_arrives_no_damaged_frame_comes_out(order, start):
    frames = [IDR, DELTA, DELTA, DISCARDABLE]
    packets = []
    for index, frame in enumerate(frames):
        packets += packets_of(frame, start=start + len(packets), rtp_timestamp=3000 * index)
    got, _ = run([packets[index % len(packets)] for index in order])
    # Somebody who joins in the middle cannot know that parameter sets stood before a keyframe's slices.
    assert {frame.data for frame in got} <= {*frames, h264.join_nals(h264.split_nals(IDR)[2:])}


@given(st.lists(st.tuples(st.binary(max_size=40), st.booleans(), st.integers(0, 2), st.integers(0, 3)), max_size=40))
def test_arbitrary_payloads_never_raise(payloads):
    depacketizer = h264.Depacketizer(max_frame_bytes=100)
    sequence_number = 65530
    for payload, marker, step, rtp_timestamp in payloads:
        sequence_number = (sequence_number + step) & 0xFFFF
        for frame in depacketizer.push(RtpPacket(96, sequence_number, rtp_timestamp, 1, payload, marker)):
            assert frame.data.startswith(b"\0\0\0\1")
            assert len(frame.data) < 400


def test_a_frame_over_the_limit_is_dropped():
    depacketizer = h264.Depacketizer(max_frame_bytes=2000)
    packets = packets_of(IDR) + packets_of(DISCARDABLE, start=4, rtp_timestamp=1)
    frames = [frame for packet in packets for frame in depacketizer.push(packet)]
    assert [frame.data for frame in frames] == [DISCARDABLE]
    assert depacketizer.frames_dropped == 1


def test_a_frame_of_crumbs_is_dropped():
    """Octet by octet, four megabytes would take gigabytes of memory."""
    depacketizer = h264.Depacketizer()
    depacketizer.push(numbered(0, b"\x7c\x85\x80", rtp_timestamp=0))
    for index in range(1, 20_000):
        depacketizer.push(numbered(index, b"\x7c\x05\x01", rtp_timestamp=0))
    assert depacketizer.frames_dropped == 1
    assert depacketizer._pieces == []
    frames = [frame for packet in packets_of(IDR, start=20_000, rtp_timestamp=1) for frame in depacketizer.push(packet)]
    assert [frame.data for frame in frames] == [IDR]


MALFORMED = {
    "aggregate cut off": b"\x78\x00\x09\x41\x9a",
    "aggregate with an empty unit": b"\x78\x00\x00\x00\x02\x41\x9a",
    "aggregate with one octet left": b"\x78\x00\x02\x41\x9a\x00",
    "aggregate in an aggregate": b"\x78\x00\x03\x78\x41\x9a",
    "fragment without header": b"\x7c",
    "fragment of nothing that began": b"\x7c\x05\x01",
    "fragment of an aggregate": b"\x7c\x98\x01",
    "interleaved aggregate": b"\x79\x00\x00\x00\x02\x41\x9a",
    "multi-time aggregate": b"\x7a\x00\x00\x00\x02\x41\x9a",
    "interleaved fragment": b"\x7d\x85\x00\x00\x01",
}


@pytest.mark.parametrize("payload", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_payloads_drop_their_frame_only(payload):
    clean = packets_of(IDR)
    damaged = [numbered(4, payload, rtp_timestamp=1), *packets_of(DELTA, start=5, rtp_timestamp=1)]
    after = packets_of(DISCARDABLE, start=8, rtp_timestamp=2)
    frames, receiver = run(clean + damaged + after)
    assert [frame.data for frame in frames] == [IDR, DISCARDABLE]
    assert frames[1].after_loss
    assert receiver.frames_dropped == 1


@pytest.mark.parametrize("kind", ["next fragment begins", "single unit", "end of frame"])
def test_an_unfinished_fragment_drops_the_frame(kind):
    first, *_ = h264.Packetizer().packetize(DELTA, 1200)
    packets = [numbered(0, first)]
    if kind == "end of frame":
        packets[0].marker = True
    else:
        packets.append(numbered(1, first if kind == "next fragment begins" else b"\x41\x9a", marker=True))
    frames, receiver = run(packets)
    assert frames == []
    assert receiver.frames_dropped == 1


def test_undefined_types_are_ignored():
    packets = [numbered(0, b"\x1e\x01"), *packets_of(IDR, start=1)]
    (frame,), _ = run(packets)
    assert frame.data == IDR


@pytest.mark.parametrize(
    ("payload", "begins"),
    [
        (b"\x67\x42", True),
        (b"\x41\x9a", True),
        (b"\x41\x4a", False),
        (b"\x65\x88", True),
        (b"\x43\x80", False),
        (b"\x78\x00\x02\x67\x42", True),
        (b"\x78\x00\x02\x41\x40", False),
        (b"\x78\x00", False),
        (b"\x7c\x85\x88", True),
        (b"\x7c\x05\x88", False),
        (b"\x7c\x85\x08", False),
        (b"\x7c\x85", False),
        (b"\x41", False),
    ],
)
def test_what_begins_an_access_unit(payload, begins):
    assert begins_access_unit(payload) is begins
