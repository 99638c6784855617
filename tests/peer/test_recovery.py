"""Loss and bursts between two connections: what a viewer gets is decodable, and comes back soon."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from tests.peer.link import BadLink
from tests.peer.support import VIDEO, Incoming, connected, eventually, loopback, negotiate, pair
from tests.support.other_codecs import OTHER_CODECS
from wsmedia.media import Codec, EncodedFrame
from wsmedia.peer import PeerConnection, RtpSender
from wsmedia.rtp import rtcp
from wsmedia.rtp.feedback import Nack, Pli
from wsmedia.rtp.h264 import join_nals

FRAME_SECONDS = 0.01
SIZE = 6000  # octets of a picture: six packets


class Encoder:
    """Stands for a live encoder: each picture refers to the one before and says which one that is."""

    def __init__(self, sender: RtpSender) -> None:
        self.keyframes = 0
        self.sent = 0
        self._sender = sender
        self._keyframe_wanted = True
        sender.on_keyframe_request = self._want

    def _want(self) -> None:
        self._keyframe_wanted = True

    def send(self) -> None:
        """Send the next picture; its last octets are its number."""
        keyframe, self._keyframe_wanted = self._keyframe_wanted, False
        self.keyframes += keyframe
        content = b"\xff" + random.Random(self.sent).randbytes(SIZE).replace(b"\0", b"\1")
        content += b"".join(bytes([0x80 | self.sent >> shift & 0x7F]) for shift in (14, 7, 0))
        data = picture(self._sender.track.codec, content, keyframe)
        self._sender.send_frame(EncodedFrame(data, self.sent * 3000, self.sent * 33_333, keyframe))
        self.sent += 1


def picture(codec: Codec, content: bytes, keyframe: bool) -> bytes:
    """What looks like a frame of that codec."""
    match codec:
        case Codec.VP8:
            return (b"\x10\x02\x00\x9d\x01\x2a\xa0\x00\x60\x00" if keyframe else b"\x11") + content
        case Codec.VP9:
            return (b"\x82\x49\x83\x42" if keyframe else b"\x86\x00\x40") + content
        case Codec.AV1:
            size = len(content) + 1
            frame = bytes((0x32, size & 0x7F | 0x80, size >> 7, 0x10 if keyframe else 0x30)) + content
            return b"\x0a\x03\0\0\0" + frame if keyframe else frame
        case _:
            return join_nals([b"\x67parameters", b"\x65" + content] if keyframe else [b"\x41" + content])


def number(frame: EncodedFrame) -> int:
    """Which picture a delivered frame is."""
    high, middle, low = (octet & 0x7F for octet in bytes(frame.data)[-3:])
    return high << 14 | middle << 7 | low


def assert_decodable(frames: list[EncodedFrame]) -> None:
    """Each picture is a keyframe or follows the one it refers to, and none comes twice."""
    before = -1
    for frame in frames:
        current = number(frame)
        assert frame.keyframe or current == before + 1, f"picture {current} came after {before}"
        assert current > before
        before = current


async def _watching(
    a: PeerConnection, b: PeerConnection, codec: Codec = Codec.H264
) -> tuple[Encoder, Incoming, BadLink, BadLink]:
    incoming = Incoming(b)
    sender = a.add_sender(replace(VIDEO, codec=codec))
    await negotiate(a, b)
    await connected(a, b)
    return Encoder(sender), incoming, BadLink(b, seed=3), BadLink(a, seed=4, rtcp=True)


@pytest.mark.parametrize("retransmission", [True, False], ids=["RTX", "plain"])
@pytest.mark.parametrize("loss", [0.05, 0.1, 0.2])
async def test_random_loss_both_ways(loss: float, retransmission: bool) -> None:
    await _loses_and_recovers(Codec.H264, loss, retransmission)


@pytest.mark.parametrize("codec", OTHER_CODECS)
async def test_random_loss_of_other_codecs(codec: Codec) -> None:
    await _loses_and_recovers(codec, 0.1, retransmission=True)


async def _loses_and_recovers(codec: Codec, loss: float, retransmission: bool) -> None:
    async with pair(loopback(retransmission=retransmission)) as (a, b):
        encoder, incoming, media, feedback = await _watching(a, b, codec)
        media.loss = feedback.loss = loss
        for _ in range(150):
            encoder.send()
            await asyncio.sleep(FRAME_SECONDS)
        media.loss = feedback.loss = 0.0
        last = encoder.sent
        frames = incoming.of("video").frames
        while not frames or number(frames[-1]) < last:
            encoder.send()
            await asyncio.sleep(FRAME_SECONDS)
            assert encoder.sent < last + 200, "the picture does not come back"
        assert_decodable(frames)
        assert len(frames) >= 50
        assert encoder.keyframes <= 8


@pytest.mark.parametrize("repairs", [True, False], ids=["with repairs", "without"])
@pytest.mark.parametrize("codec", [Codec.H264, *OTHER_CODECS])
async def test_bursts_and_outages(repairs: bool, codec: Codec) -> None:
    async with pair() as (a, b):
        encoder, incoming, media, feedback = await _watching(a, b, codec)
        if not repairs:
            feedback.doomed = lambda data: any(isinstance(packet, Nack) for packet in rtcp.parse(data))
        frames = incoming.of("video").frames
        for outage in (1, 3, 10, 60):
            for _ in range(20):
                encoder.send()
                await asyncio.sleep(FRAME_SECONDS)
            media.loss = 1.0
            for _ in range(outage):
                encoder.send()
                await asyncio.sleep(FRAME_SECONDS)
            media.loss = 0.0
            back = encoder.sent
            while not frames or number(frames[-1]) < back:
                encoder.send()
                await asyncio.sleep(FRAME_SECONDS)
                assert encoder.sent < back + 150, "the picture does not come back"
        assert_decodable(frames)
        assert encoder.keyframes <= 8


async def test_where_no_frame_is_whole_a_keyframe_is_asked_for() -> None:
    """A frame that is damaged asks by itself; waiting for a whole one that shows the gap may take for ever."""
    async with pair() as (a, b):
        encoder, incoming, media, feedback = await _watching(a, b)
        encoder.send()
        await incoming.of("video").wait(1)
        requests: list[rtcp.RtcpPacket] = []

        def no_repair(data: bytes) -> bool:
            packets = rtcp.parse(data)
            requests.extend(packet for packet in packets if isinstance(packet, Pli))
            return any(isinstance(packet, Nack) for packet in packets)

        feedback.doomed = no_repair
        media.doomed = lambda _data: media.packets % 6 == 3  # one packet of each frame
        while not requests:
            encoder.send()
            await asyncio.sleep(FRAME_SECONDS)
            assert encoder.sent < 150
        media.doomed = lambda _data: False
        seen = len(incoming.of("video").frames)
        await eventually(lambda: encoder._keyframe_wanted)
        encoder.send()
        await incoming.of("video").wait(seen + 1)
        assert_decodable(incoming.of("video").frames)
