"""A room: who is in it, what they publish, and who is told. The embedded adapter keeps one per name.

Tunnelled and native participants enter by the same ``join`` and are told through the same ``RoomEvents``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from wsmedia.clock import Clock
from wsmedia.errors import LocalProtocolError
from wsmedia.limits import CallLater
from wsmedia.media import Participant, Track
from wsmedia.ports import RoomEvents
from wsmedia.sfu.track import RoomTrack

_TRACK_IDS = 65536


class Membership:
    """One participant's place in a room; the synchronous part of a ``RoomConnection``."""

    def __init__(self, room: Room, participant: Participant, events: RoomEvents) -> None:
        self.participant = participant
        self.events = events
        self.tracks: dict[int, RoomTrack] = {}
        self._room = room

    def publish(self, track: Track) -> RoomTrack:
        """Announce a track to everybody else.

        Args:
            track: with the publisher's own ``track_id``, by which the publisher is asked for keyframes.
        Raises:
            LocalProtocolError: the id is in use, or the participant has left.
        """
        return self._room.add_track(self, track)

    def unpublish(self, track_id: int) -> None:
        """End a track; unknown ids are ignored."""
        self._room.remove_track(self, track_id)

    def set_muted(self, track_id: int, muted: bool) -> None:
        """Tell everybody else that a track is muted or not; unknown ids are ignored."""
        self._room.mute_track(self, track_id, muted)

    def leave(self) -> None:
        """Leave with all tracks; leaving twice is leaving once."""
        self._room.remove(self)


class Room:
    """A room of participants and watchers.

    Args:
        name: for messages to people.
        clock, call_later: time for what the room coalesces.
    """

    def __init__(self, name: str, clock: Clock, call_later: CallLater) -> None:
        self.name = name
        self._clock = clock
        self._call_later = call_later
        self._members: dict[str, Membership] = {}
        self._watchers: list[RoomEvents] = []
        self._last_track_id = -1

    @property
    def is_empty(self) -> bool:
        """Whether nobody is in the room and nobody watches it, so that it may be forgotten."""
        return not self._members and not self._watchers

    @property
    def participants(self) -> list[Participant]:
        """Everybody, in order of joining."""
        return [member.participant for member in self._members.values()]

    def tracks_of(self, participant_id: str) -> list[RoomTrack]:
        """The tracks of one participant, in order of publishing; empty for nobody."""
        member = self._members.get(participant_id)
        return list(member.tracks.values()) if member else []

    def join(self, participant: Participant, events: RoomEvents) -> Membership:
        """Let somebody in; they are told of everybody and everything in the room, and everybody of them.

        Raises:
            LocalProtocolError: the participant id is in the room.
        """
        if participant.participant_id in self._members:
            raise LocalProtocolError("this participant is in the room already")
        membership = Membership(self, participant, events)
        self._tell_all(events)
        for listener in self._listeners(membership):
            listener.participant_joined(participant)
        self._members[participant.participant_id] = membership
        return membership

    def watch(self, events: RoomEvents) -> None:
        """Tell ``events`` of everything that is and will be in the room, without being in it."""
        self._tell_all(events)
        self._watchers.append(events)

    def unwatch(self, events: RoomEvents) -> None:
        """Tell ``events`` nothing more."""
        self._watchers = [watcher for watcher in self._watchers if watcher is not events]

    def add_track(self, member: Membership, track: Track) -> RoomTrack:
        """See ``Membership.publish``."""
        if self._members.get(member.participant.participant_id) is not member:
            raise LocalProtocolError("the participant has left the room")
        if track.track_id in member.tracks:
            raise LocalProtocolError(f"track {track.track_id} is published already")
        publisher_track_id = track.track_id
        room_track = RoomTrack(
            member.participant.participant_id,
            dataclasses.replace(track, track_id=self._new_track_id()),
            request_keyframe=lambda: member.events.keyframe_requested(publisher_track_id),
            target_bitrate=lambda bps: member.events.target_bitrate_changed(publisher_track_id, bps),
            clock=self._clock,
            call_later=self._call_later,
        )
        member.tracks[publisher_track_id] = room_track
        for listener in self._listeners(member):
            listener.track_added(room_track)
        return room_track

    def remove_track(self, member: Membership, track_id: int) -> None:
        """See ``Membership.unpublish``."""
        room_track = member.tracks.pop(track_id, None)
        if room_track is None:
            return
        for listener in self._listeners(member):
            listener.track_removed(room_track)
        room_track.end()

    def mute_track(self, member: Membership, track_id: int, muted: bool) -> None:
        """See ``Membership.set_muted``."""
        room_track = member.tracks.get(track_id)
        if room_track is None or room_track.track.muted == muted:
            return
        room_track.set_muted(muted)
        for listener in self._listeners(member):
            listener.track_muted(room_track, muted)

    def remove(self, member: Membership) -> None:
        """See ``Membership.leave``."""
        participant_id = member.participant.participant_id
        if self._members.get(participant_id) is not member:
            return
        for track_id in list(member.tracks):
            self.remove_track(member, track_id)
        del self._members[participant_id]
        for listener in self._listeners(member):
            listener.participant_left(participant_id)

    def _tell_all(self, events: RoomEvents) -> None:
        for member in self._members.values():
            events.participant_joined(member.participant)
            for room_track in member.tracks.values():
                events.track_added(room_track)

    def _listeners(self, but: Membership) -> Iterator[RoomEvents]:
        # Copies: a listener may leave while it is being told.
        for member in list(self._members.values()):
            if member is not but:
                yield member.events
        yield from list(self._watchers)

    def _new_track_id(self) -> int:
        used = {track.track.track_id for member in self._members.values() for track in member.tracks.values()}
        if len(used) >= _TRACK_IDS:
            raise LocalProtocolError("the room has no free track id")
        while True:
            self._last_track_id = (self._last_track_id + 1) % _TRACK_IDS
            if self._last_track_id not in used:
                return self._last_track_id
