"""Sinks follow a remote track from one receiver to the next."""

from __future__ import annotations

from tests.support.frame_sinks import FrameList
from wsmedia.adapters.janus.remote import JanusRemoteTrack, RelayedSource
from wsmedia.adapters.janus.roster import RemoteStream
from wsmedia.media import Codec, TrackSource
from wsmedia.ports import FrameSink


class Receiver:
    """A ``FrameSource`` that shows who listens."""

    def __init__(self) -> None:
        self.sinks: list[FrameSink] = []
        self.capacities: list[int] = []
        self.keyframe_requests = 0

    def add_sink(self, sink: FrameSink) -> None:
        self.sinks.append(sink)

    def remove_sink(self, sink: FrameSink) -> None:
        self.sinks.remove(sink)

    def request_keyframe(self) -> None:
        self.keyframe_requests += 1

    def set_capacity(self, _sink: FrameSink, bitrate_bps: int) -> None:
        self.capacities.append(bitrate_bps)


def test_sinks_and_their_capacities_move_to_the_new_receiver() -> None:
    source, first, second, sink = RelayedSource(), Receiver(), Receiver(), FrameList()
    source.add_sink(sink)
    source.attach(first)
    source.set_capacity(sink, 500_000)
    source.attach(second)
    assert (first.sinks, second.sinks, second.capacities) == ([], [sink], [500_000])


def test_without_a_receiver_nothing_breaks_and_nothing_is_forgotten() -> None:
    source, receiver, sink = RelayedSource(), Receiver(), FrameList()
    source.attach(receiver)
    source.add_sink(sink)
    source.attach(None)
    source.request_keyframe()
    source.set_capacity(sink, 300_000)
    assert receiver.sinks == []
    source.attach(receiver)
    assert (receiver.sinks, receiver.capacities) == ([sink], [300_000])
    source.request_keyframe()
    assert receiver.keyframe_requests == 1
    source.remove_sink(sink)
    assert receiver.sinks == []


def test_it_tells_whether_anybody_wants_its_frames() -> None:
    told: list[bool] = []
    source, first, second = RelayedSource(lambda: told.append(source.is_wanted)), FrameList(), FrameList()
    source.add_sink(first)
    source.add_sink(second)
    source.attach(Receiver())
    source.remove_sink(second)
    source.remove_sink(first)
    source.add_sink(second)
    assert (told[0], told[-2:], source.is_wanted) == (True, [False, True], True)


def test_attaching_the_same_receiver_again_changes_nothing() -> None:
    source, receiver, sink = RelayedSource(), Receiver(), FrameList()
    source.add_sink(sink)
    source.attach(receiver)
    source.attach(receiver)
    assert receiver.sinks == [sink]


def test_a_capacity_for_an_unknown_sink_is_ignored() -> None:
    source, receiver = RelayedSource(), Receiver()
    source.attach(receiver)
    source.set_capacity(FrameList(), 100_000)
    assert receiver.capacities == []


def test_a_remote_track_tells_whose_it_is_and_its_mute_state() -> None:
    remote = JanusRemoteTrack(3, RemoteStream((7, "0"), Codec.OPUS, TrackSource.MICROPHONE, self_muted=True))
    assert (remote.participant_id, remote.track.track_id, remote.track.muted) == ("7", 3, True)
    remote.set_muted(False)
    assert not remote.track.muted
