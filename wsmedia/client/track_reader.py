"""Reads one track of a file, step by step, in a worker thread: the ports between a file, its codecs and the player.

Each track opens the file for itself. A file whose audio and video lie far apart then needs no buffering, and neither
track waits for the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import av.error

from wsmedia.client.media_inspection import FileInfo, FileTrack, annex_b_packets, open_container
from wsmedia.media import EncodedFrame
from wsmedia.rtp.h264_units import IDR_SLICE, PPS, SPS, is_discardable, join_nals, split_nals

NO_TIME = 0
"""Readers leave the frames' timestamps to the player, which knows where on the wall clock they fall."""


@dataclass(frozen=True, slots=True)
class MediaUnit:
    """A piece of a track that is due at one moment: an encoded frame, or decoded media that is encoded when it is due.

    Attributes:
        time: seconds since the file's beginning.
        duration: seconds until the next unit, if known, else a guess.
        content: what the reader that made it understands.
    """

    time: float
    duration: float
    content: Any


class TrackReader(Protocol):
    """One pass through one track. All methods are called in one worker thread, but for the two requests."""

    def next_unit(self) -> MediaUnit | None:
        """Read and decode on; None at the end."""

    def encode(self, unit: MediaUnit) -> EncodedFrame | None:
        """Make a unit a frame (with timestamps 0) at the moment when it is due; None if it gives none."""

    def request_keyframe(self) -> None:
        """The next frame should be a keyframe, if that can be."""

    def set_target_bitrate(self, bitrate_bps: int) -> None:
        """Following frames should need no more than this, if that can be."""

    def close(self) -> None:
        """Close the file; safe to call twice."""


class PassThroughReader:
    """Gives a file's H.264 access units or Opus packets as they are.

    Keyframe requests and target bitrates cannot be obeyed. Video begins with the first keyframe; SPS and PPS
    stand in front of every keyframe, even if the file has them only once.
    """

    def __init__(self, info: FileInfo, track: FileTrack) -> None:
        self._origin = info.origin
        self._container = open_container(info.path)
        stream = self._container.streams[track.stream_index]
        self._units = self._read_video(stream) if track.codec_name == "h264" else self._read_audio(stream)

    def next_unit(self) -> MediaUnit | None:
        """Read one frame."""
        try:
            return next(self._units, None)
        except av.error.FFmpegError:
            return None  # a file that is cut off ends there

    def encode(self, unit: MediaUnit) -> EncodedFrame | None:
        """Give the frame that the unit holds."""
        frame: EncodedFrame = unit.content
        return frame

    def request_keyframe(self) -> None:
        """Wait for the file's own next keyframe."""

    def set_target_bitrate(self, bitrate_bps: int) -> None:
        """Leave the bitrate as the file has it."""

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _read_video(self, stream: Any) -> Iterator[MediaUnit]:
        parameter_sets = ParameterSets()
        period = float(1 / stream.average_rate) if stream.average_rate else 1 / 30
        began = False
        for packet in annex_b_packets(self._container, stream):
            data, keyframe = parameter_sets.complete(bytes(packet))
            began = began or keyframe
            if not began or packet.pts is None:
                continue
            frame = EncodedFrame(data, NO_TIME, NO_TIME, keyframe=keyframe, discardable=is_discardable(data))
            duration = float(packet.duration * packet.time_base) if packet.duration else period
            yield MediaUnit(float(packet.pts * packet.time_base) - self._origin, duration, frame)

    def _read_audio(self, stream: Any) -> Iterator[MediaUnit]:
        for packet in self._container.demux(stream):
            if packet.size and packet.pts is not None:
                duration = float(packet.duration * packet.time_base) if packet.duration else 0.02
                time = float(packet.pts * packet.time_base) - self._origin
                yield MediaUnit(time, duration, EncodedFrame(bytes(packet), NO_TIME, NO_TIME))


class ParameterSets:
    """Remembers a stream's SPS and PPS and puts them in front of keyframes that lack them."""

    def __init__(self) -> None:
        self._sps: list[bytes | memoryview] = []
        self._pps: list[bytes | memoryview] = []

    def complete(self, access_unit: bytes) -> tuple[bytes, bool]:
        """Give the access unit, completed if needed, and whether it is a keyframe that can be decoded by itself."""
        units = split_nals(access_unit)
        types = {unit[0] & 0x1F for unit in units}
        if SPS in types:
            self._sps = [bytes(unit) for unit in units if unit[0] & 0x1F == SPS]
        if PPS in types:
            self._pps = [bytes(unit) for unit in units if unit[0] & 0x1F == PPS]
        if IDR_SLICE not in types:
            return access_unit, False
        missing = ([] if SPS in types else self._sps) + ([] if PPS in types else self._pps)
        return (join_nals(missing) + access_unit if missing else access_unit), bool(self._sps and self._pps)
