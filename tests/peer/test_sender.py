"""One sender on a clock that is moved by hand: retransmission, bounds, reports, header extensions."""

from __future__ import annotations

import pytest

from tests.peer.fakes import IDS, Wire, make_sender
from tests.peer.support import audio_frames, video_frames
from wsmedia.media import Codec
from wsmedia.peer.sender import KEYFRAME_GUARD, KEYFRAME_INTERVAL, MAX_RETRANSMISSIONS_PER_SECOND
from wsmedia.rtp import packet as rtp_packet
from wsmedia.rtp.header_extensions import AUDIO_LEVEL_URI, MID_URI, TRANSPORT_CC_URI
from wsmedia.rtp.rtcp import ReportBlock


def test_packets_are_what_was_negotiated() -> None:
    wire = Wire()
    sender = make_sender(wire, Codec.H264)
    sender.send_frame(video_frames()[0])
    sender.send_frame(video_frames()[1])
    packets = [rtp_packet.parse(data) for data in wire.packets]
    assert all(len(data) <= 1200 for data in wire.packets)
    assert {(packet.ssrc, packet.payload_type) for packet in packets} == {(sender.ssrc, 100)}
    assert {packet.extensions[IDS[MID_URI]] for packet in packets} == {b"0"}
    assert all(IDS[AUDIO_LEVEL_URI] not in packet.extensions for packet in packets)
    numbers = [int.from_bytes(packet.extensions[IDS[TRANSPORT_CC_URI]]) for packet in packets]
    assert [number - numbers[0] & 0xFFFF for number in numbers] == list(range(len(packets)))
    sequence = [packet.sequence_number for packet in packets]
    assert [number - sequence[0] & 0xFFFF for number in sequence] == list(range(len(packets)))
    stamps = [packet.rtp_timestamp for packet in packets]
    ends = [index for index, packet in enumerate(packets) if packet.marker]
    assert ends == [stamps.index(stamps[-1]) - 1, len(packets) - 1]
    assert sender.source.statistics.packets_sent == len(packets)
    assert sender.source.statistics.octets_sent == sum(len(packet.payload) for packet in packets)


def test_audio_has_no_marker_and_a_level() -> None:
    wire = Wire()
    sender = make_sender(wire, Codec.OPUS)
    sender.send_frame(audio_frames()[0])
    (packet,) = [rtp_packet.parse(data) for data in wire.packets]
    assert not packet.marker
    assert packet.extensions[IDS[AUDIO_LEVEL_URI]] == bytes([30])
    assert bytes(packet.payload) == audio_frames()[0].data


def test_plain_retransmissions_are_the_same_octets() -> None:
    """Anything else would repeat a nonce of AES-GCM with other content."""
    wire = Wire()
    sender = make_sender(wire, Codec.OPUS)
    sender.send_frame(audio_frames()[0])
    (first,) = wire.packets
    number = rtp_packet.parse(first).sequence_number
    sender.nack_received((number, number - 1 & 0xFFFF), wire.clock.now + 0.1)
    assert wire.packets == [first, first]
    sender.nack_received((number,), wire.clock.now + 0.1)
    assert len(wire.packets) == 2, "asked for twice within a round trip"


def test_retransmissions_are_limited() -> None:
    wire = Wire()
    sender = make_sender(wire, Codec.OPUS)
    sender.send_frame(audio_frames()[0])
    number = rtp_packet.parse(wire.packets[0]).sequence_number
    for round_number in range(MAX_RETRANSMISSIONS_PER_SECOND + 500):
        # The history's own interval would forbid this rate; here only the cap is looked at.
        sender._history.min_resend_interval = 0.0
        sender.nack_received((number,), wire.clock.now + round_number * 1e-4)
    assert len(wire.packets) == 1 + MAX_RETRANSMISSIONS_PER_SECOND


def test_nothing_is_kept_beyond_the_history() -> None:
    wire = Wire()
    sender = make_sender(wire, Codec.OPUS, history_packets=16)
    for frame in audio_frames()[:40]:
        sender.send_frame(frame)
    numbers = tuple(rtp_packet.parse(data).sequence_number for data in wire.packets)
    wire.packets.clear()
    sender.nack_received(numbers, wire.clock.now + 0.1)
    assert len(wire.packets) == 16


def test_requests_are_coalesced_and_the_last_is_not_lost() -> None:
    wire = Wire()
    sender = make_sender(wire, Codec.H264)
    requests: list[float] = []
    sender.on_keyframe_request = lambda: requests.append(wire.clock.now)
    now = wire.clock.now = 2000.0
    for step in range(10):
        sender.keyframe_requested(now + step / 100)
    assert len(requests) == 1
    sender.handle_timeout(now + KEYFRAME_INTERVAL)
    assert len(requests) == 2
    sender.send_frame(video_frames()[0])
    sender.keyframe_requested(wire.clock.now + KEYFRAME_GUARD / 2)
    sender.handle_timeout(wire.clock.now + 5)
    assert len(requests) == 2


def test_reports_begin_with_the_first_frame() -> None:
    wire = Wire()
    sender = make_sender(wire, Codec.OPUS)
    assert sender.report() is None
    sender.send_frame(audio_frames()[0])
    first = sender.report()
    wire.clock.now += 1.0
    second = sender.report()
    assert first is not None
    assert second is not None
    assert second.rtp_timestamp - first.rtp_timestamp & 0xFFFFFFFF == pytest.approx(48_000, abs=2)
    assert second.ntp_timestamp - first.ntp_timestamp == pytest.approx(2**32, rel=1e-4)
    sender.configure(None)
    assert sender.report() is None


def test_the_round_trip_time_paces_retransmissions() -> None:
    wire = Wire()
    sender = make_sender(wire, Codec.OPUS)
    sender.send_frame(audio_frames()[0])
    report = sender.report()
    assert report is not None
    wire.clock.now += 0.15
    sender.report_received(
        ReportBlock(sender.ssrc, 12, 0, 0, 7, report.ntp_timestamp >> 16 & 0xFFFFFFFF, 0x10000 // 20)
    )
    assert sender.source.statistics.round_trip_time == pytest.approx(0.1, abs=0.002)
    assert sender._history.min_resend_interval == pytest.approx(0.1, abs=0.002)


def test_a_sender_that_is_not_negotiated_takes_frames_and_drops_them() -> None:
    wire = Wire()
    sender = make_sender(wire, Codec.OPUS)
    sender.configure(None)
    sender.send_frame(audio_frames()[0])
    sender.nack_received((1,), wire.clock.now)
    assert (sender.frames_dropped, wire.packets) == (1, [])
