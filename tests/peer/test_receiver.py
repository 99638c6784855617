"""One receiver on a clock that is moved by hand: gaps, repairs, keyframes, retired sources, reports."""

from __future__ import annotations

import itertools

import pytest

from tests.peer.fakes import IDS, Wire, make_receiver, make_sender, parameters
from tests.peer.support import Frames, audio_frames, video_frames
from tests.support.live_clip import nals
from wsmedia.media import Codec, EncodedFrame
from wsmedia.peer.receiver import KEYFRAME_INTERVAL, RETIREMENT, RtpReceiver
from wsmedia.peer.sender import RtpSender
from wsmedia.rtp import packet as rtp_packet
from wsmedia.rtp.header_extensions import AUDIO_LEVEL_URI
from wsmedia.rtp.packet import RtpPacket
from wsmedia.rtp.rtcp import SenderReport


class Rig:
    """A sender whose packets a test hands to a receiver as it likes."""

    def __init__(self, codec: Codec, *, rtx: int | None = None, feedback: frozenset[str] | None = None) -> None:
        self.wire = Wire()
        self.sender: RtpSender = make_sender(self.wire, codec, rtx=rtx)
        options = {} if feedback is None else {"feedback": feedback}
        self.receiver: RtpReceiver = make_receiver(self.wire, parameters(codec, rtx=rtx, **options))  # type: ignore[arg-type]
        self.frames = Frames()
        self.receiver.add_sink(self.frames)

    def packets(self, frame: EncodedFrame) -> list[RtpPacket]:
        """The packets of one frame."""
        self.wire.packets.clear()
        self.sender.send_frame(frame)
        return [rtp_packet.parse(data) for data in self.wire.packets]

    def receive(self, *packets: RtpPacket) -> float | None:
        """Hand packets over, a millisecond apart; gives the last time-out."""
        timeout = None
        for packet in packets:
            self.wire.clock.now += 0.001
            timeout = self.receiver.receive(packet, self.wire.clock.now)
        return timeout

    def wait(self, seconds: float) -> float | None:
        """Move the clock and let time-outs happen."""
        self.wire.clock.now += seconds
        return self.receiver.handle_timeout(self.wire.clock.now)


def test_of_layers_only_what_nothing_refers_to_stands_above_the_base() -> None:
    rig = Rig(Codec.VP8)
    key, delta = b"\x10\x02\x00\x9d\x01\x2a\xa0\x00\x60\x00", b"\x11" + bytes(20)
    # Layers as an encoder numbers them; the third of them is one that others refer to.
    for number, (layer, non_reference, frame) in enumerate(
        ((0, 0, key), (2, 1, delta), (1, 0, delta), (0, 1, delta), (0, 0, delta))
    ):
        descriptor = bytes((0x90 | non_reference << 5, 0x20, layer << 6))
        packet = rig.packets(EncodedFrame(frame, 3000 * number, 0, keyframe=frame is key))[0]
        packet.payload = descriptor + frame
        rig.receive(packet)
    told = [(frame.temporal_layer, frame.discardable) for frame in rig.frames.frames]
    assert told == [(0, False), (2, True), (0, False), (1, True), (0, False)]


def test_audio_leaves_at_once_and_a_gap_delays_it_a_little() -> None:
    rig = Rig(Codec.OPUS)
    packets = [rig.packets(frame)[0] for frame in audio_frames()[:5]]
    assert rig.receive(packets[0]) is None
    assert len(rig.frames.frames) == 1
    timeout = rig.receive(packets[2])
    assert len(rig.frames.frames) == 1
    assert timeout is not None
    rig.wait(0.006)
    assert rig.wire.nacks == [(rig.sender.ssrc, [packets[1].sequence_number])]
    rig.receive(packets[1])
    assert len(rig.frames.frames) == 3
    rig.receive(packets[4])
    rig.wait(0.2)
    assert [frame.data for frame in rig.frames.frames] == [bytes(packets[index].payload) for index in (0, 1, 2, 4)]


