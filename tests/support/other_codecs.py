"""VP8, VP9 and AV1 as real encoders make them, and their reference decoders."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tests.support.clip import Clip
from wsmedia.media import Codec, EncodedFrame
from wsmedia.rtp import av1, vp8, vp9

OTHER_CODECS = (Codec.VP8, Codec.VP9, Codec.AV1)
_ENCODERS = {
    Codec.VP8: ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    Codec.VP9: ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    Codec.AV1: ("libsvtav1", {"preset": "11", "crf": "30", "svtav1-params": "pred-struct=1:lp=1"}),
}
DECODERS = {Codec.H264: "h264", Codec.VP8: "libvpx", Codec.VP9: "libvpx-vp9", Codec.AV1: "libdav1d"}
IS_KEYFRAME = {Codec.VP8: vp8.is_keyframe, Codec.VP9: vp9.is_keyframe, Codec.AV1: av1.is_keyframe}


@contextlib.contextmanager
def _scheduled_as_before() -> Iterator[None]:
    """Take back what SVT-AV1 does for root: the caller's thread, and whatever it starts later, would be real-time."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


@_scheduled_as_before()
def encode(codec: Codec, pictures: Iterable[NDArray[np.uint8]], fps: int, bitrate_bps: int) -> tuple[bytes, ...]:
    """Frames of ``pictures`` (yuv420p, rows of all planes); the first is a keyframe, and no other need be."""
    name, options = _ENCODERS[codec]
    context: Any = None
    packets: list[Any] = []
    for index, pixels in enumerate(pictures):
        picture = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
        picture.pts = index
        if context is None:
            context = av.CodecContext.create(name, "w")
            context.width, context.height, context.pix_fmt = picture.width, picture.height, "yuv420p"
            context.time_base, context.framerate = Fraction(1, fps), Fraction(fps, 1)
            context.options = {"g": "1000", **options}
            if codec is not Codec.AV1:  # SVT-AV1 has only CRF with low delay in this build
                context.bit_rate = bitrate_bps
        packets += context.encode(picture)
    packets += context.encode(None)
    assert packets[0].is_keyframe
    return tuple(bytes(packet) for packet in packets)


def decode(codec: Codec, frames: Sequence[bytes | memoryview]) -> list[Any]:
    """The pictures of ``frames``, by the codec's reference decoder."""
    context: Any = av.CodecContext.create(DECODERS[codec], "r")
    pictures = [picture for frame in frames for picture in context.decode(av.Packet(bytes(frame)))]
    return pictures + context.decode(None)


@cache
def clip_frames(codec: Codec, clip: Clip, count: int, bitrate_bps: int = 800_000) -> tuple[EncodedFrame, ...]:
    """The first ``count`` pictures of a clip."""
    encoded = encode(codec, (clip.picture(index) for index in range(count)), clip.fps, bitrate_bps)
    return tuple(
        EncodedFrame(
            data, index * 90_000 // clip.fps, 1_700_000_000_000_000 + index * 1_000_000 // clip.fps, index == 0
        )
        for index, data in enumerate(encoded)
    )
