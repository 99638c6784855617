"""Decodes a file's video and encodes it as H.264 for live viewers: no B-frames, keyframes and bitrate on demand."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.error
from av.video.frame import PictureType

from wsmedia.client.media_inspection import FileInfo, FileTrack, open_container
from wsmedia.client.track_reader import NO_TIME, MediaUnit
from wsmedia.media import EncodedFrame
from wsmedia.rtp.h264_units import is_keyframe

MAX_HEIGHT = 720
MAX_BITRATE_BPS = 2_500_000
MIN_BITRATE_BPS = 50_000
BITS_PER_PIXEL = 0.08
"""What H.264 at a fast preset needs to look decent; the default bitrate follows from it."""

_TIME_BASE = Fraction(1, 90_000)


def default_bitrate_bps(width: int, height: int, fps: float) -> int:
    """A bitrate that suits a picture's size and rate."""
    return max(150_000, min(MAX_BITRATE_BPS, round(width * height * fps * BITS_PER_PIXEL)))


class VideoEncoder:
    """An H.264 encoder (constrained baseline, Annex B, SPS and PPS with every keyframe) that gives a frame per picture.

    Args:
        fps: pictures per second, for rate control only; timestamps may be irregular.
        bitrate_bps: most that the encoder will ever use; ``set_target_bitrate`` lowers it and raises it again.
    """

    def __init__(self, width: int, height: int, fps: float, bitrate_bps: int) -> None:
        self.width = width
        self.height = height
        self._max_bitrate_bps = bitrate_bps
        self._last_pts = -1
        context: Any = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.framerate = Fraction(fps).limit_denominator(1001)
        context.time_base = _TIME_BASE
        context.bit_rate = bitrate_bps
        context.gop_size = max(1, round(10 * fps))
        context.max_b_frames = 0
        context.options = {
            "profile": "baseline",
            "preset": "veryfast",
            "tune": "zerolatency",
            "forced-idr": "1",
            # A buffer of half a second at the same rate makes x264 follow a changed bitrate within about a second.
            "maxrate": str(bitrate_bps),
            "bufsize": str(bitrate_bps // 2),
            "x264-params": "scenecut=0:threads=1",
        }
        self._context = context

    def set_target_bitrate(self, bitrate_bps: int) -> None:
        """Use no more than this from now on, within what the encoder was made for."""
        self._context.bit_rate = max(MIN_BITRATE_BPS, min(self._max_bitrate_bps, bitrate_bps))

    def encode(self, picture: Any, time: float, keyframe: bool) -> EncodedFrame | None:
        """Encode a ``yuv420p`` picture of the encoder's size.

        Args:
            time: seconds; should rise from call to call.
            keyframe: make it one.
        """
        self._last_pts = max(self._last_pts + 1, round(time * 90_000))
        picture.pts, picture.time_base = self._last_pts, _TIME_BASE
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        data = b"".join(bytes(packet) for packet in self._context.encode(picture))
        if not data:
            return None
        return EncodedFrame(data, NO_TIME, NO_TIME, keyframe=is_keyframe(data))


class VideoTranscoder:
    """A ``TrackReader`` that decodes a file's video and encodes each picture at the moment when it is due."""

    def __init__(self, info: FileInfo, track: FileTrack, bitrate_bps: int | None = None) -> None:
        self._origin = info.origin
        self._rotation = track.rotation
        self._wanted_bitrate_bps = bitrate_bps
        self._target_bitrate_bps: int | None = None
        self._keyframe_wanted = True
        self._encoder: VideoEncoder | None = None
        self._turner: _Turner | None = None
        self._container = open_container(info.path)
        stream = self._container.streams[track.stream_index]
        stream.thread_type = "AUTO"
        self._fps = float(stream.average_rate or stream.guessed_rate or 30)
        self._pictures = self._read(stream)

    def next_unit(self) -> MediaUnit | None:
        """Decode one picture, upright and at the size in which it is encoded."""
        return next(self._pictures, None)

    def encode(self, unit: MediaUnit) -> EncodedFrame | None:
        """Encode the unit's picture."""
        picture = unit.content
        encoder = self._encoder
        if encoder is None or (encoder.width, encoder.height) != (picture.width, picture.height):
            size = (picture.width, picture.height)
            bitrate_bps = self._wanted_bitrate_bps or default_bitrate_bps(*size, self._fps)
            encoder = self._encoder = VideoEncoder(*size, self._fps, bitrate_bps)
        if self._target_bitrate_bps is not None:
            encoder.set_target_bitrate(self._target_bitrate_bps)
        keyframe = self._keyframe_wanted
        if keyframe:  # a request that another thread makes in this moment is for the next frame
            self._keyframe_wanted = False
        return encoder.encode(picture, unit.time, keyframe)

    def request_keyframe(self) -> None:
        """Make the next frame a keyframe."""
        self._keyframe_wanted = True

    def set_target_bitrate(self, bitrate_bps: int) -> None:
        """Encode with no more than this from the next frame on."""
        self._target_bitrate_bps = bitrate_bps

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _read(self, stream: Any) -> Iterator[MediaUnit]:
        period = 1 / self._fps
        time = -period
        for packet in self._container.demux(stream):
            try:
                pictures = packet.decode()
            except av.error.FFmpegError:
                continue  # a damaged access unit; the decoder goes on with the next
            for picture in pictures:
                time = time + period if picture.time is None else picture.time - self._origin
                yield MediaUnit(time, period, self._prepare(picture))

    def _prepare(self, picture: Any) -> Any:
        """Turn the picture upright, shrink it to ``MAX_HEIGHT`` and make its sides even."""
        if self._rotation:
            if self._turner is None:
                self._turner = _Turner(picture, self._rotation)
            picture = self._turner.turn(picture)
        scale = min(1.0, MAX_HEIGHT / min(picture.width, picture.height))
        width, height = (max(16, round(side * scale / 2) * 2) for side in (picture.width, picture.height))
        return picture.reformat(width=width, height=height, format="yuv420p")


class _Turner:
    """Turns pictures by a multiple of 90 degrees counter-clockwise."""

    def __init__(self, picture: Any, rotation: int) -> None:
        turns = {90: ["cclock"], 180: ["clock", "clock"], 270: ["clock"]}[rotation % 360]
        self._graph: Any = av.filter.Graph()
        source = self._graph.add_buffer(
            width=picture.width, height=picture.height, format=picture.format, time_base=_TIME_BASE
        )
        filters = [self._graph.add("transpose", direction) for direction in turns]
        self._graph.link_nodes(source, *filters, self._graph.add("buffersink")).configure()

    def turn(self, picture: Any) -> Any:
        """Give the turned picture."""
        self._graph.push(picture)
        return self._graph.pull()
