"""What the client tells its user: a class of methods that do nothing, to be overridden."""

from __future__ import annotations

from enum import StrEnum

from wsmedia.client.tracks import LocalTrack, RemoteTrack
from wsmedia.media import Participant
from wsmedia.ports import RoomState


class ConnectionState(StrEnum):
    """How the client's way to the gateway is."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    CLOSED = "closed"


class ClientEvents:
    """Derive and override what is of interest. Methods run on the event loop and must return at once."""

    def connection_changed(self, state: ConnectionState, reason: str) -> None:
        """The way to the gateway went up or down; ``reason`` is for people."""

    def room_state_changed(self, state: RoomState, reason: str) -> None:
        """The gateway's way to its SFU went up or down."""

    def participant_joined(self, participant: Participant) -> None:
        """Somebody else is in the room."""

    def participant_left(self, participant: Participant) -> None:
        """They are gone; their tracks were removed before."""

    def track_added(self, participant: Participant, remote: RemoteTrack) -> None:
        """A track can be had: add a sink to ``remote`` to get its frames."""

    def track_removed(self, participant: Participant, remote: RemoteTrack) -> None:
        """A track has ended."""

    def track_muted(self, participant: Participant, remote: RemoteTrack, muted: bool) -> None:
        """Its owner muted or unmuted it."""

    def publish_rejected(self, local: LocalTrack, reason: str) -> None:
        """The room does not take a track that we publish."""
