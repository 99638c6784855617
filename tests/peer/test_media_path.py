"""The media path between a transport that only remembers and senders that are negotiated: rate, requests, floods."""

from __future__ import annotations

from tests.peer.fakes import IDS, ManualClock, encoding
from wsmedia.media import Codec, Track, TrackSource
from wsmedia.peer.config import PeerConfig
from wsmedia.peer.media_path import MAX_RTCP_PER_SECOND, MediaPath
from wsmedia.peer.outlet import SendParameters
from wsmedia.peer.sender import RtpSender
from wsmedia.rtp import rtcp
from wsmedia.rtp.feedback import Fir, Nack, Pli, Remb
from wsmedia.rtp.header_extensions import ExtensionMap
from wsmedia.rtp.timeline import CaptureClock


class FakeTransport:
    """Takes packets and forgets them."""

    def send_rtp(self, data: bytes) -> None: ...

    def send_rtp_all(self, packets: list[bytes]) -> None: ...

    def send_rtcp(self, data: bytes) -> None: ...


class Path:
    """A media path with video senders, and what they are told."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.path = MediaPath(FakeTransport(), PeerConfig(addresses=[]), self.clock)  # type: ignore[arg-type]
        self.targets: list[list[int]] = []
        self.requests: list[RtpSender] = []
        self.senders: list[RtpSender] = []

    def add_video(self) -> RtpSender:
        """One more sender, negotiated."""
        track = Track(len(self.senders), Codec.H264, TrackSource.CAMERA)
        sender = RtpSender(
            track, "s", outlet=self.path.outlet, clock=CaptureClock(), max_packet=1200, history_packets=64
        )
        sender.configure(SendParameters("0", encoding(Codec.H264, 100), ExtensionMap(IDS)))
        told: list[int] = []
        self.targets.append(told)
        sender.on_target_bitrate = told.append
        sender.on_keyframe_request = lambda: self.requests.append(sender)
        self.senders.append(sender)
        self.path.configure(self.senders, [], reduced_size=True)
        return sender

    def receive(self, *packets: rtcp.RtcpPacket) -> None:
        self.path.rtcp_received(rtcp.serialize(packets))


def test_a_sender_that_comes_later_is_told_its_share_too() -> None:
    path = Path()
    path.add_video()
    path.receive(Remb(1, 2_000_000, ()))
    path.receive(Remb(1, 2_000_000, ()))
    assert path.targets == [[2_000_000]]
    path.add_video()
    path.receive(Remb(1, 2_000_000, ()))
    assert path.targets == [[2_000_000, 1_000_000], [1_000_000]]


def test_a_flood_of_reports_is_not_looked_at() -> None:
    path = Path()
    sender = path.add_video()
    for _ in range(MAX_RTCP_PER_SECOND):
        path.receive(rtcp.ReceiverReport(1))
    path.receive(Pli(1, sender.ssrc))
    assert path.requests == []
    path.clock.now += 1.0
    path.receive(Pli(1, sender.ssrc))
    assert path.requests == [sender]


def test_feedback_about_unknown_sources_is_ignored() -> None:
    path = Path()
    other = path.add_video().ssrc ^ 1
    block = rtcp.ReportBlock(other, 255, 1, 1, 1, 1, 1)
    path.receive(
        rtcp.SenderReport(7, 1, 1, 1, 1, (block,)),
        rtcp.ReceiverReport(7, (block,)),
        Nack(1, other, tuple(range(2000))),
        Pli(1, other),
        Fir(1, ((other, 1),)),
        rtcp.Bye((other,)),
    )
    assert path.requests == []
    assert path.targets == [[]]
