"""What the sender reports of one participant say about audio and video, whatever the clocks do."""

from __future__ import annotations

import pytest

from tests.peer.fakes import IDS, Wire, encoding
from tests.peer.support import audio_frames, video_frames
from wsmedia.media import Codec, EncodedFrame, Track, TrackSource
from wsmedia.peer.outlet import SendParameters
from wsmedia.peer.sender import RtpSender
from wsmedia.rtp.header_extensions import ExtensionMap
from wsmedia.rtp.rtcp import SenderReport
from wsmedia.rtp.timeline import CaptureClock, unix_us_from_ntp

VIDEO_DELAY, AUDIO_DELAY = 0.080, 0.005
HOUR_US = 3_600_000_000


class Participant:
    """Sends audio and video of one capture clock; video takes longer to encode. The clocks can be stepped."""

    def __init__(self, clock_error_us: int) -> None:
        self.wire = Wire()
        self.clock_error_us = clock_error_us
        self.gateway_step_us = 0
        outlet, clock = self.wire.outlet(), CaptureClock()
        manual = self.wire.clock
        wall_us = manual.wall_us
        manual.wall_us = lambda: wall_us() + self.gateway_step_us  # type: ignore[method-assign]
        self.senders = {}
        for codec in (Codec.H264, Codec.OPUS):
            track = Track(1, codec, TrackSource.CAMERA)
            sender = RtpSender(track, "s", outlet=outlet, clock=clock, max_packet=1200, history_packets=64)
            sender.configure(SendParameters("0", encoding(codec, 100), ExtensionMap(IDS)))
            self.senders[codec] = sender

    def send(self, codec: Codec, captured: float) -> None:
        """Send what was captured at a time of the test's own, when it is encoded."""
        video = codec is Codec.H264
        self.wire.clock.now = max(self.wire.clock.now, captured + (VIDEO_DELAY if video else AUDIO_DELAY))
        frame = video_frames(1)[0] if video else audio_frames(1)[0]
        capture_time_us = int(captured * 1e6) + self.clock_error_us
        ticks = int(captured * codec.clock_rate) & 0xFFFFFFFF
        self.senders[codec].send_frame(EncodedFrame(frame.data, ticks, capture_time_us, keyframe=video))

    def run(self, began: float, seconds: float, *codecs: Codec) -> None:
        """Send in the order in which frames leave: 30 pictures and 50 sounds a second."""
        steps = {Codec.H264: (1 / 30, VIDEO_DELAY), Codec.OPUS: (0.02, AUDIO_DELAY)}
        due = [
            (began + index * steps[codec][0] + steps[codec][1], codec, began + index * steps[codec][0])
            for codec in codecs
            for index in range(int(seconds / steps[codec][0]))
        ]
        for _, codec, captured in sorted(due):
            self.send(codec, captured)

    def captured(self, codec: Codec, report: SenderReport) -> float:
        """When, on the test's clock, what a report's NTP time stands for was captured, in seconds."""
        ticks = report.rtp_timestamp - self.senders[codec].source.timestamp_offset & 0xFFFFFFFF
        return ticks / codec.clock_rate

    def skew(self) -> float:
        """By how much a subscriber that trusts the reports plays video later than audio, in seconds."""
        anchors = []
        for codec, sender in self.senders.items():
            report = sender.report()
            assert report is not None
            anchors.append(unix_us_from_ntp(report.ntp_timestamp) / 1e6 - self.captured(codec, report))
        return anchors[0] - anchors[1]


@pytest.mark.parametrize("clock_error_us", [0, -5 * HOUR_US, 26 * HOUR_US, -1_700_000_000_000_000])
def test_reports_of_audio_and_video_agree(clock_error_us: int) -> None:
    participant = Participant(clock_error_us)
    participant.run(1000.0, 3.0, Codec.H264, Codec.OPUS)
    assert abs(participant.skew()) < 0.001


def test_a_track_that_starts_late_agrees_from_its_first_frame() -> None:
    participant = Participant(-5 * HOUR_US)
    participant.run(1000.0, 60.0, Codec.OPUS)
    participant.send(Codec.H264, 1060.0)
    assert abs(participant.skew()) < 0.001


@pytest.mark.parametrize("step_us", [-2 * HOUR_US, -10_000_000, 5_000_000, 3 * HOUR_US])
@pytest.mark.parametrize("where", ["participant", "gateway"])
def test_a_clock_that_steps_does_not_part_them(where: str, step_us: int) -> None:
    participant = Participant(0)
    participant.run(1000.0, 3.0, Codec.H264, Codec.OPUS)
    if where == "gateway":
        participant.gateway_step_us = step_us
    else:
        participant.clock_error_us = step_us
    participant.run(1003.0, 0.5, Codec.H264, Codec.OPUS)
    assert abs(participant.skew()) < 0.001


def test_a_muted_track_does_not_report_on_a_clock_that_is_gone() -> None:
    participant = Participant(0)
    participant.run(1000.0, 1.0, Codec.H264, Codec.OPUS)
    participant.clock_error_us = 3 * HOUR_US
    participant.run(1001.0, 1.0, Codec.H264)
    assert participant.senders[Codec.OPUS].report() is None
    participant.send(Codec.OPUS, 1002.0)
    assert abs(participant.skew()) < 0.001
