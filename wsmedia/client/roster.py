"""Who is in the room and what they send, as the gateway tells it."""

from __future__ import annotations

from wsmedia.client.events import ClientEvents
from wsmedia.client.tracks import RemoteTrack, SendControl
from wsmedia.clock import Clock
from wsmedia.media import EncodedFrame, Participant
from wsmedia.wire import (
    ControlMessage,
    ParticipantJoined,
    ParticipantLeft,
    TrackAdded,
    TrackMuted,
    TrackRemoved,
)


class Roster:
    """The others and their tracks; tells ``events`` what changes.

    Attributes:
        participants: by participant id.
        tracks: by the gateway's track id.
    """

    def __init__(self, events: ClientEvents, send_control: SendControl, clock: Clock) -> None:
        self.participants: dict[str, Participant] = {}
        self.tracks: dict[int, RemoteTrack] = {}
        self._events = events
        self._send_control = send_control
        self._clock = clock

    def handle(self, message: ControlMessage) -> None:
        """Take a CONTROL; types that do not concern the roster are ignored."""
        match message:
            case ParticipantJoined(participant=description):
                participant = description.to_participant()
                known = participant.participant_id in self.participants
                self.participants[participant.participant_id] = participant
                if not known:
                    self._events.participant_joined(participant)
            case ParticipantLeft(participant_id=participant_id):
                self._remove_participant(participant_id)
            case TrackAdded(participant_id=participant_id, track=description):
                track = description.to_track()
                self._remove_track(track.track_id)
                remote = RemoteTrack(participant_id, track, self._send_control, self._clock)
                self.tracks[track.track_id] = remote
                self._events.track_added(self._owner(remote), remote)
            case TrackRemoved(track_id=track_id):
                self._remove_track(track_id)
            case TrackMuted(track_id=track_id, muted=muted):
                muted_track = self.tracks.get(track_id)
                if muted_track is not None:
                    muted_track.mute_changed(muted)
                    self._events.track_muted(self._owner(muted_track), muted_track, muted)

    def deliver(self, track_id: int, frame: EncodedFrame) -> None:
        """Give a frame to its track's sinks."""
        remote = self.tracks.get(track_id)
        if remote is not None:
            remote.deliver(frame)

    def clear(self) -> None:
        """The session is gone, and with it everybody."""
        for participant_id in list(self.participants):
            self._remove_participant(participant_id)
        for track_id in list(self.tracks):
            self._remove_track(track_id)

    def _owner(self, remote: RemoteTrack) -> Participant:
        """Whose track it is; somebody unheard of goes by their id."""
        participant_id = remote.participant_id
        return self.participants.get(participant_id) or Participant(participant_id, participant_id)

    def _remove_participant(self, participant_id: str) -> None:
        for track_id, remote in list(self.tracks.items()):
            if remote.participant_id == participant_id:
                self._remove_track(track_id)
        participant = self.participants.pop(participant_id, None)
        if participant is not None:
            self._events.participant_left(participant)

    def _remove_track(self, track_id: int) -> None:
        remote = self.tracks.pop(track_id, None)
        if remote is not None:
            remote.ended()
            self._events.track_removed(self._owner(remote), remote)
