"""VP8, VP9 and AV1 through their payload formats: byte for byte the same, whole or not at all, and decoders agree."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rtp.support import numbered, u16, u32
from tests.support.other_codecs import IS_KEYFRAME, OTHER_CODECS, decode, encode
from wsmedia.errors import PayloadError
from wsmedia.media import Codec
from wsmedia.rtp import av1, vp8, vp9
from wsmedia.rtp.packet import RtpPacket
from wsmedia.rtp.payload import depacketizer, packetizer
from wsmedia.rtp.payload_format import DepacketizedFrame

CODECS = OTHER_CODECS
WIDTH, HEIGHT, FRAMES = 160, 96, 12

KEY = {
    Codec.VP8: b"\x10\x02\x00\x9d\x01\x2a\xa0\x00\x60\x00" + bytes(range(200)) * 15,
    Codec.VP9: b"\x82\x49\x83\x42" + bytes(range(200)) * 15,
    Codec.AV1: b"\x0a\x03\x00\x00\x00" + b"\x32\x80\x10\x10" + bytes(2047),
}
DELTA = {
    Codec.VP8: b"\x11" + bytes(range(200)) * 12,
    Codec.VP9: b"\x86\x00\x40" + bytes(range(200)) * 12,
    Codec.AV1: b"\x32\x80\x10\x30" + bytes(2047),
}
SMALL = {Codec.VP8: b"\x11" + bytes(50), Codec.VP9: b"\x86\x00\x40" + bytes(50), Codec.AV1: b"\x32\x02\x30\x00"}


@cache
def encoded(codec: Codec) -> tuple[bytes, ...]:
    """Frames as an encoder makes them, of noise that moves."""
    noise = np.random.default_rng(1).integers(0, 90, (HEIGHT, WIDTH), dtype=np.uint8)
    chroma = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
    pictures = (
        np.vstack((np.roll(noise, 3 * index, axis=1) + np.arange(WIDTH, dtype=np.uint8) // 2, chroma))
        for index in range(FRAMES)
    )
    return encode(codec, pictures, 30, 600_000)


def decoded(codec: Codec, frames: Sequence[bytes]) -> list[bytes]:
    return [bytes(picture.to_ndarray()) for picture in decode(codec, frames)]


def packets_of(
    codec: Codec, frame: bytes, max_payload: int = 500, *, start: int = 0, rtp_timestamp: int = 0
) -> list[RtpPacket]:
    payloads = packetizer(codec).packetize(frame, max_payload)
    last = len(payloads) - 1
    return [
        numbered(start + index, payload, rtp_timestamp=rtp_timestamp, marker=index == last)
        for index, payload in enumerate(payloads)
    ]


def run(codec: Codec, packets: Sequence[RtpPacket]) -> tuple[list[DepacketizedFrame], Any]:
    receiver = depacketizer(codec)
    return [frame for packet in packets for frame in receiver.push(packet)], receiver


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("max_payload", [40, 333, 1200])
def test_what_real_encoders_make_comes_out_as_it_was(codec: Codec, max_payload: int) -> None:
    sender, receiver = packetizer(codec), depacketizer(codec)
    sequence_number, got = 65_500, []
    for index, frame in enumerate(encoded(codec)):
        payloads = sender.packetize(frame, max_payload)
        assert all(0 < len(payload) <= max_payload for payload in payloads)
        for payload in payloads:
            packet = numbered(sequence_number, payload, rtp_timestamp=3000 * index, marker=payload is payloads[-1])
            got += receiver.push(packet)
            sequence_number += 1
    assert [frame.keyframe for frame in got] == [True] + [False] * (len(got) - 1)
    assert receiver.frames_dropped == 0
    if codec is not Codec.AV1:  # SVT-AV1 puts temporal delimiters in front, which do not travel
        assert [frame.data for frame in got] == list(encoded(codec))
    assert decoded(codec, [frame.data for frame in got]) == decoded(codec, encoded(codec))
    assert len(decoded(codec, encoded(codec))) == FRAMES


def obu(draw: Any, obu_type: int, content: bytes) -> bytes:
    extended = draw(st.booleans())
    header = bytes((obu_type << 3 | (0x04 if extended else 0) | 0x02,)) + (b"\x20" if extended else b"")
    size, value = b"", len(content)
    while value > 0x7F:
        size += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return header + size + bytes((value,)) + content


@st.composite
def frames(draw: Any, codec: Codec) -> bytes:
    size = draw(st.integers(0, 40) | st.integers(41, 5000))
    filling = draw(st.binary(min_size=1, max_size=9))
    body = (filling * (size // len(filling) + 1))[:size]
    if codec is Codec.VP8:
        return (KEY[codec][:10] if draw(st.booleans()) else b"\x11") + body
    if codec is Codec.VP9:
        return (b"\x82\x49\x83\x42" if draw(st.booleans()) else b"\x86\x00\x40") + body
    types = draw(st.lists(st.sampled_from([1, 3, 4, 5, 6, 7, 9]), min_size=1, max_size=9))
    return b"".join(obu(draw, obu_type, body[: draw(st.integers(0, size))]) for obu_type in types)


@pytest.mark.parametrize("codec", CODECS)
@given(st.data(), st.integers(16, 1500), u16, u32)
@settings(deadline=None)
def test_round_trip(codec: Codec, data: st.DataObject, max_payload: int, start: int, rtp_timestamp: int) -> None:
    frame = data.draw(frames(codec))
    packets = packets_of(codec, frame, max_payload, start=start, rtp_timestamp=rtp_timestamp)
    assert all(1 <= len(packet.payload) <= max_payload for packet in packets)
    lead = packets_of(codec, KEY[codec], 5000, start=start - 1, rtp_timestamp=rtp_timestamp ^ 1)
    (_, got), receiver = run(codec, lead + packets)
    assert (got.data, got.rtp_timestamp, got.after_loss) == (frame, rtp_timestamp, False)
    assert got.keyframe == IS_KEYFRAME[codec](frame)
    assert receiver.frames_dropped == 0


@pytest.mark.parametrize("codec", CODECS)
@given(st.data())
@settings(deadline=None)
def test_whatever_is_lost_no_damaged_frame_comes_out(codec: Codec, data: st.DataObject) -> None:
    sent = [KEY[codec], DELTA[codec], DELTA[codec] + b"", KEY[codec], DELTA[codec]]
    packets: list[RtpPacket] = []
    for index, frame in enumerate(sent):
        packets += packets_of(codec, frame, start=len(packets) + 65_530, rtp_timestamp=3000 * index)
    kept = data.draw(st.sets(st.integers(0, len(packets) - 1)))
    got, _ = run(codec, [packet for index, packet in enumerate(packets) if index in kept])
    assert all(frame.data == sent[frame.rtp_timestamp // 3000] for frame in got)
    # Whoever has not got everything since the last frame knows it.
    before = -1
    for frame in got:
        index = frame.rtp_timestamp // 3000
        if before >= 0 and index != before + 1:
            assert frame.after_loss
        before = index


@pytest.mark.parametrize("codec", CODECS)
@given(st.lists(st.tuples(st.binary(max_size=40), st.booleans(), st.integers(0, 2), st.integers(0, 3)), max_size=40))
def test_arbitrary_payloads_never_raise(codec: Codec, payloads: list[tuple[bytes, bool, int, int]]) -> None:
    receiver: Any = type(depacketizer(codec))(100)  # type: ignore[call-arg]
    sequence_number = 65530
    for payload, marker, step, rtp_timestamp in payloads:
        sequence_number = (sequence_number + step) & 0xFFFF
        for frame in receiver.push(RtpPacket(96, sequence_number, rtp_timestamp, 1, payload, marker)):
            assert 0 < len(frame.data) < 400


@pytest.mark.parametrize("codec", CODECS)
@given(st.binary(max_size=300), st.integers(0, 80))
def test_arbitrary_frames_are_cut_or_refused(codec: Codec, frame: bytes, max_payload: int) -> None:
    try:
        payloads = packetizer(codec).packetize(frame, max_payload)
    except PayloadError:
        return
    assert payloads
    assert all(0 < len(payload) <= max_payload for payload in payloads)


@pytest.mark.parametrize("codec", CODECS)
def test_a_frame_that_grows_without_end_is_dropped(codec: Codec) -> None:
    receiver: Any = type(depacketizer(codec))(2000)  # type: ignore[call-arg]
    packets = packets_of(codec, KEY[codec], 100)
    got = [frame for packet in packets for frame in receiver.push(packet)]
    assert (got, receiver.frames_dropped) == ([], 1)
    small = packets_of(codec, SMALL[codec], 1200, start=len(packets), rtp_timestamp=1)
    (after,) = [frame for packet in small for frame in receiver.push(packet)]
    assert after.after_loss


@pytest.mark.parametrize("codec", CODECS)
def test_an_end_without_a_marker_is_seen_at_the_next_frame(codec: Codec) -> None:
    first = packets_of(codec, KEY[codec])
    first[-1].marker = False
    got, _ = run(codec, first + packets_of(codec, DELTA[codec], start=len(first), rtp_timestamp=1))
    assert [frame.data for frame in got] == [KEY[codec], DELTA[codec]]


@pytest.mark.parametrize("codec", CODECS)
def test_padding_and_repetitions_are_nothing(codec: Codec) -> None:
    first, second = packets_of(codec, KEY[codec], 5000), packets_of(codec, DELTA[codec], 5000, start=2, rtp_timestamp=1)
    got, receiver = run(codec, [*first, *first, numbered(1, b""), *second])
    assert [(frame.data, frame.after_loss) for frame in got] == [(KEY[codec], False), (DELTA[codec], False)]
    assert receiver.frames_dropped == 0


def test_vp8_as_another_implementation_describes_it() -> None:
    content = DELTA[Codec.VP8][:100]
    for picture_id in (None, 5, 3000):
        for tid in (None, (0, 1), (2, 0)):
            descriptor = VpxPayloadDescriptor(
                partition_start=1,
                partition_id=0,
                picture_id=picture_id,
                tl0picidx=9 if tid else None,
                tid=tid,
                keyidx=None,
            )
            payload = bytes(descriptor) + content
            receiver = vp8.Depacketizer()
            (frame,) = receiver.push(numbered(0, payload, marker=True))
            assert (frame.data, frame.temporal_layer) == (content, tid[0] if tid else 0)
            (parsed, rest) = VpxPayloadDescriptor.parse(vp8.Packetizer().packetize(content, 200)[0])
            assert (rest, parsed.partition_start, parsed.partition_id) == (content, 1, 0)


@pytest.mark.parametrize(("octet", "discardable"), [(0x10, False), (0x30, True)])
def test_vp8_tells_what_no_other_frame_refers_to(octet: int, discardable: bool) -> None:
    (frame,) = vp8.Depacketizer().push(numbered(0, bytes((octet,)) + DELTA[Codec.VP8], marker=True))
    assert frame.discardable is discardable
    (key,) = vp8.Depacketizer().push(numbered(0, bytes((octet,)) + KEY[Codec.VP8], marker=True))
    assert not key.discardable


def test_vp9_with_layers_structure_and_references() -> None:
    base, upper = KEY[Codec.VP9][:50], b"\x86\x00\x40" + bytes(30)
    structure = bytes((0x38, *(0, 160, 0, 96), *(1, 64, 0, 192), 2, 0x14, 1, 0x28, 1, 2))
    first = bytes((0x80 | 0x20 | 0x08 | 0x04 | 0x02, 0x80, 0x11, 0x00, 7)) + structure + base
    second = bytes((0x80 | 0x20 | 0x08, 0x80, 0x11, 0x03, 7)) + upper[:10]
    third = bytes((0x80 | 0x20 | 0x04, 0x80, 0x11, 0x03, 7)) + upper[10:]
    packets = [numbered(0, first), numbered(1, second), numbered(2, third, marker=True)]
    (picture,), _ = run(Codec.VP9, packets)
    assert (picture.data, picture.keyframe) == (base + upper, True)
    # The base layer was lost: what is left is no picture.
    got, receiver = run(Codec.VP9, [numbered(9, b"\x8c\x05" + upper, marker=True, rtp_timestamp=1), *packets[1:]])
    assert (len(got), receiver.frames_dropped) == (1, 1)
    # Flexible mode: two references, layers without TL0PICIDX.
    flexible = bytes((0xC0 | 0x20 | 0x10 | 0x08 | 0x04, 3, 2 << 5, 1 << 1 | 1, 4 << 1)) + DELTA[Codec.VP9]
    (frame,), _ = run(Codec.VP9, [numbered(0, flexible, marker=True)])
    assert (frame.data, frame.temporal_layer) == (DELTA[Codec.VP9], 2)


@pytest.mark.parametrize(
    ("data", "key", "discardable"),
    [
        (KEY[Codec.VP9], True, False),
        (b"\x86\x00\x00\x01", False, False),  # refreshes no picture, but probabilities perhaps
        (b"\x86\x00\x40\x01", False, False),
        (b"\x87\x00\x01", False, True),  # error resilient: no reset bits before the flags
        (b"\x87\x01\x01", False, False),
        (b"\x84\x90", False, False),  # intra only
        (b"\x88", False, True),  # shows a frame that is there
        (b"\x87\x00\xc0", False, False),  # a superframe may hold more
        (b"\x00", False, False),
        (b"", False, False),
    ],
)
def test_what_a_vp9_header_tells(data: bytes, key: bool, discardable: bool) -> None:
    assert (vp9.is_keyframe(data), vp9.is_discardable(data)) == (key, discardable)


def test_av1_leaves_out_what_does_not_travel_and_reads_sizes_where_they_are_given() -> None:
    unit = b"\x12\x00" + KEY[Codec.AV1] + b"\x7a\x02\x00\x80"
    assert av1.is_keyframe(unit)
    packets = packets_of(Codec.AV1, unit)
    assert packets[0].payload[0] & 0x08
    (frame,), _ = run(Codec.AV1, packets)
    assert frame.data == KEY[Codec.AV1]
    # A sender may leave the sizes in, and prefix every element.
    sized = b"\x08" + b"\x02\x12\x00" + b"\x05\x0a\x03\x00\x00\x00" + b"\x04\x32\x02\x10\x00"
    (frame,), _ = run(Codec.AV1, [numbered(0, sized, marker=True)])
    assert (frame.data, frame.keyframe) == (b"\x0a\x03\x00\x00\x00\x32\x02\x10\x00", True)


def test_av1_units_of_countless_crumbs_are_given_up() -> None:
    crumb = b"\x2a\x00"  # metadata of no octets
    with pytest.raises(PayloadError):
        packetizer(Codec.AV1).packetize(KEY[Codec.AV1] + crumb * 2048, 1200)
    assert not av1.is_keyframe(KEY[Codec.AV1] + crumb * 2048)
    lead = packets_of(Codec.AV1, KEY[Codec.AV1], 5000)
    payload = b"\x00" + b"\x01\x28" * 500
    flood = [numbered(1 + index, payload, rtp_timestamp=1, marker=index == 4) for index in range(5)]
    got, receiver = run(Codec.AV1, lead + flood)
    assert (len(got), receiver.frames_dropped) == (1, 1)


def test_av1_tells_the_temporal_layer() -> None:
    payload = b"\x10" + b"\x34\x40\x30\x00"
    lead = packets_of(Codec.AV1, KEY[Codec.AV1], 5000)
    (_, frame), _ = run(Codec.AV1, [*lead, numbered(1, payload, rtp_timestamp=1, marker=True)])
    assert (frame.temporal_layer, frame.data) == (2, b"\x36\x40\x02\x30\x00")


MALFORMED = {
    Codec.VP8: [
        b"\x90", b"\x90\x80", b"\x90\x80\x80", b"\x90\x30", b"\x10", b"\x11\x01", b"\x00\x01", b"\x10\x00\x00\x00",
    ],
    Codec.VP9: [
        b"\x80", b"\xa0\x01", b"\xd8\x01\x03\x03\x03\x00\x86", b"\x0a\xf8", b"\x0a\x08\x02", b"\x08", b"\x04\x86",
        b"\x88\x01\x86\x00",
    ],
    Codec.AV1: [b"\x10", b"\x80\x01\x32", b"\x50\x32\x01", b"\x00\x05\x32", b"\x20\x32", b"\x10\xb2", b"\x10\x34",
                b"\x10\x32\x05\x01", b"\x10\x12\x00", b"\x00\x80", b"\x00" + b"\xff" * 9, b"\x10\x32\x00\x01"],
}  # fmt: skip


@pytest.mark.parametrize(("codec", "payload"), [(codec, payload) for codec in CODECS for payload in MALFORMED[codec]])
def test_malformed_payloads_drop_their_frame_only(codec: Codec, payload: bytes) -> None:
    lead = packets_of(codec, KEY[codec], 5000)
    damaged = [numbered(1, payload, rtp_timestamp=1, marker=True)]
    after = packets_of(codec, DELTA[codec], 5000, start=2, rtp_timestamp=2)
    got, receiver = run(codec, lead + damaged + after)
    assert [frame.data for frame in got] == [KEY[codec], DELTA[codec]]
    assert got[1].after_loss
    assert receiver.frames_dropped == 1


@pytest.mark.parametrize("codec", CODECS)
def test_a_frame_without_octets_and_too_little_room_are_refused(codec: Codec) -> None:
    for frame, room in ((b"", 1200), (KEY[codec], 15)):
        with pytest.raises(PayloadError):
            packetizer(codec).packetize(frame, room)
