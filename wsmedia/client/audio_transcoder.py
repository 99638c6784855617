"""Decodes a file's audio and encodes it as Opus: 48 kHz, 20 ms a packet, one or two channels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.error
import numpy as np

from wsmedia.client.media_inspection import FileInfo, FileTrack, open_container
from wsmedia.client.track_reader import NO_TIME, MediaUnit
from wsmedia.media import EncodedFrame

SAMPLE_RATE = 48_000
FRAME_SAMPLES = 960
MONO_BITRATE_BPS = 40_000
STEREO_BITRATE_BPS = 96_000


class OpusEncoder:
    """Makes an Opus packet of every 20 ms.

    Attributes:
        delay: seconds by which a decoder's output lags behind what went in (the encoder's look-ahead, 6.5 ms).
    """

    def __init__(self, channels: int, bitrate_bps: int | None = None) -> None:
        context: Any = av.CodecContext.create("libopus", "w")
        context.sample_rate = SAMPLE_RATE
        context.layout = "mono" if channels == 1 else "stereo"
        context.format = "flt"
        context.time_base = Fraction(1, SAMPLE_RATE)
        context.bit_rate = bitrate_bps or (MONO_BITRATE_BPS if channels == 1 else STEREO_BITRATE_BPS)
        context.options = {"application": "audio", "frame_duration": "20"}
        self._context = context
        self._position = 0
        self.delay = 0.0

    def encode(self, samples: Any) -> bytes:
        """Encode an ``AudioFrame`` of 960 interleaved float samples per channel; empty if the encoder gave nothing."""
        samples.pts, samples.time_base = self._position, Fraction(1, SAMPLE_RATE)
        data = b""
        for packet in self._context.encode(samples):
            self.delay = (self._position - packet.pts) / SAMPLE_RATE
            data += bytes(packet)
        self._position += FRAME_SAMPLES
        return data


class AudioTranscoder:
    """A ``TrackReader`` that decodes, resamples and encodes a file's audio."""

    def __init__(self, info: FileInfo, track: FileTrack, bitrate_bps: int | None = None) -> None:
        self._origin = info.origin
        self._container = open_container(info.path)
        self._stream = self._container.streams[track.stream_index]
        self._channels = 1 if self._stream.codec_context.channels == 1 else 2
        self._encoder = OpusEncoder(self._channels, bitrate_bps)
        self._blocks = self._read()

    def next_unit(self) -> MediaUnit | None:
        """Decode and encode 20 ms. Nothing depends on the moment, so the unit already holds the frame."""
        for samples, time in self._blocks:
            level = audio_level(samples.to_ndarray())
            data = self._encoder.encode(samples)
            if data:
                frame = EncodedFrame(data, NO_TIME, NO_TIME, audio_level=level)
                return MediaUnit(time - self._encoder.delay, FRAME_SAMPLES / SAMPLE_RATE, frame)
        return None

    def encode(self, unit: MediaUnit) -> EncodedFrame | None:
        """Give the frame that the unit holds."""
        frame: EncodedFrame = unit.content
        return frame

    def request_keyframe(self) -> None:
        """Audio has no keyframes."""

    def set_target_bitrate(self, bitrate_bps: int) -> None:
        """Leave audio as it is: it is little, and what people miss first."""

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _read(self) -> Iterator[tuple[Any, float]]:
        """Blocks of exactly ``FRAME_SAMPLES`` and their times; a hole in the file restarts the time."""
        layout = "mono" if self._channels == 1 else "stereo"
        resampler = self._resampler(layout)
        expected: float | None = None
        for packet in self._container.demux(self._stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue  # a damaged packet; the decoder goes on with the next
            for frame in frames:
                time = frame.time if frame.time is not None else expected or 0.0
                if expected is not None and abs(time - expected) > 0.1:
                    resampler = self._resampler(layout)  # its clock counts samples and would not see the hole
                expected = time + frame.samples / frame.sample_rate
                for block in resampler.resample(frame):
                    yield block, float(block.pts * block.time_base) - self._origin

    @staticmethod
    def _resampler(layout: str) -> Any:
        return av.AudioResampler(format="flt", layout=layout, rate=SAMPLE_RATE, frame_size=FRAME_SAMPLES)


def audio_level(samples: np.ndarray[Any, Any]) -> int:
    """The RFC 6464 octet of float samples, -1 … 1: level below full scale in dB, voice bit set above -50 dB."""
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    level = 127 if power < 1e-13 else min(127, max(0, round(-10 * math.log10(power))))
    return level | (0x80 if level < 50 else 0)
