"""Frames between two connections over loopback: equal bytes, times, levels, requests, reports, under loss too."""

from __future__ import annotations

import asyncio
import itertools
import random

import pytest

from tests.peer.link import BadLink
from tests.peer.support import (
    AUDIO,
    VIDEO,
    Frames,
    Incoming,
    audio_frames,
    connected,
    eventually,
    loopback,
    negotiate,
    pair,
    video_frames,
)
from tests.support.live_clip import nals
from wsmedia.media import EncodedFrame
from wsmedia.peer import PeerConnection, RtpSender
from wsmedia.rtp import rtcp
from wsmedia.rtp.feedback import Nack, Pli, Remb
from wsmedia.rtp.twcc import TransportFeedback


def _units(frames: tuple[EncodedFrame, ...]) -> list[tuple[bytes, ...]]:
    return [nals(frame.data) for frame in frames]


async def _established(a: PeerConnection, b: PeerConnection) -> tuple[RtpSender, RtpSender, Incoming]:
    incoming = Incoming(b)
    video, audio = a.add_sender(VIDEO), a.add_sender(AUDIO)
    await negotiate(a, b)
    await connected(a, b)
    return video, audio, incoming


async def _paced(sender: RtpSender, frames: tuple[EncodedFrame, ...]) -> None:
    """Send quicker than real time, but not in one burst."""
    for frame in frames:
        sender.send_frame(frame)
        await asyncio.sleep(0.002)


async def test_frames_arrive_as_they_were() -> None:
    async with pair() as (a, b):
        video, audio, incoming = await _established(a, b)
        await asyncio.gather(_paced(video, video_frames()), _paced(audio, audio_frames()))
        pictures = await incoming.of("video").wait(len(video_frames()))
        sound = await incoming.of("audio").wait(len(audio_frames()))
        assert incoming.of("video").units == _units(video_frames())
        assert incoming.of("audio").data == [frame.data for frame in audio_frames()]
        assert [frame.keyframe for frame in pictures] == [frame.keyframe for frame in video_frames()]
        assert {frame.audio_level for frame in sound} == {30}
        assert {frame.audio_level for frame in pictures} == {None}
        steps = [(y.rtp_timestamp - x.rtp_timestamp) % 2**32 for x, y in itertools.pairwise(pictures)]
        assert set(steps) == {3000}


async def test_a_frame_arrives_with_its_last_packet() -> None:
    """No waiting for the next frame's first packet, and no jitter buffer for sound."""
    async with pair() as (a, b):
        video, audio, incoming = await _established(a, b)
        for count in (1, 2, 3):
            video.send_frame(video_frames()[count - 1])
            audio.send_frame(audio_frames()[count - 1])
            await incoming.of("video").wait(count)
            await incoming.of("audio").wait(count)


@pytest.mark.parametrize("retransmission", [True, False], ids=["RTX", "plain"])
async def test_losses_are_repaired(retransmission: bool) -> None:
    async with pair(loopback(retransmission=retransmission)) as (a, b):
        video, audio, incoming = await _established(a, b)
        link = BadLink(b)
        link.loss, link.swap, link.repeat = 0.05, 0.05, 0.05
        # The very last packets have none behind them that would show their loss: end on a clean link.
        await asyncio.gather(_paced(video, video_frames()[:-1]), _paced(audio, audio_frames()[:-1]))
        link.loss = 0.0
        video.send_frame(video_frames()[-1])
        audio.send_frame(audio_frames()[-1])
        await incoming.of("video").wait(len(video_frames()))
        assert incoming.of("video").units == _units(video_frames())
        await eventually(lambda: incoming.of("audio").data[-1] == audio_frames()[-1].data)
        sent = [frame.data for frame in audio_frames()]
        heard = incoming.of("audio").data
        assert [data for data in sent if data in set(heard)] == [data for data in heard if data in set(sent)]
        assert len(heard) >= len(sent) - 2
        assert incoming.receivers[0].frames_dropped == 0


