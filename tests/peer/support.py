"""What the peer tests share: pairs of connections over loopback, sinks that remember, media encoded once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from functools import cache
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tests.support.clip import Clip
from tests.support.clip_readers import luma_plane
from tests.support.live_clip import OPUS_SAMPLES, AudioEncoder, VideoEncoder, nals
from wsmedia.media import Codec, EncodedFrame, Track, TrackSource
from wsmedia.peer import PeerConfig, PeerConnection, PeerState, RtpReceiver
from wsmedia.rtp.h264 import is_keyframe

CLIP = Clip(width=320, height=180, seconds=2.0)
VIDEO = Track(1, Codec.H264, TrackSource.CAMERA)
AUDIO = Track(2, Codec.OPUS, TrackSource.MICROPHONE)
DEADLINE = 20.0


class Frames:
    """A sink that keeps what it gets and lets tests wait for it."""

    def __init__(self) -> None:
        self.frames: list[EncodedFrame] = []
        self._changed = asyncio.Event()

    def send_frame(self, frame: EncodedFrame) -> None:
        self.frames.append(frame)
        self._changed.set()

    async def wait(self, count: int) -> list[EncodedFrame]:
        """Wait until ``count`` frames are there."""
        await eventually(lambda: len(self.frames) >= count, self._changed)
        return self.frames

    @property
    def data(self) -> list[bytes]:
        return [bytes(frame.data) for frame in self.frames]

    @property
    def units(self) -> list[tuple[bytes, ...]]:
        return [nals(frame.data) for frame in self.frames]


async def eventually(condition: Callable[[], bool], changed: asyncio.Event | None = None) -> None:
    """Wait for a condition, looking again after each change (or turn of the loop's clock)."""
    async with asyncio.timeout(DEADLINE):
        while not condition():
            if changed is None:
                await asyncio.sleep(0.005)
            else:
                changed.clear()
                await changed.wait()


@cache
def video_frames(count: int = 60, every: int = 30, bitrate_bps: int = 1_500_000) -> tuple[EncodedFrame, ...]:
    """Encoded pictures, a keyframe every so many."""
    encoder = VideoEncoder(CLIP, bitrate_bps)
    frames = []
    for index in range(count):
        data = encoder.encode(index, index % every == 0)
        capture_time_us = 1_700_000_000_000_000 + index * 1_000_000 // CLIP.fps
        frames.append(EncodedFrame(data, index * 3000, capture_time_us, keyframe=is_keyframe(data)))
    return tuple(frames)


@cache
def audio_frames(count: int = 100) -> tuple[EncodedFrame, ...]:
    """Encoded sound, 20 ms each."""
    encoder = AudioEncoder(CLIP)
    frames = []
    for index in range(count):
        data = encoder.encode(index)
        if data:
            capture_time_us = 1_700_000_000_000_000 + index * 20_000
            frames.append(EncodedFrame(data, index * OPUS_SAMPLES, capture_time_us, audio_level=30))
    return tuple(frames)


def loopback(**options: object) -> PeerConfig:
    """A configuration that stays on this machine."""
    return PeerConfig(addresses=["127.0.0.1"], **options)  # type: ignore[arg-type]


class Incoming:
    """Collects the receivers of a connection, a ``Frames`` on each."""

    def __init__(self, connection: PeerConnection) -> None:
        self.receivers: list[RtpReceiver] = []
        self.removed: list[RtpReceiver] = []
        self.frames: dict[int, Frames] = {}
        connection.on_receiver = self._added
        connection.on_receiver_removed = self.removed.append

    def _added(self, receiver: RtpReceiver) -> None:
        self.receivers.append(receiver)
        frames = Frames()
        self.frames[id(receiver)] = frames
        receiver.add_sink(frames)

    def of(self, kind: str, index: int = 0) -> Frames:
        """The frames of the ``index``-th receiver of a kind."""
        return self.frames[id([receiver for receiver in self.receivers if receiver.kind == kind][index])]


def decode_h264(frames: Iterable[EncodedFrame]) -> list[NDArray[np.uint8]]:
    """The pictures' luma."""
    codec: Any = av.CodecContext.create("h264", "r")
    pictures = []
    for frame in frames:
        pictures += codec.decode(av.Packet(bytes(frame.data)))
    return [luma_plane(picture) for picture in pictures + codec.decode(None)]


def decode_opus(frames: Iterable[EncodedFrame]) -> NDArray[np.float32]:
    """Mono samples at 48 kHz, without the first 0.2 s in which the codec settles."""
    codec: Any = av.CodecContext.create("libopus", "r")
    codec.sample_rate, codec.layout = 48_000, "mono"
    resampler = av.AudioResampler(format="flt", layout="mono", rate=48_000)
    samples = [
        block.to_ndarray()[0]
        for frame in frames
        for decoded in codec.decode(av.Packet(bytes(frame.data)))
        for block in resampler.resample(decoded)
    ]
    return np.concatenate(samples)[9600:]


@contextlib.asynccontextmanager
async def closing(connection: PeerConnection) -> AsyncIterator[PeerConnection]:
    """Close a connection afterwards."""
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def pair(
    first: PeerConfig | None = None, second: PeerConfig | None = None
) -> AsyncIterator[tuple[PeerConnection, PeerConnection]]:
    """Two connections that are closed afterwards."""
    a, b = PeerConnection(first or loopback()), PeerConnection(second or loopback())
    try:
        yield a, b
    finally:
        await a.close()
        await b.close()


async def negotiate(offerer: PeerConnection, answerer: PeerConnection) -> tuple[str, str]:
    """One offer and answer; gives both texts."""
    offer = await offerer.create_offer()
    answer = await answerer.accept_offer(offer)
    await offerer.accept_answer(answer)
    return offer, answer


async def connected(*connections: PeerConnection) -> None:
    """Wait until all are connected."""
    await eventually(lambda: all(connection.state is PeerState.CONNECTED for connection in connections))
