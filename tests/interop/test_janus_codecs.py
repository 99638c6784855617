"""Janus rooms of other video codecs than H.264: what is sent there comes through the adapter, and ours is refused."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.interop.test_janus import AUDIO, CLIP, VIDEO, assert_pictures_are_the_clips, joined, watching
from tests.support.janus import Janus, Room
from tests.support.janus_peer import StandardPublisher
from tests.support.janus_room import running_janus
from tests.support.live_clip import LiveClip
from tests.support.other_codecs import OTHER_CODECS, clip_frames, decode
from wsmedia.adapters.janus.signaling import JanusConnection
from wsmedia.media import Codec, EncodedFrame, Track, TrackSource
from wsmedia.ports import FrameSink

pytestmark = pytest.mark.interop

ROOMS = {Codec.VP8: 55, Codec.VP9: 56, Codec.AV1: 57}


@pytest.fixture
def janus(tmp_path: Path) -> Iterator[Janus]:
    with running_janus(tmp_path, [Room(room, video_codec=codec.value) for codec, room in ROOMS.items()]) as running:
        yield running


async def replay(frames: tuple[EncodedFrame, ...], sink: FrameSink) -> None:
    """Send the frames over and over, at the clip's pace."""
    began = asyncio.get_running_loop().time()
    for number in itertools.count():
        frame = frames[number % len(frames)]
        ticks = number * 90_000 // CLIP.fps & 0xFFFFFFFF
        time_us = 1_700_000_000_000_000 + number * 1_000_000 // CLIP.fps
        sink.send_frame(dataclasses.replace(frame, rtp_timestamp=ticks, capture_time_us=time_us))
        await asyncio.sleep(began + (number + 1) / CLIP.fps - asyncio.get_running_loop().time())


@asynccontextmanager
async def playing(frames: tuple[EncodedFrame, ...], sink: FrameSink) -> AsyncIterator[None]:
    task = asyncio.create_task(replay(frames, sink))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def assert_decodable(codec: Codec, frames: list[EncodedFrame]) -> None:
    pictures: list[Any] = decode(codec, [frame.data for frame in frames])
    assert len(pictures) >= len(frames) - 1
    assert_pictures_are_the_clips(pictures, 25.0)


@pytest.mark.parametrize("codec", OTHER_CODECS)
async def test_what_one_sends_in_a_rooms_codec_the_other_decodes(janus: Janus, codec: Codec) -> None:
    frames, room = clip_frames(codec, CLIP, CLIP.fps), str(ROOMS[codec])
    async with joined(janus, "Alice", room) as (connection, alice), joined(janus, "Bob", room) as (_, bob):
        async with playing(frames, connection.publish(Track(1, codec, TrackSource.CAMERA))):
            await bob.until(lambda: bob.count("track_added", "Alice", "video") == 1)
            assert bob.remotes["Alice", "video"].track.codec is codec
            sink = bob.sinks["Alice", "video"]
            await bob.until(lambda: len(sink.frames) >= 45)
        assert sink.frames[0].keyframe
        assert_decodable(codec, sink.frames[:45])
        assert alice.count("publish_rejected") == 0


async def test_a_standard_publishers_vp8_comes_through(janus: Janus) -> None:
    clip = LiveClip(CLIP, Codec.VP8)
    async with (
        joined(janus, "Bob", "55") as (_, bob),
        JanusConnection(janus.url) as connection,
        StandardPublisher(connection, 55, "Alice", clip),
    ):
        await bob.until(lambda: bob.count("track_added") == 2)
        assert bob.remotes["Alice", "video"].track.codec is Codec.VP8
        frames = bob.sinks["Alice", "video"].frames
        await bob.until(lambda: len(frames) >= 45)
        sent = [bytes(frame.data) for frame in clip.sent_video]
        first = sent.index(bytes(frames[0].data))
        assert frames[0].keyframe
        assert [bytes(frame.data) for frame in frames] == sent[first : first + len(frames)]
        assert_decodable(Codec.VP8, frames)
        # A keyframe on demand goes all the way, too.
        count = sum(frame.keyframe for frame in frames)
        bob.remotes["Alice", "video"].source.request_keyframe()
        await bob.until(lambda: sum(frame.keyframe for frame in frames) > count)


async def test_a_standard_subscriber_decodes_our_vp8(janus: Janus) -> None:
    frames = clip_frames(Codec.VP8, CLIP, CLIP.fps)
    async with (
        joined(janus, "Alice", "55") as (connection, _),
        playing(frames, connection.publish(Track(1, Codec.VP8, TrackSource.CAMERA))),
        watching(janus, "Alice", 55) as subscriber,
    ):
        await subscriber.until(lambda: len(subscriber.video.frames) >= 45)
        assert_pictures_are_the_clips(subscriber.video.frames[5:45], 25.0)


@pytest.mark.parametrize("codec", OTHER_CODECS)
async def test_our_h264_is_refused_there_and_sound_goes_on(janus: Janus, codec: Codec) -> None:
    async with joined(janus, "Alice", str(ROOMS[codec])) as (connection, alice):
        clip = LiveClip(CLIP)
        task = asyncio.create_task(clip.run(connection.publish(VIDEO), connection.publish(AUDIO)))
        try:
            await alice.until(lambda: alice.count("publish_rejected", VIDEO.track_id) == 1)
            (reason,) = [entry[2] for entry in alice.log if entry[0] == "publish_rejected"]
            assert "h264" in reason
            async with joined(janus, "Bob", str(ROOMS[codec])) as (_, bob):
                await bob.until(lambda: bob.count("track_added", "Alice", "audio") == 1)
                await bob.until(lambda: len(bob.sinks["Alice", "audio"].frames) >= 20)
                assert ("Alice", "video") not in bob.remotes
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
