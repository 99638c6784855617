"""Both ways between ``PeerConnection`` and aiortc's RTCPeerConnection: what is decoded is the clip."""

from __future__ import annotations

import asyncio
import contextlib

import numpy as np
import pytest
from aiortc import RTCSessionDescription

from tests.peer.aiortc_peer import ClipPictures, ClipSound, Watcher, aiortc_peer, clip_psnr, prefer_h264
from tests.peer.support import AUDIO, CLIP, VIDEO, Incoming, closing, decode_h264, decode_opus, eventually
from tests.support.clip_readers import tone_hz
from tests.support.live_clip import LiveClip
from wsmedia.media import MediaKind
from wsmedia.peer import PeerConnection
from wsmedia.rtp.h264 import is_keyframe


async def _sees_the_clip(watcher: Watcher) -> None:
    await eventually(lambda: len(watcher.pictures) >= 30 and sum(map(len, watcher.sound)) >= 48_000)
    assert min(clip_psnr(picture) for picture in watcher.pictures[:30]) > 28
    assert abs(tone_hz(np.concatenate(watcher.sound)[-24_000:]) - CLIP.tone_hz) < 3


@contextlib.asynccontextmanager
async def _playing(connection: PeerConnection):
    live = LiveClip(CLIP)
    video, audio = connection.add_sender(VIDEO), connection.add_sender(AUDIO)
    video.on_keyframe_request = live.request_keyframe
    yield live, video, audio


async def _run(live: LiveClip, video: object, audio: object, watcher: Watcher) -> None:
    playing = asyncio.create_task(live.run(video, audio))  # type: ignore[arg-type]
    try:
        await _sees_the_clip(watcher)
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)


async def test_aiortc_decodes_what_we_offer() -> None:
    ours = PeerConnection()
    async with aiortc_peer() as (theirs, watcher), closing(ours), _playing(ours) as played:
        await theirs.setRemoteDescription(RTCSessionDescription(await ours.create_offer(), "offer"))
        await theirs.setLocalDescription(await theirs.createAnswer())
        await ours.accept_answer(theirs.localDescription.sdp)
        await _run(*played, watcher)
        assert played[0].keyframe_requests >= 1


async def test_aiortc_decodes_what_we_answer() -> None:
    ours = PeerConnection()
    async with aiortc_peer() as (theirs, watcher), closing(ours), _playing(ours) as played:
        theirs.addTransceiver("audio", direction="recvonly")
        theirs.addTransceiver("video", direction="recvonly")
        prefer_h264(theirs)
        await theirs.setLocalDescription(await theirs.createOffer())
        answer = await ours.accept_offer(theirs.localDescription.sdp)
        await theirs.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await _run(*played, watcher)


@pytest.mark.parametrize("we_offer", [False, True])
async def test_we_receive_from_aiortc(we_offer: bool) -> None:
    ours = PeerConnection()
    incoming = Incoming(ours)
    async with aiortc_peer() as (theirs, _), closing(ours):
        if we_offer:
            ours.add_receiver_section(MediaKind.AUDIO)
            ours.add_receiver_section(MediaKind.VIDEO)
            await theirs.setRemoteDescription(RTCSessionDescription(await ours.create_offer(), "offer"))
        theirs.addTrack(ClipSound())
        theirs.addTrack(ClipPictures())
        if we_offer:
            await theirs.setLocalDescription(await theirs.createAnswer())
            await ours.accept_answer(theirs.localDescription.sdp)
        else:
            prefer_h264(theirs)
            await theirs.setLocalDescription(await theirs.createOffer())
            answer = await ours.accept_offer(theirs.localDescription.sdp)
            await theirs.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        video = await incoming.of("video").wait(45)
        assert video[0].keyframe
        assert is_keyframe(video[0].data)
        assert min(clip_psnr(picture) for picture in decode_h264(video[:45])) > 25
        audio = await incoming.of("audio").wait(60)
        assert abs(tone_hz(decode_opus(audio)) - CLIP.tone_hz) < 3