def test_audio_without_nack_waits_only_for_disorder() -> None:
    rig = Rig(Codec.OPUS, feedback=frozenset())
    packets = [rig.packets(frame)[0] for frame in audio_frames()[:3]]
    rig.receive(packets[0], packets[2])
    rig.wait(0.011)
    assert len(rig.frames.frames) == 2
    assert rig.wire.nacks == []


def test_retransmissions_of_their_own_source_fill_gaps() -> None:
    rig = Rig(Codec.H264, rtx=101)
    packets = rig.packets(video_frames()[0])
    missing = packets[3]
    rig.receive(*packets[:3], *packets[4:])
    rig.wait(0.006)
    assert rig.wire.nacks == [(rig.sender.ssrc, [missing.sequence_number])]
    rig.wire.packets.clear()
    rig.sender.nack_received((missing.sequence_number,), rig.wire.clock.now)
    (repair,) = [rtp_packet.parse(data) for data in rig.wire.packets]
    assert (repair.payload_type, repair.ssrc) == (101, rig.sender.source.rtx_ssrc)
    rig.receive(repair)
    assert rig.frames.units == [nals(video_frames()[0].data)]
    assert rig.receiver.ssrc == rig.sender.ssrc


def test_probes_and_strange_payload_types_are_ignored() -> None:
    rig = Rig(Codec.H264, rtx=101)
    source = rig.sender.source
    assert rig.receive(RtpPacket(101, 1, 2, source.rtx_ssrc, b"\0\1x")) is None, "a repair of nothing"
    rig.receive(*rig.packets(video_frames()[0]))
    assert rig.receive(RtpPacket(101, 1, 2, source.rtx_ssrc, b"")) is None
    assert rig.receive(RtpPacket(55, 1, 2, 77, b"xyz")) is None
    assert rig.receiver.ssrc == rig.sender.ssrc
    assert len(rig.frames.frames) == 1


def test_after_an_unrepaired_gap_only_a_keyframe_helps() -> None:
    rig = Rig(Codec.H264)
    frames = video_frames(60, every=30)
    rig.receive(*rig.packets(frames[0]))
    rig.packets(frames[1])  # all of it is lost
    rig.receive(*rig.packets(frames[2]))
    assert len(rig.frames.frames) == 1
    rig.wait(0.6)
    assert rig.receiver.frames_dropped == 1
    assert rig.wire.keyframe_requests == [(rig.sender.ssrc, False)]
    for frame in frames[3:30]:
        rig.receive(*rig.packets(frame))
    assert len(rig.wire.keyframe_requests) == 1
    rig.receive(*rig.packets(frames[30]), *rig.packets(frames[31]))
    assert rig.frames.units == [nals(frames[index].data) for index in (0, 30, 31)]
    rig.wait(5.0)
    assert len(rig.wire.keyframe_requests) == 1


def test_unanswered_requests_are_repeated_while_packets_come() -> None:
    rig = Rig(Codec.H264)
    frames = video_frames(60, every=30)
    rig.receive(*rig.packets(frames[0]))
    rig.receiver.request_keyframe()
    rig.receiver.request_keyframe()
    assert len(rig.wire.keyframe_requests) == 1
    rig.wait(5.0)
    assert len(rig.wire.keyframe_requests) == 1, "a silent source is not pestered"
    rig.receive(*rig.packets(frames[1]))
    rig.wait(KEYFRAME_INTERVAL)
    assert len(rig.wire.keyframe_requests) == 2


def test_fir_where_pli_is_unknown() -> None:
    rig = Rig(Codec.H264, feedback=frozenset(("ccm fir",)))
    rig.receive(*rig.packets(video_frames()[0]))
    rig.receiver.request_keyframe()
    assert rig.wire.keyframe_requests == [(rig.sender.ssrc, True)]


