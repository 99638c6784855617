import contextlib

import pytest
from aiortc.rtp import RtcpPacket as AiortcRtcpPacket
from hypothesis import given
from hypothesis import strategies as st

from tests.rtp.support import u8, u16, u32, u64
from wsmedia.errors import PacketError
from wsmedia.rtp import rtcp
from wsmedia.rtp.feedback import Fir, Nack, Pli, Remb
from wsmedia.rtp.rtcp import Bye, ReceiverReport, ReportBlock, Sdes, SdesChunk, SenderReport
from wsmedia.rtp.twcc import TransportFeedback

blocks = st.builds(ReportBlock, u32, u8, st.integers(-(2**23), 2**23 - 1), u32, u32, u32, u32)
reports = st.lists(blocks, max_size=3).map(tuple)
chunks = st.builds(
    SdesChunk, u32, st.lists(st.tuples(st.integers(1, 8), st.binary(max_size=20)), max_size=3).map(tuple)
)
packets = st.one_of(
    st.builds(SenderReport, u32, u64, u32, u32, u32, reports),
    st.builds(ReceiverReport, u32, reports),
    st.builds(Sdes, st.lists(chunks, max_size=3).map(tuple)),
    st.builds(Bye, st.lists(u32, max_size=3).map(tuple), st.text(max_size=20)),
    st.builds(Nack, u32, u32, st.integers(0, 0xFFFF).map(lambda number: (number,))),
    st.builds(Pli, u32, u32),
    st.builds(Fir, u32, st.lists(st.tuples(u32, u8), max_size=3).map(tuple)),
    st.builds(Remb, u32, st.integers(0, 0x3FFFF), st.lists(u32, max_size=3).map(tuple)),
    st.builds(
        TransportFeedback, u32, u32, u16, st.integers(-(2**23), 2**23 - 1), u8,
        st.lists(st.none() | st.integers(-0x8000, 0x7FFF), min_size=1, max_size=60).map(tuple),
    ),
)  # fmt: skip


@given(st.lists(packets, min_size=1, max_size=5))
def test_compound_round_trip(compound):
    data = rtcp.serialize(compound)
    assert len(data) % 4 == 0
    assert rtcp.parse(data) == compound


@given(st.builds(SenderReport, u32, u64, u32, u32, u32, reports))
def test_another_implementation_reads_the_same_report(report):
    cname = Sdes.of_cname(report.ssrc, "somebody")
    other, description = AiortcRtcpPacket.parse(rtcp.serialize([report, cname]))
    assert (other.ssrc, other.sender_info.ntp_timestamp, other.sender_info.rtp_timestamp) == (
        report.ssrc,
        report.ntp_timestamp,
        report.rtp_timestamp,
    )
    assert [block.packets_lost for block in other.reports] == [block.packets_lost for block in report.reports]
    assert [block.highest_sequence for block in other.reports] == [
        block.highest_sequence_number for block in report.reports
    ]
    assert description.chunks[0].items == [(1, b"somebody")]
    assert rtcp.parse(bytes(other) + bytes(description)) == [report, cname]


@given(st.lists(packets, min_size=1, max_size=3), st.data())
def test_damaged_packets_are_parsed_or_refused(compound, data):
    damaged = bytearray(rtcp.serialize(compound))
    for _ in range(3):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(u8)
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    with contextlib.suppress(PacketError):
        rtcp.parse(bytes(damaged))


@given(st.integers(192, 223), st.integers(0, 31), st.binary(max_size=60))
def test_arbitrary_bodies_are_parsed_or_refused(packet_type, count, body):
    body += bytes(-len(body) % 4)
    with contextlib.suppress(PacketError):
        rtcp.parse(bytes((0x80 | count, packet_type)) + (len(body) // 4).to_bytes(2) + body)


def test_unknown_types_and_formats_are_skipped():
    application_defined = bytes.fromhex("80cc0002 00000001 41424344")
    unknown_transport_feedback = bytes.fromhex("9ecd0002 00000001 00000002")
    unknown_payload_feedback = bytes.fromhex("9ece0002 00000001 00000002")
    application_layer_feedback = bytes.fromhex("8fce0003 00000001 00000002 4f544852")
    data = application_defined + unknown_transport_feedback + unknown_payload_feedback + application_layer_feedback
    assert rtcp.parse(data + Pli(1, 2).serialize()) == [Pli(1, 2)]


def test_padding_of_the_last_packet_is_removed():
    assert rtcp.parse(bytes.fromhex("a1cb0002 00000007 00000004")) == [Bye((7,))]


def test_profile_specific_extensions_of_reports_are_tolerated():
    assert rtcp.parse(bytes.fromhex("80c90002 00000001 deadbeef")) == [ReceiverReport(1)]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "80c9",
        "40c90001 00000001",
        "80c90002 00000001",
        "80c90001 00000001 80",
        "80c90000",
        "81c90001 00000001",
        "80c80005 00000001 00000000 00000000 00000000 00000000",
        "a0c90001 00000000",
        "a0c90001 00000009",
        "a0c90000",
        "81ca0002 00000001 01050000",
        "81ca0002 00000001 01010101",
        "82ca0002 00000001 00000000",
        "82cb0001 00000001",
        "81cb0002 00000001 05414243",
        "81cd0001 00000001",
        "81ce0001 00000001",
        "84ce0003 00000001 00000002 00000003",
        "8fce0003 00000001 00000000 52454d42",
        "8fce0004 00000001 00000000 52454d42 01000000",
        "8fcd0003 00000001 00000002 00000001",
        "8fcd0004 00000001 00000002 00000001 00000000",
        "8fcd0005 00000001 00000002 00000001 00000000 00000000",
        "8fcd0005 00000001 00000002 00000001 00000000 60010000",
        "8fcd0005 00000001 00000002 00000002 00000000 40020000",
    ],
)
def test_broken_packets_are_refused(data):
    with pytest.raises(PacketError):
        rtcp.parse(bytes.fromhex(data))


def test_more_blocks_than_the_count_can_say_are_refused():
    block = ReportBlock(1, 0, 0, 0, 0, 0, 0)
    for packet in (
        SenderReport(1, 2, 3, 4, 5, (block,) * 32),
        ReceiverReport(1, (block,) * 32),
        Bye((1,) * 32),
        Sdes((SdesChunk(1, ()),) * 32),
    ):
        with pytest.raises(PacketError):
            packet.serialize()


def test_cname():
    assert SdesChunk(1, ((2, b"name"), (1, b"me"))).cname == "me"
    assert SdesChunk(1, ((1, b"\xff"),)).cname is None
    assert SdesChunk(1, ()).cname is None
