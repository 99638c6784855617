"""aiortc's own peer connection as the counterpart: it shares ICE, DTLS and SRTP with us, but neither RTP nor SDP."""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import time
from collections.abc import AsyncIterator
from typing import Any

import av
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from numpy.typing import NDArray

from tests.peer.support import CLIP
from tests.support import clip_time_code
from tests.support.clip_readers import luma_plane, psnr_db
from wsmedia.peer.seam import host_addresses


class ClipPictures(MediaStreamTrack):
    """The clip's pictures in real time."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._index = 0
        self._began = time.monotonic()

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(max(0.0, self._began + self._index / CLIP.fps - time.monotonic()))
        frame = av.VideoFrame.from_ndarray(CLIP.picture(self._index % CLIP.frame_count), format="yuv420p")
        frame.pts, frame.time_base = self._index * 3000, fractions.Fraction(1, 90_000)
        self._index += 1
        return frame


class ClipSound(MediaStreamTrack):
    """The clip's tone in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._index = 0
        self._sound = CLIP.sound()
        self._began = time.monotonic()

    async def recv(self) -> av.AudioFrame:
        await asyncio.sleep(max(0.0, self._began + self._index * 0.02 - time.monotonic()))
        start = self._index * 960 % (len(self._sound) // 960 * 960)
        samples = np.ascontiguousarray(self._sound[start : start + 960]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._index * 960, fractions.Fraction(1, 48_000)
        self._index += 1
        return frame


class Watcher:
    """Collects what aiortc decodes."""

    def __init__(self, peer: RTCPeerConnection) -> None:
        self.pictures: list[NDArray[np.uint8]] = []
        self.sound: list[NDArray[np.float64]] = []
        self._tasks: list[asyncio.Task[None]] = []
        peer.on("track", lambda track: self._tasks.append(asyncio.create_task(self._watch(track))))

    async def _watch(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame: Any = await track.recv()
                if isinstance(frame, av.VideoFrame):
                    self.pictures.append(luma_plane(frame))
                else:
                    self.sound.append(frame.to_ndarray()[0, ::2].astype(np.float64) / 32768)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def clip_psnr(picture: NDArray[np.uint8]) -> float:
    """How near a decoded picture is to that picture of the clip whose time code it shows, in dB."""
    time_ms = clip_time_code.read(picture)
    assert time_ms is not None, "the time code cannot be read"
    index = round((time_ms - CLIP.start_ms) * CLIP.fps / 1000)
    return psnr_db(CLIP.picture(index)[: CLIP.height], picture)


def prefer_h264(peer: RTCPeerConnection) -> None:
    """Let aiortc offer H.264 only, mode 1."""
    codecs = [
        codec
        for codec in RTCRtpSender.getCapabilities("video").codecs
        if codec.mimeType == "video/H264" or codec.mimeType == "video/rtx"
    ]
    for transceiver in peer.getTransceivers():
        if transceiver.kind == "video":
            transceiver.setCodecPreferences(codecs)


@contextlib.asynccontextmanager
async def aiortc_peer() -> AsyncIterator[tuple[RTCPeerConnection, Watcher]]:
    """An aiortc connection that is closed afterwards; skips where there is nothing but loopback."""
    if not host_addresses(allow_loopback=False):
        pytest.skip("aiortc does not do ICE on 127.0.0.1; this machine has no other address")
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    watcher = Watcher(peer)
    try:
        yield peer, watcher
    finally:
        await watcher.stop()
        await peer.close()
