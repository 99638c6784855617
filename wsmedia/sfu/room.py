"""A room: who is in it, what they publish, and who is told. The embedded adapter keeps one per name.

Tunnelled and native participants enter by the same ``join`` and are told through the same ``RoomEvents``. A participant
may be in a room by several connections at once while they change from one to another: nobody else is told of that, only
of the tracks that each connection brings and takes along.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from wsmedia.clock import Clock
from wsmedia.errors import LocalProtocolError, SfuError
from wsmedia.limits import CallLater
from wsmedia.media import Participant, Track
from wsmedia.ports import RoomEvents
from wsmedia.sfu.track import RoomTrack

_TRACK_IDS = 65536

MAX_PLACES = 4
"""Connections of one participant at once: the old one, the new one, and what is left of earlier tries."""


class Membership:
    """One connection's place in a room; the synchronous part of a ``RoomConnection``."""

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
        # By participant id, each with their places in order of joining; never an empty list.
        self._places: dict[str, list[Membership]] = {}
        self._watchers: list[RoomEvents] = []
        self._last_track_id = -1

    @property
    def is_empty(self) -> bool:
        """Whether nobody is in the room and nobody watches it, so that it may be forgotten."""
        return not self._places and not self._watchers

    @property
    def participants(self) -> list[Participant]:
        """Everybody, in order of joining."""
        return [places[0].participant for places in self._places.values()]

    def tracks_of(self, participant_id: str) -> list[RoomTrack]:
        """The tracks of one participant, in order of publishing; empty for nobody."""
        return [track for place in self._places.get(participant_id, ()) for track in place.tracks.values()]

    def join(self, participant: Participant, events: RoomEvents) -> Membership:
        """Let somebody in; they are told of everybody else and everything in the room, and everybody else of them.

        Who is in the room already gets another place in it: they are told as well, and nobody else is.

        Raises:
            SfuError: they have ``MAX_PLACES`` already.
        """
        places = self._places.get(participant.participant_id, [])
        if len(places) >= MAX_PLACES:
            raise SfuError("This participant enters the room too many times at once.")
        membership = Membership(self, participant, events)
        self._tell_all(events, but=participant.participant_id)
        if not places:
            for listener in self._listeners(membership):
                listener.participant_joined(participant)
        self._places[participant.participant_id] = [*places, membership]
        return membership

    def watch(self, events: RoomEvents) -> None:
        """Tell ``events`` of everything that is and will be in the room, without being in it."""
        self._tell_all(events, but=None)
        self._watchers.append(events)

    def unwatch(self, events: RoomEvents) -> None:
        """Tell ``events`` nothing more."""
        self._watchers = [watcher for watcher in self._watchers if watcher is not events]

    def add_track(self, member: Membership, track: Track) -> RoomTrack:
        """See ``Membership.publish``."""
        if not self._has(member):
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
        if not self._has(member):
            return
        for track_id in list(member.tracks):
            self.remove_track(member, track_id)
        participant_id = member.participant.participant_id
        others = [place for place in self._places[participant_id] if place is not member]
        if others:
            self._places[participant_id] = others
            return
        del self._places[participant_id]
        for listener in self._listeners(member):
            listener.participant_left(participant_id)

    def _has(self, member: Membership) -> bool:
        return any(place is member for place in self._places.get(member.participant.participant_id, ()))

    def _members(self) -> list[Membership]:
        return [place for places in self._places.values() for place in places]

    def _tell_all(self, events: RoomEvents, but: str | None) -> None:
        for participant in self.participants:
            if participant.participant_id == but:
                continue
            events.participant_joined(participant)
            for room_track in self.tracks_of(participant.participant_id):
                events.track_added(room_track)

    def _listeners(self, but: Membership) -> Iterator[RoomEvents]:
        """Everybody but the participant, whose other places have nothing to do with this one."""
        # Copies: a listener may leave while it is being told.
        for member in self._members():
            if member.participant.participant_id != but.participant.participant_id:
                yield member.events
        yield from list(self._watchers)

    def _new_track_id(self) -> int:
        used = {track.track.track_id for member in self._members() for track in member.tracks.values()}
        if len(used) >= _TRACK_IDS:
            raise LocalProtocolError("the room has no free track id")
        while True:
            self._last_track_id = (self._last_track_id + 1) % _TRACK_IDS
            if self._last_track_id not in used:
                return self._last_track_id
