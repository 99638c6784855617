"""The Protocol classes through which floors meet: who gives frames, who takes them, what an SFU adapter is.

All methods that are not coroutines are called on the event loop's thread, return at once and never raise because of
what a remote party sent.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from wsmedia.media import EncodedFrame, Participant, Track


class FrameSink(Protocol):
    """Takes the encoded frames of one track, in decode order."""

    def send_frame(self, frame: EncodedFrame) -> None:
        """Take one frame; it is never refused, but may be dropped."""


class FrameSource(Protocol):
    """Gives the encoded frames of one track to its sinks, and hears what they need."""

    def add_sink(self, sink: FrameSink) -> None:
        """Deliver every following frame to ``sink`` too; adding twice is adding once."""

    def remove_sink(self, sink: FrameSink) -> None:
        """Stop delivering to ``sink``; unknown sinks are ignored."""

    def request_keyframe(self) -> None:
        """Ask the origin for a keyframe; requests are coalesced."""

    def set_capacity(self, sink: FrameSink, bitrate_bps: int) -> None:
        """Tell how much the path behind ``sink`` can carry of this track, so that the origin may send less."""


class RemoteTrack(Protocol):
    """Somebody else's track in a room, as an adapter hands it over."""

    @property
    def participant_id(self) -> str:
        """Whose it is."""

    @property
    def track(self) -> Track:
        """Codec, source and mute state; its ``track_id`` is the adapter's own and unique within the connection."""

    @property
    def source(self) -> FrameSource:
        """Where its frames come from."""


class RoomState(StrEnum):
    """How the SFU leg of a participant is."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"


class RoomEvents(Protocol):
    """What a room tells one participant; implemented by interworking, called by adapters."""

    def participant_joined(self, participant: Participant) -> None:
        """Somebody else is in the room."""

    def participant_left(self, participant_id: str) -> None:
        """They and all their tracks are gone."""

    def track_added(self, remote: RemoteTrack) -> None:
        """A track can be had."""

    def track_removed(self, remote: RemoteTrack) -> None:
        """A track has ended."""

    def track_muted(self, remote: RemoteTrack, muted: bool) -> None:
        """Its owner muted or unmuted it."""

    def publish_rejected(self, track_id: int, reason: str) -> None:
        """The room does not take a track that we publish."""

    def keyframe_requested(self, track_id: int) -> None:
        """Somebody needs a keyframe of our track."""

    def target_bitrate_changed(self, track_id: int, bitrate_bps: int) -> None:
        """Our track should not exceed this."""

    def room_state_changed(self, state: RoomState, reason: str) -> None:
        """The SFU leg went away or came back."""

    def room_failed(self, reason: str) -> None:
        """The SFU leg is gone for good; the session ends with ``sfu_failed``."""


class RoomConnection(Protocol):
    """One participant's place in a room."""

    def publish(self, track: Track) -> FrameSink:
        """Announce a track of ours and get where its frames go. Negotiation goes on behind; early frames may be
        dropped, and a keyframe is requested when the way is open."""

    def unpublish(self, track_id: int) -> None:
        """End a track of ours."""

    def set_muted(self, track_id: int, muted: bool) -> None:
        """Tell the room that our track is muted or not."""

    async def leave(self) -> None:
        """Leave the room and free everything; safe to call twice."""


class Adapter(Protocol):
    """One kind of SFU: negotiates and never touches a frame."""

    async def start(self) -> None:
        """Get ready; called once before the first join."""

    async def join(self, room: str, participant: Participant, events: RoomEvents) -> RoomConnection:
        """Enter a room. Events may be called before this returns.

        Raises:
            SfuError: the SFU cannot be reached or refuses; the message is fit for the user.
        """

    async def close(self) -> None:
        """End every connection that is left."""