async def test_what_cannot_be_repaired_ends_in_a_keyframe() -> None:
    async with pair() as (a, b):
        video, _, incoming = await _established(a, b)
        frames = video_frames(120, every=1000)
        requests: list[int] = []
        position = 0
        video.on_keyframe_request = lambda: requests.append(position)
        link, repairs = BadLink(b), BadLink(a, rtcp=True)
        repairs.doomed = lambda data: any(isinstance(packet, Nack) for packet in rtcp.parse(data))
        video.send_frame(frames[0])
        await incoming.of("video").wait(1)
        video.send_frame(frames[1])
        await incoming.of("video").wait(2)
        link.loss, before = 1.0, link.packets
        video.send_frame(frames[2])
        await eventually(lambda: link.packets > before)
        link.loss = 0.0
        for position in range(3, 100):
            video.send_frame(frames[position])
            await asyncio.sleep(0.01)
            if requests:
                break
        # The clip begins anew: the keyframe and what follows are delivered, nothing in between was.
        assert len(requests) == 1
        for frame in frames[:10]:
            video.send_frame(frame)
        await incoming.of("video").wait(12)
        assert incoming.of("video").units[2:] == _units(frames[:10])


async def test_a_lost_keyframe_request_is_repeated() -> None:
    async with pair() as (a, b):
        video, _, incoming = await _established(a, b)
        requests: list[float] = []
        video.on_keyframe_request = lambda: requests.append(asyncio.get_running_loop().time())
        video.send_frame(video_frames()[0])
        await incoming.of("video").wait(1)
        link = BadLink(a, rtcp=True)
        lost: list[bytes] = []

        def lose_two(data: bytes) -> bool:
            if len(lost) < 2 and any(isinstance(packet, Pli) for packet in rtcp.parse(data)):
                lost.append(data)
                return True
            return False

        link.doomed = lose_two
        incoming.receivers[0].request_keyframe()
        index = 1
        while not requests:
            video.send_frame(video_frames()[index])
            index = index % 29 + 1
            await asyncio.sleep(0.02)
        assert len(lost) == 2


async def test_a_storm_of_requests_becomes_one() -> None:
    async with pair() as (a, b):
        video, _, incoming = await _established(a, b)
        video.send_frame(video_frames()[0])
        await incoming.of("video").wait(1)
        requests: list[int] = []
        video.on_keyframe_request = lambda: requests.append(1)
        seen: list[rtcp.RtcpPacket] = []
        link = BadLink(a, rtcp=True)
        link.doomed = lambda data: bool(seen.extend(p for p in rtcp.parse(data) if isinstance(p, Pli)))
        for _ in range(200):
            incoming.receivers[0].request_keyframe()
            video.keyframe_requested(asyncio.get_running_loop().time() + 1)
        await eventually(lambda: len(seen) >= 1)
        assert len(seen) == 1
        assert len(requests) == 1


async def test_nothing_is_sent_before_a_keyframe() -> None:
    async with pair() as (a, b):
        video, _, incoming = await _established(a, b)
        requests: list[int] = []
        video.on_keyframe_request = lambda: requests.append(1)
        for frame in video_frames()[1:4]:
            video.send_frame(frame)
        assert video.frames_dropped == 3
        assert video.source.statistics.packets_sent == 0
        video.send_frame(video_frames()[0])
        await incoming.of("video").wait(1)


async def test_a_keyframe_is_wanted_when_the_way_opens() -> None:
    async with pair() as (a, b):
        video = a.add_sender(VIDEO)
        requested = asyncio.Event()
        video.on_keyframe_request = requested.set
        video.send_frame(video_frames()[0])
        assert video.frames_dropped == 1
        await negotiate(a, b)
        async with asyncio.timeout(5):
            await requested.wait()


async def test_audio_and_video_share_one_time_line() -> None:
    """What was captured together is told as captured together, although both arrive whenever they like."""
    async with pair() as (a, b):
        video, audio, incoming = await _established(a, b)
        await asyncio.gather(_paced(video, video_frames()[:30]), _paced(audio, audio_frames()[:50]))
        await incoming.of("audio").wait(50)
        # By now reports of both have passed; from here on times are exact relative to each other.
        await eventually(lambda: all(receiver._timeline._reference_rtp is not None for receiver in incoming.receivers))
        video.send_frame(video_frames()[30])  # captured 1.0 s after the first
        audio.send_frame(audio_frames()[50])  # so was this one
        pictures, sound = await incoming.of("video").wait(31), await incoming.of("audio").wait(51)
        sent = video_frames()[30].capture_time_us - audio_frames()[50].capture_time_us
        assert abs(pictures[30].capture_time_us - sound[50].capture_time_us - sent) < 5000


