"""The roster turns Janus' events into what a participant sees of the others."""

from __future__ import annotations

import pytest

from wsmedia.adapters.janus.roster import Roster, describe
from wsmedia.adapters.janus.videoroom import Attendee, Joined, PublishedStream, Publisher, RoomEvent, Stream
from wsmedia.media import Codec, Participant, TrackSource

MICROPHONE = PublishedStream(type="audio", mid="0", codec="opus", description="microphone")
CAMERA = PublishedStream(type="video", mid="1", codec="h264", description="camera")


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def participant_joined(self, participant: Participant) -> None:
        self.heard.append(("joined", participant.participant_id, participant.name))

    def participant_left(self, participant_id: str) -> None:
        self.heard.append(("left", participant_id))

    def stream_ended(self, stream: Stream) -> None:
        self.heard.append(("ended", stream))

    def stream_muted(self, stream: Stream, muted: bool) -> None:
        self.heard.append(("muted", stream, muted))

    def take(self) -> list[tuple[object, ...]]:
        heard, self.heard = self.heard, []
        return heard


def roster_with_alice() -> tuple[Roster, Listener]:
    listener = Listener()
    roster = Roster(listener)
    roster.joined(Joined(id=1, publishers=[Publisher(id=7, display="Alice", streams=[MICROPHONE, CAMERA])]))
    listener.take()
    return roster, listener


def test_people_and_streams_are_known_from_the_start() -> None:
    listener = Listener()
    roster = Roster(listener)
    roster.joined(
        Joined(
            id=1,
            publishers=[Publisher(id=7, display="Alice", streams=[MICROPHONE, CAMERA]), Publisher(id=8, dummy=True)],
            attendees=[Attendee(id=9, display="Bob")],
        )
    )
    assert sorted(listener.heard) == [("joined", "7", "Alice"), ("joined", "9", "Bob")]
    assert {stream: remote.codec for stream, remote in roster.streams.items()} == {
        (7, "0"): Codec.OPUS,
        (7, "1"): Codec.H264,
    }


def test_an_attendee_who_publishes_joins_once() -> None:
    roster, listener = roster_with_alice()
    roster.event(RoomEvent(joining=Attendee(id=9, display="Bob")))
    roster.event(RoomEvent(publishers=[Publisher(id=9, display="Bob", streams=[CAMERA])]))
    assert listener.take() == [("joined", "9", "Bob")]
    assert (9, "1") in roster.streams


def test_unpublishing_keeps_the_person_and_leaving_does_not() -> None:
    roster, listener = roster_with_alice()
    roster.event(RoomEvent(unpublished=7))
    assert listener.take() == [("ended", (7, "0")), ("ended", (7, "1"))]
    assert roster.streams == {}
    roster.event(RoomEvent(leaving=7))
    assert listener.take() == [("left", "7")]


def test_leaving_ends_the_streams_first() -> None:
    roster, listener = roster_with_alice()
    roster.event(RoomEvent(leaving=7))
    assert listener.take() == [("ended", (7, "0")), ("ended", (7, "1")), ("left", "7")]


def test_mute_is_read_from_the_description() -> None:
    roster, listener = roster_with_alice()
    muted = PublishedStream(type="audio", mid="0", codec="opus", description=describe(TrackSource.MICROPHONE, True))
    roster.event(RoomEvent(publishers=[Publisher(id=7, display="Alice", streams=[muted, CAMERA])]))
    assert listener.take() == [("muted", (7, "0"), True)]
    assert roster.streams[(7, "0")].muted
    roster.event(RoomEvent(publishers=[Publisher(id=7, display="Alice", streams=[MICROPHONE, CAMERA])]))
    assert listener.take() == [("muted", (7, "0"), False)]


def test_a_moderators_unmute_does_not_unmute_who_muted_themselves() -> None:
    roster, listener = roster_with_alice()
    roster.event(RoomEvent(id=7, mid="0", moderation="muted"))
    assert listener.take() == [("muted", (7, "0"), True)]
    muted = PublishedStream(type="audio", mid="0", codec="opus", description="microphone (muted)", moderated=True)
    roster.event(RoomEvent(publishers=[Publisher(id=7, display="Alice", streams=[muted, CAMERA])]))
    roster.event(RoomEvent(id=7, mid="0", moderation="unmuted"))
    assert listener.take() == []
    assert roster.streams[(7, "0")].muted


def test_streams_that_cannot_be_carried_are_not_offered() -> None:
    roster, _ = roster_with_alice()
    other = PublishedStream(type="video", mid="2", codec="h265")
    off = PublishedStream(type="video", mid="3", disabled=True)
    roster.event(RoomEvent(publishers=[Publisher(id=7, display="Alice", streams=[MICROPHONE, other, off])]))
    assert set(roster.streams) == {(7, "0")}


@pytest.mark.parametrize("codec", ["h264", "VP8", "vp9", "av1"])
def test_every_video_codec_that_the_tunnel_knows_is_offered(codec: str) -> None:
    roster, _ = roster_with_alice()
    camera = PublishedStream(type="video", mid="2", codec=codec)
    roster.event(RoomEvent(publishers=[Publisher(id=7, display="Alice", streams=[MICROPHONE, camera])]))
    assert roster.streams[(7, "2")].codec is Codec(codec.lower())


def test_a_screen_is_told_from_a_camera() -> None:
    roster, _ = roster_with_alice()
    screen = PublishedStream(type="video", mid="2", codec="h264", description="My Screen")
    roster.event(RoomEvent(publishers=[Publisher(id=7, streams=[screen])]))
    assert roster.streams[(7, "2")].source is TrackSource.SCREEN


def test_after_a_return_only_the_absent_leave() -> None:
    roster, listener = roster_with_alice()
    roster.event(RoomEvent(publishers=[Publisher(id=8, display="Bob", streams=[CAMERA])]))
    listener.take()
    roster.suspect_all()
    assert roster.streams == {}
    roster.joined(Joined(id=1, publishers=[Publisher(id=8, display="Bob", streams=[CAMERA])]))
    assert set(roster.streams) == {(8, "1")}
    assert listener.take() == []
    roster.drop_absent()
    assert listener.take() == [("ended", (7, "0")), ("ended", (7, "1")), ("left", "7")]


def test_names_are_fit_for_the_tunnel() -> None:
    roster, listener = roster_with_alice()
    roster.event(RoomEvent(joining=Attendee(id=9, display="\x07  ")))
    roster.event(RoomEvent(joining=Attendee(id=10, display="x" * 100)))
    assert listener.take() == [("joined", "9", "Guest"), ("joined", "10", "x" * 64)]
