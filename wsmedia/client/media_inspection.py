"""Looks into a media file before it is played: which tracks it has, and whether they can be sent as they are.

WebRTC receivers play H.264 without B-frames and Opus of one or two channels. Such tracks pass through untouched;
everything else is transcoded. A keyframe that somebody asks for cannot be made out of a file, so H.264 whose keyframes
are far apart is transcoded too, unless the user forbids it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import av
import av.error

from wsmedia.client.errors import MediaFileError
from wsmedia.media import MediaKind
from wsmedia.rtp.h264_units import is_keyframe

LONG_GOP_SECONDS = 2.1
"""Keyframes further apart than this leave a late joiner without a picture for too long: two seconds and some jitter."""

_SCAN_SECONDS = 20.0
_SCAN_PACKETS = 1500
_PLAYABLE_PROFILES = {"Baseline", "Constrained Baseline", "Main", "Extended", "High", "Constrained High"}


class TranscodePolicy(StrEnum):
    """When to encode anew: when needed, always, or never (what cannot pass through is an error)."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class FileTrack:
    """One track of a file and what will be done with it.

    Attributes:
        stream_index: position among the container's streams.
        codec_name: FFmpeg's name, as ``h264`` or ``aac``.
        format_text: size and rate, or channels, for people.
        transcode_reason: why it has to be encoded anew, in a few words; empty if it passes through.
        rotation: degrees counter-clockwise that the pictures must be turned by to be upright; a multiple of 90.
    """

    kind: MediaKind
    stream_index: int
    codec_name: str
    format_text: str
    transcode_reason: str = ""
    rotation: int = 0

    @property
    def transcoded(self) -> bool:
        """Whether the track is encoded anew."""
        return bool(self.transcode_reason)


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What is in a file.

    Attributes:
        origin: time in seconds that the container calls its beginning; tracks are played relative to it.
        duration: seconds, or None if the file does not tell.
    """

    path: Path
    tracks: tuple[FileTrack, ...]
    origin: float
    duration: float | None


def open_container(path: Path) -> Any:
    """Open a file for reading.

    Raises:
        MediaFileError: it does not exist, or is not a media file.
    """
    try:
        return av.open(str(path))
    except FileNotFoundError:
        raise MediaFileError(f"{path}: no such file") from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise MediaFileError(f"{path}: cannot be read as audio or video ({_reason(error)})") from error


def inspect(path: Path, policy: TranscodePolicy = TranscodePolicy.AUTO) -> FileInfo:
    """Find a file's best video and best audio track and decide how to send them. Blocks for some milliseconds.

    Raises:
        MediaFileError: unreadable, neither audio nor video, or ``policy`` forbids what would be needed.
    """
    with open_container(path) as container:
        origin = (container.start_time or 0) / av.time_base
        duration = container.duration / av.time_base if container.duration else None
        # A cover picture is a video stream of one frame; it is not worth a track.
        video = next((stream for stream in container.streams.video if not _is_attached_picture(stream)), None)
        audio = container.streams.best("audio")
        tracks = []
        if video is not None:
            tracks.append(_video_track(path, video, policy))
        if audio is not None:
            tracks.append(_audio_track(audio, policy))
    if not tracks:
        raise MediaFileError(f"{path}: holds neither audio nor video")
    for track in tracks:
        if policy is TranscodePolicy.NEVER and track.transcoded:
            raise MediaFileError(
                f"{path}: the {track.kind} track ({track.codec_name}) must be transcoded: {track.transcode_reason}"
            )
    return FileInfo(path, tuple(tracks), origin, duration)


def annex_b_packets(container: Any, stream: Any) -> Iterator[Any]:
    """Demultiplex an H.264 stream as Annex B packets; parameter sets stored aside come in front of keyframes."""
    converter = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", stream)
    for packet in container.demux(stream):
        yield from converter.filter(packet if packet.size else None)


def _video_track(path: Path, stream: Any, policy: TranscodePolicy) -> FileTrack:
    context = stream.codec_context
    rate = f" {float(stream.average_rate):.3g} fps" if stream.average_rate else ""
    rotation = _rotation(path, stream.index)
    if policy is TranscodePolicy.ALWAYS:
        reason = "asked for"
    elif context.name != "h264":
        reason = f"{context.name} is not H.264"
    elif context.profile not in _PLAYABLE_PROFILES or context.pix_fmt not in {"yuv420p", "yuvj420p"}:
        reason = f"H.264 {context.profile} {context.pix_fmt} is not played by browsers"
    elif rotation:
        reason = f"pictures must be turned by {rotation} degrees"
    else:
        reason = _gop_reason(path, stream.index, long_gop_allowed=policy is TranscodePolicy.NEVER)
    size = f"{context.width}x{context.height}{rate}"
    return FileTrack(MediaKind.VIDEO, stream.index, context.name, size, reason, rotation)


def _audio_track(stream: Any, policy: TranscodePolicy) -> FileTrack:
    context = stream.codec_context
    if policy is TranscodePolicy.ALWAYS:
        reason = "asked for"
    elif context.name != "opus":
        reason = f"{context.name} is not Opus"
    elif context.channels > 2:
        reason = f"{context.channels} channels are more than two"
    else:
        reason = ""
    return FileTrack(
        MediaKind.AUDIO, stream.index, context.name, f"{context.sample_rate} Hz {context.layout.name}", reason
    )


def _gop_reason(path: Path, stream_index: int, long_gop_allowed: bool) -> str:
    """Scan the beginning of an H.264 track for what stands in the way of sending it as it is."""
    last_pts: int | None = None
    keyframe_time: float | None = None
    longest = time = start = 0.0
    with open_container(path) as container:
        for count, packet in enumerate(annex_b_packets(container, container.streams[stream_index])):
            if packet.pts is None:
                return "the file has no timestamps"
            if last_pts is not None and packet.pts <= last_pts:
                return "it has B-frames"
            last_pts = packet.pts
            time = float(packet.pts * packet.time_base)
            start = time if count == 0 else start
            if keyframe_time is None or is_keyframe(bytes(packet)):
                longest = max(longest, time - (start if keyframe_time is None else keyframe_time))
                keyframe_time = time
            if time - start > _SCAN_SECONDS or count > _SCAN_PACKETS:
                break
    if keyframe_time is None:
        return "it has no keyframe"
    longest = max(longest, time - keyframe_time)
    if longest > LONG_GOP_SECONDS and not long_gop_allowed:
        return f"keyframes are {longest:.1f} s apart"
    return ""


def _rotation(path: Path, stream_index: int) -> int:
    """What a phone's camera wrote beside the pictures when it was held upright."""
    with open_container(path) as container:
        try:
            frame = next(container.decode(container.streams[stream_index]), None)
        except av.error.FFmpegError as error:
            raise MediaFileError(f"{path}: its video cannot be decoded ({_reason(error)})") from error
    return 0 if frame is None else round(frame.rotation / 90) * 90


def _is_attached_picture(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
