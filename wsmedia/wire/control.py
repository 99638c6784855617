"""The bodies of CONTROL: one struct per ``type``, and their union (PROTOCOL.md §3.3).

The session engine numbers, repeats and orders them; applications on both sides of the tunnel read and write them.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from wsmedia.media import Codec, MediaKind, Participant, Track, TrackSource
from wsmedia.wire.messages import Opaque, TrackId

Bitrate = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
LaneCount = Annotated[int, msgspec.Meta(ge=1, le=0xFFFF)]
Reason = Annotated[str, msgspec.Meta(max_length=512)]
RoomStateName = Annotated[str, msgspec.Meta(pattern=r"^(connecting|connected|reconnecting)\Z")]


class TrackDescription(msgspec.Struct, frozen=True):
    """A track on the wire; ``kind`` repeats what ``codec`` implies, for readers that do not know the codec.

    Raises:
        ValueError: ``kind`` is not the codec's.
    """

    track_id: TrackId
    kind: MediaKind
    codec: Codec
    source: TrackSource
    muted: bool = False

    def __post_init__(self) -> None:
        if self.codec.kind is not self.kind:
            raise ValueError(f"codec {self.codec.value} is not {self.kind.value}")

    @classmethod
    def of(cls, track: Track) -> TrackDescription:
        """The wire's form of ``track``."""
        return cls(track.track_id, track.kind, track.codec, track.source, track.muted)

    def to_track(self) -> Track:
        """The vocabulary's form."""
        return Track(self.track_id, self.codec, self.source, self.muted)


MAX_PARTICIPANT_NAME = 256


class ParticipantDescription(msgspec.Struct, frozen=True):
    """A participant on the wire."""

    participant_id: Opaque
    name: Annotated[str, msgspec.Meta(max_length=MAX_PARTICIPANT_NAME)]

    @classmethod
    def of(cls, participant: Participant) -> ParticipantDescription:
        """The wire's form of ``participant``; an SFU's longer name is cut."""
        return cls(participant.participant_id, participant.name[:MAX_PARTICIPANT_NAME])

    def to_participant(self) -> Participant:
        """The vocabulary's form."""
        return Participant(self.participant_id, self.name)


class Publish(msgspec.Struct, frozen=True, tag_field="type", tag="publish"):
    """Uplink: the client will send this track."""

    track: TrackDescription


class PublishRejected(msgspec.Struct, frozen=True, tag_field="type", tag="publish_rejected"):
    """Downlink: the room does not take the track."""

    track_id: TrackId
    reason: Reason


class Unpublish(msgspec.Struct, frozen=True, tag_field="type", tag="unpublish"):
    """Uplink: the track has ended."""

    track_id: TrackId


class Mute(msgspec.Struct, frozen=True, tag_field="type", tag="mute"):
    """Uplink: the user muted or unmuted the track."""

    track_id: TrackId
    muted: bool


class Pause(msgspec.Struct, frozen=True, tag_field="type", tag="pause"):
    """Uplink: the client does not want frames of a track that the gateway sends, or wants them again."""

    track_id: TrackId
    paused: bool


class ParticipantJoined(msgspec.Struct, frozen=True, tag_field="type", tag="participant_joined"):
    """Downlink: somebody else is in the room."""

    participant: ParticipantDescription


class ParticipantLeft(msgspec.Struct, frozen=True, tag_field="type", tag="participant_left"):
    """Downlink: they are gone, and with them all their tracks."""

    participant_id: Opaque


class TrackAdded(msgspec.Struct, frozen=True, tag_field="type", tag="track_added"):
    """Downlink: the gateway will send this track."""

    participant_id: Opaque
    track: TrackDescription


class TrackRemoved(msgspec.Struct, frozen=True, tag_field="type", tag="track_removed"):
    """Downlink: the track has ended."""

    track_id: TrackId


class TrackMuted(msgspec.Struct, frozen=True, tag_field="type", tag="track_muted"):
    """Downlink: its owner muted or unmuted the track."""

    track_id: TrackId
    muted: bool


class RoomStateChanged(msgspec.Struct, frozen=True, tag_field="type", tag="room_state"):
    """Downlink: how the SFU leg is; ``state`` is a ``ports.RoomState`` value."""

    state: RoomStateName
    reason: Reason = ""


class KeyframeRequest(msgspec.Struct, frozen=True, tag_field="type", tag="keyframe_request"):
    """Both ways: whoever receives this sends a keyframe on their track soon."""

    track_id: TrackId


class TargetBitrate(msgspec.Struct, frozen=True, tag_field="type", tag="target_bitrate"):
    """Both ways: whoever receives this sends no more than ``bitrate_bps`` on their track."""

    track_id: TrackId
    bitrate_bps: Bitrate


class LanesWanted(msgspec.Struct, frozen=True, tag_field="type", tag="lanes"):
    """Downlink: the gateway would like the client to hold this many lanes."""

    wanted: LaneCount


class UnknownControl(msgspec.Struct, frozen=True):
    """A CONTROL of a type that a newer peer knows: it keeps its place in the sequence and is otherwise ignored."""

    type: str


KnownControl: TypeAlias = (
    Publish
    | PublishRejected
    | Unpublish
    | Mute
    | Pause
    | ParticipantJoined
    | ParticipantLeft
    | TrackAdded
    | TrackRemoved
    | TrackMuted
    | RoomStateChanged
    | KeyframeRequest
    | TargetBitrate
    | LanesWanted
)
"""Everything that may be sent."""

ControlMessage: TypeAlias = KnownControl | UnknownControl
"""Everything that may be received."""

UPLINK_ONLY: tuple[type, ...] = (Publish, Unpublish, Mute, Pause)
"""Types that only a client sends; from a gateway they are malformed."""

DOWNLINK_ONLY: tuple[type, ...] = (
    PublishRejected,
    ParticipantJoined,
    ParticipantLeft,
    TrackAdded,
    TrackRemoved,
    TrackMuted,
    RoomStateChanged,
    LanesWanted,
)
"""Types that only a gateway sends; from a client they are malformed."""
