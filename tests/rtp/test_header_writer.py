import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rtp.support import u8, u16, u32
from wsmedia.errors import PacketError
from wsmedia.rtp import header_extensions as extensions
from wsmedia.rtp.header_extensions import ExtensionMap
from wsmedia.rtp.header_writer import HeaderWriter
from wsmedia.rtp.packet import parse

uris = st.sets(
    st.sampled_from(
        [extensions.MID_URI, extensions.RID_URI, extensions.ABS_SEND_TIME_URI, extensions.TRANSPORT_CC_URI,
         extensions.AUDIO_LEVEL_URI]
    )
)  # fmt: skip


@st.composite
def maps(draw):
    chosen = sorted(draw(uris))
    highest = draw(st.sampled_from([14, 255]))
    ids = draw(st.lists(st.integers(1, highest), min_size=len(chosen), max_size=len(chosen), unique=True))
    return ExtensionMap(dict(zip(chosen, ids, strict=True)))


@given(
    maps(), st.sampled_from([None, "0", "video-1", "m" * 20]), u32, u16, u32, st.binary(max_size=1200), st.booleans(),
    u16, st.integers(0, 0xFFFFFF), st.none() | u8, u16,
)  # fmt: skip
def test_what_is_written_is_read(
    ids, mid, ssrc, sequence_number, rtp_timestamp, payload, marker, transport, abs_send_time, level, restamped
):
    writer = HeaderWriter(ssrc, 96, ids, mid=mid, rid="r" if mid else None)

    data = writer.write(
        sequence_number,
        rtp_timestamp,
        payload,
        marker=marker,
        transport_sequence_number=transport,
        abs_send_time=abs_send_time,
        audio_level=level,
    )

    packet = parse(data)
    assert len(data) == writer.overhead + len(payload)
    assert (packet.payload_type, packet.sequence_number, packet.rtp_timestamp) == (96, sequence_number, rtp_timestamp)
    assert (packet.ssrc, packet.marker, packet.payload) == (ssrc, marker, payload)
    decoded = ids.decode(packet.extensions)
    assert decoded.mid == (mid if ids.mid is not None else None)
    assert decoded.rid == ("r" if mid and ids.rid is not None else None)
    assert decoded.transport_sequence_number == (transport if ids.transport_cc is not None else None)
    assert decoded.abs_send_time == (abs_send_time if ids.abs_send_time is not None else None)
    assert decoded.audio_level == ((127 if level is None else level) if ids.audio_level is not None else None)

    again = parse(writer.restamp(data, restamped, 77))
    redecoded = ids.decode(again.extensions)
    assert redecoded.transport_sequence_number == (restamped if ids.transport_cc is not None else None)
    assert redecoded.abs_send_time == (77 if ids.abs_send_time is not None else None)
    assert (redecoded.mid, redecoded.rid, redecoded.audio_level) == (decoded.mid, decoded.rid, decoded.audio_level)
    assert again.payload == packet.payload


def test_video_leaves_the_audio_level_out():
    ids = ExtensionMap({extensions.AUDIO_LEVEL_URI: 1})
    assert parse(HeaderWriter(1, 96, ids, with_audio_level=False).write(1, 2, b"x")).extensions == {}


def test_ids_out_of_range_are_refused():
    with pytest.raises(PacketError):
        HeaderWriter(1, 96, ExtensionMap({extensions.MID_URI: 256}), mid="0")
    with pytest.raises(PacketError):
        HeaderWriter(1, 96, ExtensionMap({extensions.MID_URI: 1}), mid="m" * 256)


@given(maps(), u16, u32, st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=5), st.booleans(), u16)
def test_a_frame_is_written_as_its_packets_would_be(
    ids, sequence_number, rtp_timestamp, payloads, mark_last, transport
):
    writer = HeaderWriter(7, 96, ids, mid="0")
    packets = writer.write_frame(
        sequence_number,
        rtp_timestamp,
        payloads,
        mark_last=mark_last,
        transport_sequence_number=transport,
        abs_send_time=5,
        audio_level=9,
    )
    assert packets == [
        writer.write(
            (sequence_number + index) & 0xFFFF,
            rtp_timestamp,
            payload,
            marker=mark_last and index == len(payloads) - 1,
            transport_sequence_number=(transport + index) & 0xFFFF,
            abs_send_time=5,
            audio_level=9,
        )
        for index, payload in enumerate(payloads)
    ]