async def test_reports_flow_both_ways_and_tell_the_round_trip() -> None:
    async with pair() as (a, b):
        video, _, incoming = await _established(a, b)
        reports: list[rtcp.RtcpPacket] = []
        link = BadLink(b, rtcp=True)
        link.doomed = lambda data: bool(reports.extend(rtcp.parse(data)))
        video.send_frame(video_frames()[0])
        await incoming.of("video").wait(1)
        await eventually(lambda: any(isinstance(report, rtcp.SenderReport) for report in reports))
        (first,) = [report for report in reports if isinstance(report, rtcp.SenderReport)]
        assert first.ssrc == video.ssrc
        assert first.packet_count == video.source.statistics.packets_sent
        (description,) = [report for report in reports if isinstance(report, rtcp.Sdes)]
        assert description.chunks[0].cname == a._config.cname
        await eventually(lambda: video.source.statistics.round_trip_time is not None)
        assert 0 <= (video.source.statistics.round_trip_time or 0.0) < 0.5


async def test_capacity_is_told_as_remb_and_reaches_the_sender() -> None:
    async with pair() as (a, b):
        video, _, incoming = await _established(a, b)
        targets: list[int] = []
        video.on_target_bitrate = targets.append
        video.send_frame(video_frames()[0])
        await incoming.of("video").wait(1)
        b.set_receive_capacity(400_000)
        await eventually(lambda: bool(targets) and 300_000 <= targets[-1] <= 400_000)
        incoming.receivers[0].set_capacity(incoming.of("video"), 150_000)
        await eventually(lambda: targets[-1] <= 220_000)


async def test_transport_feedback_tells_of_the_virtual_link() -> None:
    async with pair() as (a, b):
        video, _, incoming = await _established(a, b)
        feedback: list[TransportFeedback] = []
        link = BadLink(a, rtcp=True)
        link.doomed = lambda data: (
            bool(feedback.extend(p for p in rtcp.parse(data) if isinstance(p, TransportFeedback)))
            or any(isinstance(p, Remb) for p in rtcp.parse(data))
        )
        b.set_receive_capacity(1_000_000)
        video.send_frame(video_frames()[0])
        await incoming.of("video").wait(1)
        await eventually(lambda: bool(feedback))
        arrivals = [at for packet in feedback for _, at in packet.arrivals() if at is not None]
        octets = sum(len(frame.data) for frame in video_frames()[:1])
        assert arrivals[-1] - arrivals[0] > 0.7 * (octets - 1200) * 8  # one bit a microsecond


async def test_several_sinks_get_every_frame() -> None:
    async with pair() as (a, b):
        _, audio, incoming = await _established(a, b)
        receiver = next(receiver for receiver in incoming.receivers if receiver.kind == "audio")
        second = Frames()
        receiver.add_sink(second)
        receiver.add_sink(second)
        audio.send_frame(audio_frames()[0])
        await second.wait(1)
        await incoming.of("audio").wait(1)
        receiver.remove_sink(second)
        audio.send_frame(audio_frames()[1])
        await incoming.of("audio").wait(2)
        assert len(second.frames) == 1


async def test_frames_that_cannot_be_packetized_are_dropped() -> None:
    async with pair() as (a, b):
        video, audio, incoming = await _established(a, b)
        video.send_frame(EncodedFrame(b"no start code", 0, 0, keyframe=True))
        audio.send_frame(EncodedFrame(b"", 0, 0))
        audio.send_frame(EncodedFrame(bytes(3000), 0, 0))
        assert (video.frames_dropped, audio.frames_dropped) == (1, 2)
        audio.send_frame(audio_frames()[0])
        await incoming.of("audio").wait(1)


async def test_garbage_inside_srtp_hurts_nobody() -> None:
    async with pair() as (a, b):
        _, audio, incoming = await _established(a, b)
        source = random.Random(7)
        packet_types = [*range(192, 210), 102]
        for size in (12, 13, 20, 60, 400):
            for _ in range(60):
                data = bytearray(source.randbytes(size))
                data[0] = 0x80 | data[0] & 0x3F
                b.transport.on_rtp(bytes(data))
                data[1] = source.choice(packet_types)
                b.transport.on_rtcp(bytes(data))
        audio.send_frame(audio_frames()[0])
        await incoming.of("audio").wait(1)
