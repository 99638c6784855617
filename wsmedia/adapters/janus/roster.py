"""Who is in a VideoRoom and what they publish, kept from Janus' events. No I/O: changes are told to a listener.

Mute has no word of its own in the VideoRoom, so it travels in the streams' descriptions: a publisher's ``configure``
with new descriptions reaches everybody as an updated ``publishers`` event, and clients that know nothing of it see an
ordinary label, ``microphone (muted)``. A moderator's mute counts too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from wsmedia.adapters.janus.videoroom import Id, Joined, PublishedStream, Publisher, RoomEvent, Stream
from wsmedia.media import Codec, MediaKind, Participant, TrackSource

_MUTED = " (muted)"
_MAX_NAME = 64


def describe(source: TrackSource, muted: bool) -> str:
    """The description under which a track of ours is published."""
    return source.value + (_MUTED if muted else "")


@dataclass(frozen=True, slots=True)
class RemoteStream:
    """One stream that somebody publishes and that we can carry."""

    stream: Stream
    codec: Codec
    source: TrackSource
    self_muted: bool
    moderated: bool = False

    @property
    def muted(self) -> bool:
        """Whether its owner or a moderator has muted it."""
        return self.self_muted or self.moderated


class RosterListener(Protocol):
    """Hears of changes."""

    def participant_joined(self, participant: Participant) -> None:
        """Somebody is in the room."""

    def participant_left(self, participant_id: str) -> None:
        """They are gone, and all their streams with them."""

    def stream_ended(self, stream: Stream) -> None:
        """A stream is gone, its owner may still be there."""

    def stream_muted(self, stream: Stream, muted: bool) -> None:
        """A stream's mute state changed."""


@dataclass(slots=True)
class _Person:
    participant: Participant
    streams: dict[str, RemoteStream] = field(default_factory=dict)
    moderated: set[str] = field(default_factory=set)
    present: bool = True

    def as_moderated(self, remote: RemoteStream) -> RemoteStream:
        """The stream with what moderators say of it."""
        return replace(remote, moderated=remote.stream[1] in self.moderated)


class Roster:
    """The room as Janus tells it.

    After a return to the room call ``suspect_all`` and then ``joined``: those whom Janus names again are simply still
    there; ``drop_absent`` gives up the others.
    """

    def __init__(self, listener: RosterListener) -> None:
        self._listener = listener
        self._people: dict[Id, _Person] = {}

    @property
    def streams(self) -> dict[Stream, RemoteStream]:
        """Every stream that can be subscribed to now."""
        return {
            remote.stream: remote
            for person in self._people.values()
            if person.present
            for remote in person.streams.values()
        }

    def suspect_all(self) -> None:
        """The room was lost from sight."""
        for person in self._people.values():
            person.present = False

    def drop_absent(self) -> None:
        """Everybody who has not been seen since ``suspect_all`` has left."""
        for person_id in [person_id for person_id, person in self._people.items() if not person.present]:
            self._left(person_id)

    def joined(self, joined: Joined) -> None:
        """We are in the room."""
        for attendee in joined.attendees:
            self._seen(attendee.id, attendee.display)
        self._publishers(joined.publishers)

    def event(self, event: RoomEvent) -> None:
        """Something happened in the room."""
        if event.joining is not None:
            self._seen(event.joining.id, event.joining.display)
        self._publishers(event.publishers)
        if event.unpublished is not None and event.unpublished in self._people:
            self._update(self._people[event.unpublished], {})
        for gone in (event.leaving, event.kicked):
            if gone is not None:
                self._left(gone)
        person = self._people.get(event.id) if event.id is not None else None
        if person is None:
            return
        if event.moderation is not None and event.mid is not None:
            (person.moderated.add if event.moderation == "muted" else person.moderated.discard)(event.mid)
            self._update(person, {mid: person.as_moderated(remote) for mid, remote in person.streams.items()})

    def _publishers(self, publishers: Iterable[Publisher]) -> None:
        for publisher in publishers:
            if publisher.dummy:
                continue
            person = self._seen(publisher.id, publisher.display)
            person.moderated = {stream.mid for stream in publisher.streams if stream.moderated}
            carried = (_carried(publisher.id, stream) for stream in publisher.streams)
            self._update(
                person, {remote.stream[1]: person.as_moderated(remote) for remote in carried if remote is not None}
            )

    def _seen(self, person_id: Id, display: str | None) -> _Person:
        person = self._people.get(person_id)
        if person is None:
            person = self._people[person_id] = _Person(Participant(str(person_id), _name(display)))
            self._listener.participant_joined(person.participant)
        elif not person.present:
            person.present = True
        return person

    def _left(self, person_id: Id) -> None:
        person = self._people.pop(person_id, None)
        if person is not None:
            self._update(person, {})
            self._listener.participant_left(person.participant.participant_id)

    def _update(self, person: _Person, streams: dict[str, RemoteStream]) -> None:
        before, person.streams = person.streams, streams
        for mid, old in before.items():
            new = streams.get(mid)
            if new is None or (new.codec, new.source) != (old.codec, old.source):
                self._listener.stream_ended(old.stream)
            elif new.muted != old.muted:
                self._listener.stream_muted(new.stream, new.muted)


def _carried(feed: Id, stream: PublishedStream) -> RemoteStream | None:
    """The stream as we know streams; None if it is off or of a codec that the tunnel does not carry."""
    if stream.disabled or stream.codec is None:
        return None
    try:
        codec = Codec(stream.codec.lower())
    except ValueError:
        return None
    description = (stream.description or "").lower()
    if "screen" in description:
        source = TrackSource.SCREEN
    else:
        source = TrackSource.MICROPHONE if codec.kind is MediaKind.AUDIO else TrackSource.CAMERA
    return RemoteStream((feed, stream.mid), codec, source, description.endswith(_MUTED))


def _name(display: str | None) -> str:
    """A name as the tunnel allows it (PROTOCOL.md §3.1); Janus allows any text, or none."""
    printable = "".join(character for character in display or "" if character.isprintable()).strip()
    return printable[:_MAX_NAME].rstrip() or "Guest"
