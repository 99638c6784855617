"""One participant's recording: opens the file when the first frame comes and adds tracks as they appear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.error

from wsmedia.client.matroska import MatroskaWriter, TooManyTracksError, decoder_configuration
from wsmedia.client.recording_timeline import RecordingTimeline
from wsmedia.client.tracks import RemoteTrack
from wsmedia.clock import Clock
from wsmedia.media import Codec, EncodedFrame, MediaKind, TrackSource


@dataclass(slots=True)
class RecordingStatistics:
    """What was written so far. ``seconds`` is the time from the first frame to the last."""

    video_frames: int = 0
    audio_frames: int = 0
    octets: int = 0
    seconds: float = 0.0


class ParticipantRecording:
    """The file of one participant.

    A track that ends and comes back (same codec and source) goes on in the same Matroska track.

    Attributes:
        path: where the file will be.
        statistics: live figures.
        failure: why nothing more is written; empty while all is well.
    """

    def __init__(self, path: Path, name: str, clock: Clock, on_change: Callable[[str], None]) -> None:
        self.path = path
        self.name = name
        self.statistics = RecordingStatistics()
        self.failure = ""
        self._clock = clock
        self._on_change = on_change
        self._timeline = RecordingTimeline()
        self._file: BinaryIO | None = None
        self._writer: MatroskaWriter | None = None
        self._numbers: dict[tuple[Codec, TrackSource], int] = {}
        self._began_us = 0

    def write(self, remote: RemoteTrack, frame: EncodedFrame) -> None:
        """Write one frame. Problems with the disk end this recording; they are never raised."""
        if self.failure:
            return
        try:
            self._write(remote, frame)
        except (OSError, TooManyTracksError) as error:
            self.failure = str(error)
            self._on_change(f"{self.path} cannot be written: {self.failure}")

    def flush(self) -> None:
        """Write what waits for its turn."""
        if self._writer is not None and not self.failure:
            try:
                self._writer.flush()
            except OSError as error:
                self.failure = str(error)

    def close(self) -> bool:
        """Finish the file; safe to call twice.

        Returns:
            Whether there is a file.
        """
        if self._file is None or self._writer is None:
            return False
        try:
            if not self._file.closed:
                self._writer.close()
        except OSError as error:
            self.failure = self.failure or str(error)
        finally:
            self._file.close()
        return True

    def _write(self, remote: RemoteTrack, frame: EncodedFrame) -> None:
        track = remote.track
        key = (track.codec, track.source)
        number = self._numbers.get(key)
        if number is None:
            number = self._add_track(track.codec, track.source, frame)
            if number is None:
                return
            self._numbers[key] = number
        if self._writer is None:
            return
        arrived_us = round(self._clock.monotonic() * 1_000_000)
        time_us = self._timeline.place(key, frame.capture_time_us, arrived_us)
        is_video = track.kind is MediaKind.VIDEO
        self._writer.write(number, time_us, frame.data, frame.keyframe or not is_video, frame.discardable)
        statistics = self.statistics
        statistics.video_frames += is_video
        statistics.audio_frames += not is_video
        statistics.octets += len(frame.data)
        self._began_us = self._began_us or arrived_us
        statistics.seconds = (arrived_us - self._began_us) / 1_000_000

    def _add_track(self, codec: Codec, source: TrackSource, frame: EncodedFrame) -> int | None:
        """Add a track to the file, None as long as its first frames cannot be decoded."""
        if codec is Codec.OPUS:
            return self._open_writer().add_track(codec, source)
        if not frame.keyframe:
            return None
        keyframe = bytes(frame.data)
        size = picture_size(codec, keyframe)
        if size is None:
            return None
        try:
            decoder_configuration(codec, keyframe)
        except ValueError:
            return None  # decoders are more forgiving than files; what others send must not end us
        return self._open_writer().add_track(codec, source, keyframe, *size)

    def _open_writer(self) -> MatroskaWriter:
        if self._writer is None:
            self._file = self.path.open("wb")
            self._writer = MatroskaWriter(self._file, self.name, self._clock.wall_us())
            self._on_change(f"recording {self.name} to {self.path}")
        return self._writer


_DECODERS = {Codec.H264: "h264", Codec.VP8: "vp8", Codec.VP9: "vp9", Codec.AV1: "libdav1d"}


def picture_size(codec: Codec, keyframe: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a keyframe (of H.264 with SPS and PPS); None if it cannot be decoded."""
    decoder: Any = av.CodecContext.create(_DECODERS[codec], "r")
    try:
        pictures = [*decoder.decode(av.Packet(keyframe)), *decoder.decode(None)]
    except av.error.FFmpegError:
        return None
    return (pictures[0].width, pictures[0].height) if pictures else None