def test_sound_needs_no_keyframe() -> None:
    rig = Rig(Codec.OPUS)
    rig.receive(*rig.packets(audio_frames()[0]))
    rig.receiver.request_keyframe()
    assert rig.wire.keyframe_requests == []


def test_stragglers_of_the_old_source_do_not_bring_it_back() -> None:
    rig = Rig(Codec.OPUS)
    old = [rig.packets(frame)[0] for frame in audio_frames()[:3]]
    rig.receive(old[0])
    rig.receive(RtpPacket(100, 9, 0, 4711, b"new"))
    assert rig.receiver.ssrc == 4711
    rig.receive(old[1])
    assert rig.receiver.ssrc == 4711
    assert [frame.data for frame in rig.frames.frames] == [bytes(old[0].payload), b"new"]
    rig.wait(RETIREMENT + 0.1)
    rig.receive(old[2])
    assert rig.receiver.ssrc == rig.sender.ssrc, "it has rested long enough to be a source again"


def test_a_declared_source_starts_over_and_a_declared_return_is_believed() -> None:
    rig = Rig(Codec.OPUS)
    rig.receive(rig.packets(audio_frames()[0])[0])
    ours = rig.sender.ssrc
    rig.receiver.configure(parameters(Codec.OPUS, ssrcs=(4711,)))
    assert rig.receiver.ssrc == 4711
    rig.receiver.configure(parameters(Codec.OPUS, ssrcs=(ours,)))
    rig.receive(rig.packets(audio_frames()[1])[0])
    assert rig.receiver.ssrc == ours
    assert len(rig.frames.frames) == 2


def test_retired_sources_are_bounded() -> None:
    rig = Rig(Codec.OPUS)
    for ssrc in range(1, 200):
        rig.receive(RtpPacket(100, 9, 0, ssrc, b"x"))
    assert len(rig.receiver._retired) <= 16


def test_audio_levels_are_read() -> None:
    rig = Rig(Codec.OPUS)
    rig.receive(
        RtpPacket(100, 1, 0, 5, b"x", extensions={IDS[AUDIO_LEVEL_URI]: b"\x9e"}), RtpPacket(100, 2, 0, 5, b"y")
    )
    assert [frame.audio_level for frame in rig.frames.frames] == [0x9E, None]


def test_capture_times_follow_sender_reports() -> None:
    rig = Rig(Codec.OPUS)
    rig.sender.send_frame(audio_frames()[0])
    report = rig.sender.report()
    assert isinstance(report, SenderReport)
    rig.receiver.sender_report_received(report, rig.wire.clock.now)
    for frame in audio_frames()[1:4]:
        rig.wire.clock.now += 0.02
        rig.receive(*rig.packets(frame))
    times = [frame.capture_time_us for frame in rig.frames.frames]
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert steps == pytest.approx([20_000, 20_000], abs=10)  # the clocks' offset may drift by 200 ppm


def test_report_blocks_tell_of_losses() -> None:
    rig = Rig(Codec.OPUS)
    assert rig.receiver.report_block(rig.wire.clock.now) is None
    packets = [rig.packets(frame)[0] for frame in audio_frames()[:10]]
    rig.receive(*packets[:4], *packets[5:])
    block = rig.receiver.report_block(rig.wire.clock.now)
    assert block is not None
    assert (block.ssrc, block.packets_lost) == (rig.sender.ssrc, 1)


def test_capacity_is_the_greatest_of_the_sinks() -> None:
    rig = Rig(Codec.H264)
    changes: list[int | None] = []
    rig.receiver.on_capacity = lambda: changes.append(rig.receiver.capacity_bps)
    other = Frames()
    rig.receiver.set_capacity(rig.frames, 300_000)
    rig.receiver.set_capacity(other, 800_000)
    rig.receiver.remove_sink(other)
    rig.receiver.remove_sink(rig.frames)
    assert changes == [300_000, 800_000, 300_000, None]
