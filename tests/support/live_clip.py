"""A clip encoded while it plays, as a browser would: keyframes only at the start and when asked for.

What was sent is kept, so that a test can compare the far end's access units byte by byte and its pictures with the
clip's.
"""

from __future__ import annotations

import asyncio
import fractions
import time
from typing import Any

import av
import numpy as np

from tests.support.clip import Clip
from wsmedia.media import Codec, EncodedFrame
from wsmedia.ports import FrameSink
from wsmedia.rtp.h264 import split_nals

OPUS_SAMPLES = 960


def nals(access_unit: bytes | memoryview) -> tuple[bytes, ...]:
    """The NAL units of an access unit: what start codes of any length leave equal."""
    return tuple(bytes(nal) for nal in split_nals(bytes(access_unit)))


_OPTIONS = {
    Codec.H264: {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "x264-params": "keyint=1000000:scenecut=0:repeat-headers=1:force-cfr=1",
    },
    Codec.VP8: {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "1000000"},
}


class VideoEncoder:
    """H.264 constrained baseline without B-frames, or VP8; keyframes on demand."""

    def __init__(self, clip: Clip, bitrate_bps: int = 800_000, codec: Codec = Codec.H264) -> None:
        self._clip = clip
        self._codec: Any = av.CodecContext.create("libx264" if codec is Codec.H264 else "libvpx", "w")
        self._codec.width, self._codec.height = clip.width, clip.height
        self._codec.pix_fmt = "yuv420p"
        self._codec.bit_rate = bitrate_bps
        self._codec.framerate = fractions.Fraction(clip.fps)
        self._codec.time_base = fractions.Fraction(1, clip.fps)
        self._codec.thread_count = 1
        self._codec.options = _OPTIONS[codec]

    def encode(self, index: int, keyframe: bool) -> bytes:
        """Encode picture ``index``."""
        frame = av.VideoFrame.from_ndarray(self._clip.picture(index), format="yuv420p")
        frame.pts = index
        frame.pict_type = av.video.frame.PictureType.I if keyframe else av.video.frame.PictureType.NONE
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class AudioEncoder:
    """Opus, mono in, 20 ms a packet."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._sound = clip.sound()
        self._random = np.random.default_rng(clip.seed)
        self._codec: Any = av.CodecContext.create("libopus", "w")
        self._codec.sample_rate = 48_000
        self._codec.layout = "mono"
        self._codec.format = "s16"
        self._codec.bit_rate = 48_000
        self._codec.options = {"application": "voip", "frame_duration": "20"}

    def encode(self, index: int) -> bytes:
        """Encode the ``index``-th 20 ms; the sound repeats with the clip."""
        start = index * OPUS_SAMPLES % (len(self._sound) - OPUS_SAMPLES + 1)
        # A trace of noise, as in any room, makes every packet one of its kind.
        noise = self._random.integers(-300, 300, OPUS_SAMPLES, np.int16)
        samples = (self._sound[start : start + OPUS_SAMPLES] + noise).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 48_000
        frame.pts = index * OPUS_SAMPLES
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class LiveClip:
    """Plays a clip into sinks in real time, from 0 for as long as ``run`` is not cancelled.

    Attributes:
        codec: of the video: H.264 or VP8.
        sent_video, sent_audio: every frame that left, in order.
        keyframe_requests: how often a keyframe was asked for.
    """

    def __init__(self, clip: Clip, codec: Codec = Codec.H264) -> None:
        self.clip = clip
        self.codec = codec
        self.sent_video: list[EncodedFrame] = []
        self.sent_audio: list[EncodedFrame] = []
        self.keyframe_requests = 0
        self._keyframe = True

    def request_keyframe(self) -> None:
        """Let the next picture be a keyframe."""
        self.keyframe_requests += 1
        self._keyframe = True

    async def run(self, video: FrameSink | None, audio: FrameSink | None) -> None:
        """Play until cancelled."""
        video_encoder = VideoEncoder(self.clip, codec=self.codec) if video is not None else None
        audio_encoder = AudioEncoder(self.clip) if audio is not None else None
        loop = asyncio.get_running_loop()
        began = loop.time()
        epoch_us = time.time_ns() // 1000
        pictures = packets = 0
        while True:
            next_picture = pictures / self.clip.fps if video is not None else float("inf")
            next_packet = packets * OPUS_SAMPLES / 48_000 if audio is not None else float("inf")
            due = min(next_picture, next_packet)
            await asyncio.sleep(began + due - loop.time())  # the clip's pace
            capture_time_us = epoch_us + round(due * 1e6)
            if next_packet <= next_picture:
                assert audio is not None
                assert audio_encoder is not None
                data = audio_encoder.encode(packets)
                frame = EncodedFrame(data, packets * OPUS_SAMPLES & 0xFFFFFFFF, capture_time_us)
                packets += 1
                if data:
                    self.sent_audio.append(frame)
                    audio.send_frame(frame)
            else:
                assert video is not None
                assert video_encoder is not None
                keyframe, self._keyframe = self._keyframe, False
                data = video_encoder.encode(pictures, keyframe)
                rtp_timestamp = round(due * Codec.H264.clock_rate) & 0xFFFFFFFF
                frame = EncodedFrame(data, rtp_timestamp, capture_time_us, keyframe=keyframe)
                pictures += 1
                self.sent_video.append(frame)
                video.send_frame(frame)
