"""What people in a room see of each other, and which frames they get."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.virtual_time import VirtualTime
from wsmedia.errors import LocalProtocolError, SfuError
from wsmedia.media import Codec, EncodedFrame, Participant, Track, TrackSource
from wsmedia.ports import RemoteTrack, RoomState
from wsmedia.sfu import MAX_PLACES, MIN_VIDEO_TARGET_BPS, Membership, Room

CAMERA = Track(7, Codec.H264, TrackSource.CAMERA)
MICROPHONE = Track(8, Codec.OPUS, TrackSource.MICROPHONE)


@dataclass
class Listener:
    told: list[tuple[Any, ...]] = field(default_factory=list)
    tracks: list[RemoteTrack] = field(default_factory=list)

    def participant_joined(self, participant: Participant) -> None:
        self.told.append(("joined", participant.name))

    def participant_left(self, participant_id: str) -> None:
        self.told.append(("left", participant_id))

    def track_added(self, remote: RemoteTrack) -> None:
        self.told.append(("added", remote.participant_id, remote.track.source))
        self.tracks.append(remote)

    def track_removed(self, remote: RemoteTrack) -> None:
        self.told.append(("removed", remote.participant_id, remote.track.source))
        self.tracks.remove(remote)

    def track_muted(self, remote: RemoteTrack, muted: bool) -> None:
        self.told.append(("muted", remote.track.source, muted, remote.track.muted))

    def publish_rejected(self, track_id: int, reason: str) -> None:
        self.told.append(("rejected", track_id))

    def keyframe_requested(self, track_id: int) -> None:
        self.told.append(("keyframe", track_id))

    def target_bitrate_changed(self, track_id: int, bitrate_bps: int) -> None:
        self.told.append(("target", track_id, bitrate_bps))

    def room_state_changed(self, state: RoomState, reason: str) -> None:
        self.told.append(("state", state))

    def room_failed(self, reason: str) -> None:
        self.told.append(("failed", reason))


@dataclass
class Sink:
    frames: list[EncodedFrame] = field(default_factory=list)

    def send_frame(self, frame: EncodedFrame) -> None:
        self.frames.append(frame)


def video(number: int, keyframe: bool = False) -> EncodedFrame:
    return EncodedFrame(bytes([number]), number * 3000, number * 33_333, keyframe=keyframe)


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def room(time: VirtualTime) -> Room:
    return Room("r", time, time.call_later)


def test_people_see_each_other_come_publish_mute_and_go(room: Room) -> None:
    alice, bob = Listener(), Listener()
    in_alice = room.join(Participant("p-a", "Alice"), alice)
    in_alice.publish(CAMERA)
    in_bob = room.join(Participant("p-b", "Bob"), bob)
    assert bob.told == [("joined", "Alice"), ("added", "p-a", TrackSource.CAMERA)]
    assert alice.told == [("joined", "Bob")]

    alice.told.clear()
    bob.told.clear()
    in_bob.publish(MICROPHONE)
    in_bob.set_muted(8, True)
    in_bob.set_muted(8, True)
    in_bob.unpublish(8)
    in_bob.unpublish(8)
    in_bob.leave()
    in_bob.leave()
    assert alice.told == [
        ("added", "p-b", TrackSource.MICROPHONE),
        ("muted", TrackSource.MICROPHONE, True, True),
        ("removed", "p-b", TrackSource.MICROPHONE),
        ("left", "p-b"),
    ]
    assert bob.told == []


def test_leaving_ends_the_tracks_before_the_participant(room: Room) -> None:
    alice, watcher = Listener(), Listener()
    membership = room.join(Participant("p-a", "Alice"), alice)
    membership.publish(CAMERA)
    room.watch(watcher)
    membership.leave()
    assert [event[0] for event in watcher.told] == ["joined", "added", "removed", "left"]
    assert not room.is_empty
    room.unwatch(watcher)
    assert room.is_empty


def test_track_ids_are_unique_in_the_room(room: Room) -> None:
    watcher = Listener()
    room.watch(watcher)
    for name in ("a", "b"):
        membership = room.join(Participant(name, name), Listener())
        membership.publish(CAMERA)
        membership.publish(MICROPHONE)
    assert len({remote.track.track_id for remote in watcher.tracks}) == 4
    with pytest.raises(LocalProtocolError):
        membership.publish(CAMERA)


def test_a_late_subscriber_starts_at_the_keyframe_that_is_asked_for_at_once(room: Room, time: VirtualTime) -> None:
    owner, early, late = Listener(), Sink(), Sink()
    track = room.join(Participant("p-a", "Alice"), owner).publish(CAMERA)
    track.add_sink(early)
    assert owner.told == [("keyframe", 7)]
    track.send_frame(video(0, keyframe=True))
    track.send_frame(video(1))
    time.advance(1.0)
    track.add_sink(late)
    track.add_sink(late)
    assert owner.told == [("keyframe", 7)] * 2
    track.send_frame(video(2))
    track.send_frame(video(3, keyframe=True))
    track.send_frame(video(4))
    assert [frame.data[0] for frame in early.frames] == [0, 1, 2, 3, 4]
    assert [frame.data[0] for frame in late.frames] == [3, 4]
    track.remove_sink(early)
    track.send_frame(video(5))
    assert len(early.frames) == 5
    assert len(late.frames) == 3


def test_keyframe_requests_of_many_subscribers_become_few(room: Room, time: VirtualTime) -> None:
    owner = Listener()
    track = room.join(Participant("p-a", "Alice"), owner).publish(CAMERA)
    sinks = [Sink() for _ in range(20)]
    for sink in sinks:
        track.add_sink(sink)
    assert owner.told == [("keyframe", 7)]
    time.advance(3.0)
    assert owner.told == [("keyframe", 7)] * 2


def test_audio_needs_no_keyframe(room: Room) -> None:
    owner, sink = Listener(), Sink()
    track = room.join(Participant("p-a", "Alice"), owner).publish(MICROPHONE)
    track.add_sink(sink)
    track.request_keyframe()
    track.send_frame(EncodedFrame(b"opus", 0, 0))
    assert owner.told == []
    assert len(sink.frames) == 1


def test_the_slowest_subscriber_sets_the_target_but_not_below_the_floor(room: Room) -> None:
    owner, fast, slow = Listener(), Sink(), Sink()
    track = room.join(Participant("p-a", "Alice"), owner).publish(CAMERA)
    track.add_sink(fast)
    track.add_sink(slow)
    owner.told.clear()
    track.set_capacity(fast, 2_000_000)
    track.set_capacity(slow, 700_000)
    track.set_capacity(slow, 20_000)
    track.remove_sink(slow)
    track.set_capacity(slow, 400_000)
    assert owner.told == [
        ("target", 7, 2_000_000),
        ("target", 7, 700_000),
        ("target", 7, MIN_VIDEO_TARGET_BPS),
        ("target", 7, 2_000_000),
    ]


def test_a_failing_subscriber_hurts_nobody_else(room: Room) -> None:
    class Broken(Sink):
        def send_frame(self, frame: EncodedFrame) -> None:
            raise RuntimeError("broken")

    good = Sink()
    track = room.join(Participant("p-a", "Alice"), Listener()).publish(MICROPHONE)
    track.add_sink(Broken())
    track.add_sink(good)
    for number in range(3):
        track.send_frame(video(number))
    assert len(good.frames) == 3


def test_another_place_of_the_same_participant_is_nobodys_business(room: Room) -> None:
    carol = Listener()
    room.join(Participant("carol", "Carol"), carol)
    bob = Participant("bob", "Bob")
    old_view, new_view = Listener(), Listener()
    old = room.join(bob, old_view)
    old.publish(CAMERA)
    new = room.join(bob, new_view)
    new.publish(CAMERA)
    assert new_view.told == [("joined", "Carol")]
    assert old_view.told == [("joined", "Carol")]
    assert [track.track.track_id for track in room.tracks_of("bob")] == [0, 1]
    assert room.participants == [Participant("carol", "Carol"), bob]
    old.leave()
    old.leave()
    assert carol.told == [
        ("joined", "Bob"),
        ("added", "bob", "camera"),
        ("added", "bob", "camera"),
        ("removed", "bob", "camera"),
    ]
    new.leave()
    assert carol.told[4:] == [("removed", "bob", "camera"), ("left", "bob")]


def test_nobody_has_more_places_than_a_change_of_ways_needs(room: Room) -> None:
    bob = Participant("bob", "Bob")
    places = [room.join(bob, Listener()) for _ in range(MAX_PLACES)]
    with pytest.raises(SfuError):
        room.join(bob, Listener())
    places[0].leave()
    room.join(bob, Listener())


names = st.sampled_from(["alice", "bob", "carol"])


@dataclass
class View:
    """What one connection believes to be in the room, from what it was told."""

    people: set[str] = field(default_factory=set)
    tracks: dict[int, str] = field(default_factory=dict)

    def participant_joined(self, participant: Participant) -> None:
        assert participant.participant_id not in self.people
        self.people.add(participant.participant_id)

    def participant_left(self, participant_id: str) -> None:
        assert participant_id not in self.tracks.values()
        self.people.remove(participant_id)

    def track_added(self, remote: RemoteTrack) -> None:
        assert remote.participant_id in self.people
        assert remote.track.track_id not in self.tracks
        self.tracks[remote.track.track_id] = remote.participant_id

    def track_removed(self, remote: RemoteTrack) -> None:
        assert self.tracks.pop(remote.track.track_id) == remote.participant_id

    def track_muted(self, remote: RemoteTrack, muted: bool) -> None: ...
    def publish_rejected(self, track_id: int, reason: str) -> None: ...
    def keyframe_requested(self, track_id: int) -> None: ...
    def target_bitrate_changed(self, track_id: int, bitrate_bps: int) -> None: ...
    def room_state_changed(self, state: RoomState, reason: str) -> None: ...
    def room_failed(self, reason: str) -> None: ...


@given(st.lists(st.tuples(names, st.sampled_from(["join", "publish", "unpublish", "leave"]), st.integers(0, 9))))
def test_whatever_connections_come_and_go_everybody_knows_exactly_the_others(
    steps: list[tuple[str, str, int]],
) -> None:
    time = VirtualTime()
    room = Room("r", time, time.call_later)
    watcher = View()
    room.watch(watcher)
    places: list[tuple[Membership, View]] = []
    for name, step, which in steps:
        mine = [place for place in places if place[0].participant.participant_id == name]
        if step == "join":
            if len(mine) < MAX_PLACES:
                view = View()
                places.append((room.join(Participant(name, name), view), view))
        elif mine:
            membership, _ = chosen = mine[which % len(mine)]
            if step == "leave":
                membership.leave()
                places.remove(chosen)
            elif step == "unpublish":
                membership.unpublish(which)
            elif which not in membership.tracks:
                membership.publish(Track(which, Codec.OPUS, TrackSource.MICROPHONE))
        here = {membership.participant.participant_id for membership, _ in places}
        published = {
            track.track.track_id: membership.participant.participant_id
            for membership, _ in places
            for track in membership.tracks.values()
        }
        assert watcher == View(here, published)
        for membership, view in places:
            own = membership.participant.participant_id
            assert view == View(here - {own}, {track: owner for track, owner in published.items() if owner != own})
