"""The vocabulary of media: codecs, tracks, participants, encoded frames. Everything above speaks in these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MediaKind(StrEnum):
    """Audio or video, as in SDP's m-lines and W3C's ``MediaStreamTrack.kind``."""

    AUDIO = "audio"
    VIDEO = "video"


class Codec(StrEnum):
    """A codec that the tunnel carries."""

    OPUS = "opus"
    H264 = "h264"
    VP8 = "vp8"
    VP9 = "vp9"
    AV1 = "av1"

    @property
    def kind(self) -> MediaKind:
        """Whether the codec is for audio or video."""
        return MediaKind.AUDIO if self is Codec.OPUS else MediaKind.VIDEO

    @property
    def clock_rate(self) -> int:
        """Ticks of the RTP timestamp per second: RFC 7587 §4.1 for Opus, 90 kHz for all video."""
        return 48_000 if self is Codec.OPUS else 90_000


class TrackSource(StrEnum):
    """What a track shows or lets hear."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class Track:
    """One track as its sender announces it.

    ``track_id`` is 0–65535, unique among the tracks that one side sends in one session.
    """

    track_id: int
    codec: Codec
    source: TrackSource
    muted: bool = False

    @property
    def kind(self) -> MediaKind:
        """Whether the track is audio or video."""
        return self.codec.kind


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a room: an opaque id, unique in the room, and the name that people see."""

    participant_id: str
    name: str


@dataclass(slots=True)
class EncodedFrame:
    """One access unit of video or one packet of audio, as the encoder made it.

    Attributes:
        data: what WebCodecs takes as a chunk. H.264: an access unit in Annex B form (start codes of 3 or 4 octets).
            VP8: a frame (RFC 6386). VP9: a frame, or a superframe with its layers. AV1: a temporal unit in
            low-overhead format, every OBU with its size, without temporal delimiters. Opus: a packet (RFC 6716).
        rtp_timestamp: 0 … 2³²-1 in ticks of the codec's clock rate.
        capture_time_us: microseconds on the capturing participant's clock; one clock for all its tracks.
        keyframe: video only: decodable without any earlier frame.
        discardable: video only: no other frame refers to this one.
        temporal_layer: video only: 0 … 7.
        audio_level: audio only: RFC 6464 octet, voice activity in bit 7, level 0 (loudest) … 127; None if unknown.
    """

    data: bytes | memoryview
    rtp_timestamp: int
    capture_time_us: int
    keyframe: bool = False
    discardable: bool = False
    temporal_layer: int = 0
    audio_level: int | None = None
