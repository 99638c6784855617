"""VIDEO and AUDIO: a fixed header in front of one frame's bytes, untouched (PROTOCOL.md §3.4).

The hottest code of the tunnel: one ``struct`` call each way, and the payload of a received frame is a view of the
message, not a copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.media import EncodedFrame

VIDEO = 0x04
AUDIO = 0x05

KEYFRAME = 0x80
DISCARDABLE = 0x40
LAYER_MASK = 0x07
UNKNOWN_LEVEL = 0x7F
MAX_TIME_US = 1 << 53
"""Times on the wire stay below this, so that JavaScript's numbers hold them exactly."""

# type, flags, track id, frame number, RTP timestamp, capture time, reference distance
_VIDEO_HEADER = Struct("!BBHIIQB")
# type, level, track id, frame number, RTP timestamp, capture time
_AUDIO_HEADER = Struct("!BBHIIQ")
VIDEO_HEADER_BYTES = _VIDEO_HEADER.size
AUDIO_HEADER_BYTES = _AUDIO_HEADER.size


@dataclass(slots=True)
class VideoMessage:
    """One access unit with its place in the track: ``reference_distance`` is 0 for a keyframe, else 1 … 255."""

    track_id: int
    frame_number: int
    reference_distance: int
    frame: EncodedFrame


@dataclass(slots=True)
class AudioMessage:
    """One Opus packet with its place in the track."""

    track_id: int
    frame_number: int
    frame: EncodedFrame


def encode(message: VideoMessage | AudioMessage) -> bytes:
    """Write whichever of the two it is."""
    if isinstance(message, AudioMessage):
        return encode_audio(message.track_id, message.frame_number, message.frame)
    return encode_video(message.track_id, message.frame_number, message.reference_distance, message.frame)


def encode_video(track_id: int, frame_number: int, reference_distance: int, frame: EncodedFrame) -> bytes:
    """Make a VIDEO message.

    Args:
        track_id: 0 … 65535.
        frame_number: 0 … 2³²-1.
        reference_distance: 0 for a keyframe, else 1 … 255.
        frame: at least one octet of data.
    Returns:
        The 21 octets of header and the frame's data.
    """
    flags = frame.temporal_layer
    if frame.keyframe:
        flags |= KEYFRAME
    if frame.discardable:
        flags |= DISCARDABLE
    header = _VIDEO_HEADER.pack(
        VIDEO, flags, track_id, frame_number, frame.rtp_timestamp, frame.capture_time_us, reference_distance
    )
    return b"".join((header, frame.data))


def encode_audio(track_id: int, frame_number: int, frame: EncodedFrame) -> bytes:
    """Make an AUDIO message: 20 octets of header and the packet; the ranges are those of ``encode_video``."""
    level = UNKNOWN_LEVEL if frame.audio_level is None else frame.audio_level
    header = _AUDIO_HEADER.pack(AUDIO, level, track_id, frame_number, frame.rtp_timestamp, frame.capture_time_us)
    return b"".join((header, frame.data))


def is_keyframe(video_message: bytes) -> bool:
    """Whether the frame of a VIDEO message refers to no other."""
    return video_message[1] & KEYFRAME != 0


def is_discardable(video_message: bytes) -> bool:
    """Whether no other frame refers to that of a VIDEO message."""
    return video_message[1] & (KEYFRAME | DISCARDABLE) == DISCARDABLE


def decode_video(data: bytes, max_frame_bytes: int) -> VideoMessage:
    """Read a VIDEO message; the frame's data is a ``memoryview`` of ``data``.

    Raises:
        RemoteProtocolError: too short, no payload, a time beyond 2⁵³, or a reference distance that contradicts K
            (``malformed``); payload over ``max_frame_bytes`` (``too_large``).
    """
    size = len(data) - VIDEO_HEADER_BYTES
    if size <= 0:
        raise RemoteProtocolError("VIDEO without payload")
    if size > max_frame_bytes:
        raise RemoteProtocolError("frame over the limit", CloseCode.TOO_LARGE)
    _, flags, track_id, frame_number, rtp_timestamp, capture_time_us, distance = _VIDEO_HEADER.unpack_from(data)
    keyframe = flags >= KEYFRAME
    if keyframe == (distance != 0) or capture_time_us >= MAX_TIME_US:
        raise RemoteProtocolError("VIDEO with an impossible header")
    frame = EncodedFrame(
        memoryview(data)[VIDEO_HEADER_BYTES:],
        rtp_timestamp,
        capture_time_us,
        keyframe,
        bool(flags & DISCARDABLE),
        flags & LAYER_MASK,
    )
    return VideoMessage(track_id, frame_number, distance, frame)


def decode_audio(data: bytes, max_frame_bytes: int) -> AudioMessage:
    """Read an AUDIO message; the frame's data is a ``memoryview`` of ``data``.

    Raises:
        RemoteProtocolError: as ``decode_video``.
    """
    size = len(data) - AUDIO_HEADER_BYTES
    if size <= 0:
        raise RemoteProtocolError("AUDIO without payload")
    if size > max_frame_bytes:
        raise RemoteProtocolError("frame over the limit", CloseCode.TOO_LARGE)
    _, level, track_id, frame_number, rtp_timestamp, capture_time_us = _AUDIO_HEADER.unpack_from(data)
    if capture_time_us >= MAX_TIME_US:
        raise RemoteProtocolError("AUDIO with an impossible header")
    frame = EncodedFrame(memoryview(data)[AUDIO_HEADER_BYTES:], rtp_timestamp, capture_time_us)
    if level != UNKNOWN_LEVEL:
        frame.audio_level = level
    return AudioMessage(track_id, frame_number, frame)
