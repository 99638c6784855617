"""RTCP as it is put together: who reports, what goes where, what is left out."""

from __future__ import annotations

from tests.peer.fakes import Wire, make_receiver, make_sender, parameters
from tests.peer.support import Frames, audio_frames
from wsmedia.media import Codec
from wsmedia.peer.receiver import RtpReceiver
from wsmedia.peer.reports import MAX_BLOCKS, UNLIMITED_BPS, Reporter
from wsmedia.rtp import rtcp
from wsmedia.rtp.feedback import Pli, Remb
from wsmedia.rtp.packet import RtpPacket


def _receivers(count: int, feedback: frozenset[str] = frozenset(), codec: Codec = Codec.H264) -> list[RtpReceiver]:
    made = []
    for ssrc in range(1, count + 1):
        receiver = make_receiver(Wire(), parameters(codec, ssrcs=(ssrc,), feedback=feedback))
        receiver.receive(RtpPacket(100, 1, 2, ssrc, b"x"), 5.0)
        made.append(receiver)
    return made


def _remb(datagrams: list[bytes]) -> list[Remb]:
    return [packet for data in datagrams for packet in rtcp.parse(data) if isinstance(packet, Remb)]


def test_nobody_has_nothing_to_say() -> None:
    assert Reporter(9, "me").periodic([], [], 1.0) == []


def test_senders_report_and_the_first_carries_the_blocks() -> None:
    wire = Wire()
    senders = [make_sender(wire, Codec.OPUS) for _ in range(2)]
    for sender in senders:
        sender.send_frame(audio_frames()[0])
    datagrams = [rtcp.parse(data) for data in Reporter(9, "me").periodic(senders, _receivers(2), 5.0)]
    reports = [packets[0] for packets in datagrams]
    assert all(isinstance(report, rtcp.SenderReport) for report in reports)
    assert [len(report.reports) for report in reports] == [2, 0]  # type: ignore[union-attr]
    for packets, sender in zip(datagrams, senders, strict=True):
        description = packets[1]
        assert isinstance(description, rtcp.Sdes)
        assert (description.chunks[0].ssrc, description.chunks[0].cname) == (sender.ssrc, "me")


def test_many_blocks_take_several_datagrams_that_fit() -> None:
    feedback = frozenset(("goog-remb",))
    datagrams = Reporter(9, "me").periodic([], _receivers(70, feedback), 5.0)
    assert [len(rtcp.parse(data)[0].reports) for data in datagrams] == [MAX_BLOCKS, MAX_BLOCKS, 8]  # type: ignore[union-attr]
    assert max(map(len, datagrams)) < 1352
    assert len(_remb(datagrams)) == 1


def test_feedback_needs_a_report_in_front_unless_the_peer_takes_it_bare() -> None:
    reporter = Reporter(9, "me")
    pli = Pli(9, 1)
    assert [type(packet) for packet in rtcp.parse(reporter.compound([pli]))] == [rtcp.ReceiverReport, rtcp.Sdes, Pli]
    reporter.reduced_size = True
    assert rtcp.parse(reporter.compound([pli])) == [pli]


def test_remb_only_for_those_who_asked() -> None:
    reporter = Reporter(9, "me")
    reporter.capacity_bps = 500_000
    assert _remb(reporter.periodic([], _receivers(1), 5.0)) == []
    (remb,) = _remb(reporter.periodic([], _receivers(2, frozenset(("goog-remb",))), 5.0))
    assert remb.ssrcs == (1, 2)
    assert 490_000 < remb.bitrate_bps <= 500_000


def test_without_a_limit_only_a_peer_that_has_nothing_else_is_told_so() -> None:
    reporter = Reporter(9, "me")
    assert _remb(reporter.periodic([], _receivers(1, frozenset(("goog-remb", "transport-cc"))), 5.0)) == []
    (remb,) = _remb(reporter.periodic([], _receivers(1, frozenset(("goog-remb",))), 5.0))
    assert remb.bitrate_bps > 0.99 * UNLIMITED_BPS


def test_the_sinks_of_all_video_count_together() -> None:
    reporter = Reporter(9, "me")
    receivers = _receivers(2, frozenset(("goog-remb",)))
    sink = Frames.__new__(Frames)
    receivers[0].set_capacity(sink, 200_000)
    assert _remb(reporter.periodic([], receivers, 5.0))[0].bitrate_bps > 0.99 * UNLIMITED_BPS
    receivers[1].set_capacity(sink, 300_000)
    assert _remb(reporter.periodic([], receivers, 5.0))[0].bitrate_bps in range(490_000, 500_001)
    reporter.capacity_bps = 100_000
    assert _remb(reporter.periodic([], receivers, 5.0))[0].bitrate_bps in range(98_000, 100_001)


def test_a_fall_is_told_at_once_and_a_rise_with_the_next_report() -> None:
    reporter = Reporter(9, "me")
    receivers = _receivers(1, frozenset(("goog-remb",)))
    reporter.capacity_bps = 500_000
    assert reporter.capacity_change(receivers) is not None
    reporter.capacity_bps = 499_000
    assert reporter.capacity_change(receivers) is None
    reporter.capacity_bps = 900_000
    assert reporter.capacity_change(receivers) is None
    reporter.capacity_bps = 300_000
    change = reporter.capacity_change(receivers)
    assert change is not None
    assert change.bitrate_bps in range(290_000, 300_001)
