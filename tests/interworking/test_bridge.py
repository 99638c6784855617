"""The bridge between a session and any adapter's room, with a scripted room and a session of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.gateway import eventually
from tests.support.virtual_time import VirtualTime
from wsmedia.auth import Grant
from wsmedia.errors import CloseCode, SfuError
from wsmedia.interworking import Bridge
from wsmedia.media import Codec, EncodedFrame, Participant, Track, TrackSource
from wsmedia.ports import FrameSink, RoomConnection, RoomEvents, RoomState
from wsmedia.session import (
    Closed,
    ControlReceived,
    FrameReceived,
    KeyframeNeeded,
    PathEstimateChanged,
    Role,
    Session,
)
from wsmedia.wire import (
    KeyframeRequest,
    Mute,
    ParticipantJoined,
    Pause,
    Publish,
    PublishRejected,
    RoomStateChanged,
    TargetBitrate,
    TrackAdded,
    TrackDescription,
    TrackMuted,
    TrackRemoved,
    Unpublish,
)

CAMERA = Track(3, Codec.H264, TrackSource.CAMERA)
FRAME = EncodedFrame(b"\x00\x00\x00\x01\x65", 0, 0, keyframe=True)


class RecordingSession(Session):
    """A gateway session that keeps what it was asked to send."""

    def __init__(self) -> None:
        key = "0" * 32
        super().__init__(Role.GATEWAY, "0" * 32, key=key, now=0.0)
        self.sent: list[Any] = []
        self.frames: list[tuple[int, EncodedFrame]] = []
        self.closed: tuple[CloseCode, str] | None = None

    def send_control(self, message: Any, now: float) -> None:
        self.sent.append(message)

    def send_frame(self, track_id: int, frame: EncodedFrame, now: float) -> None:
        self.frames.append((track_id, frame))

    def close(self, code: CloseCode, detail: str, now: float) -> None:
        self.closed = self.closed or (code, detail)


class Sink:
    def __init__(self) -> None:
        self.frames: list[EncodedFrame] = []

    def send_frame(self, frame: EncodedFrame) -> None:
        self.frames.append(frame)


class Source:
    """Somebody's track, as an adapter hands it over."""

    def __init__(self, track: Track, participant_id: str = "p-bob") -> None:
        self.track = track
        self.participant_id = participant_id
        self.sinks: list[FrameSink] = []
        self.asked = 0
        self.capacities: list[int] = []

    @property
    def source(self) -> Source:
        return self

    def add_sink(self, sink: FrameSink) -> None:
        self.sinks.append(sink)

    def remove_sink(self, sink: FrameSink) -> None:
        self.sinks = [known for known in self.sinks if known is not sink]

    def request_keyframe(self) -> None:
        self.asked += 1

    def set_capacity(self, sink: FrameSink, bitrate_bps: int) -> None:
        self.capacities.append(bitrate_bps)


class ScriptedRoom:
    """An adapter with one room, whose door opens when the test says so."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.refusal: Exception | None = None
        self.done: list[tuple[Any, ...]] = []
        self.sinks: dict[int, Sink] = {}
        self.events: RoomEvents | None = None

    async def start(self) -> None:
        pass

    async def join(self, room: str, participant: Participant, events: RoomEvents) -> RoomConnection:
        self.events = events
        await self.open.wait()
        if self.refusal is not None:
            raise self.refusal
        events.room_state_changed(RoomState.CONNECTED, "")
        return self

    def publish(self, track: Track) -> FrameSink:
        self.done.append(("publish", track))
        return self.sinks.setdefault(track.track_id, Sink())

    def unpublish(self, track_id: int) -> None:
        self.done.append(("unpublish", track_id))

    def set_muted(self, track_id: int, muted: bool) -> None:
        self.done.append(("muted", track_id, muted))

    async def leave(self) -> None:
        self.done.append(("leave",))

    async def close(self) -> None:
        pass


class Stage:
    """A bridge with everything around it."""

    def __init__(self, grant: Grant = Grant()) -> None:  # noqa: B008 - frozen
        self.time = VirtualTime()
        self.room = ScriptedRoom()
        self.session = RecordingSession()
        self.woken = 0
        self.ended: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self.bridge = Bridge(
            self.session,
            Participant("p-alice", "Alice"),
            grant,
            clock=self.time,
            call_later=self.time.call_later,
            wake=self._wake,
        )
        self.task = asyncio.create_task(self.bridge.run(self.room, "r", self.ended))

    def _wake(self) -> None:
        self.woken += 1

    async def enter(self) -> None:
        self.room.open.set()
        await eventually(lambda: self.sent(RoomStateChanged)[-1:] == [RoomStateChanged("connected")])

    async def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(Closed(CloseCode.LEFT, "left", True))
        await asyncio.wait_for(self.task, 5)

    def sent(self, kind: type) -> list[Any]:
        return [message for message in self.session.sent if isinstance(message, kind)]

    def receive(self, message: Any) -> None:
        self.bridge.handle_event(ControlReceived(message))


async def test_what_is_published_before_the_room_opens_is_published_then() -> None:
    stage = Stage()
    await eventually(lambda: stage.room.events is not None)
    stage.receive(Publish(TrackDescription.of(CAMERA)))
    stage.receive(Publish(TrackDescription.of(Track(4, Codec.OPUS, TrackSource.MICROPHONE))))
    stage.receive(Mute(3, True))
    stage.receive(Unpublish(4))
    stage.bridge.handle_event(FrameReceived(3, FRAME))
    assert stage.room.done == []
    await stage.enter()
    assert stage.room.done == [("publish", Track(3, Codec.H264, TrackSource.CAMERA, muted=True))]
    stage.bridge.handle_event(FrameReceived(3, FRAME))
    assert stage.room.sinks[3].frames == [FRAME]
    stage.receive(Mute(3, False))
    stage.receive(Unpublish(3))
    stage.bridge.handle_event(FrameReceived(3, FRAME))
    assert stage.room.done[1:] == [("muted", 3, False), ("unpublish", 3)]
    await stage.end()
    assert stage.room.done[-1] == ("leave",)


async def test_the_room_is_left_once_however_the_session_ends() -> None:
    stage = Stage()
    await eventually(lambda: stage.room.events is not None)
    await stage.end()  # while the door is still closed
    assert stage.room.done == []


@pytest.mark.parametrize(
    ("refusal", "code", "detail"),
    [
        (SfuError("The PIN is wrong."), CloseCode.SFU_FAILED, "The PIN is wrong."),
        (RuntimeError("a secret"), CloseCode.INTERNAL_ERROR, "The gateway failed to enter the room."),
    ],
)
async def test_a_room_that_refuses_closes_the_session(refusal: Exception, code: CloseCode, detail: str) -> None:
    stage = Stage()
    stage.room.refusal = refusal
    stage.room.open.set()
    await asyncio.wait_for(stage.task, 5)
    assert stage.session.closed == (code, detail)


async def test_a_room_that_is_lost_for_good_closes_the_session() -> None:
    stage = Stage()
    await stage.enter()
    assert stage.room.events is not None
    stage.room.events.room_state_changed(RoomState.RECONNECTING, "Janus is gone.")
    assert stage.sent(RoomStateChanged)[-1] == RoomStateChanged("reconnecting", "Janus is gone.")
    stage.room.events.room_failed("Janus stayed away.")
    assert stage.session.closed == (CloseCode.SFU_FAILED, "Janus stayed away.")
    await stage.end()


async def test_a_remote_track_from_its_announcement_to_its_end() -> None:
    stage = Stage()
    await stage.enter()
    events = stage.bridge
    events.participant_joined(Participant("p-bob", "Bob"))
    assert stage.sent(ParticipantJoined)[0].participant.name == "Bob"
    remote = Source(Track(500, Codec.H264, TrackSource.SCREEN, muted=True))
    events.track_added(remote)
    events.track_added(remote)
    (added,) = stage.sent(TrackAdded)
    assert (added.participant_id, added.track.source, added.track.muted) == ("p-bob", "screen", True)
    track_id = added.track.track_id
    woken = stage.woken
    remote.sinks[0].send_frame(FRAME)
    assert stage.session.frames == [(track_id, FRAME)]
    assert stage.woken > woken
    stage.bridge.handle_event(KeyframeNeeded(track_id))
    stage.bridge.handle_event(KeyframeNeeded(track_id + 1))
    assert remote.asked == 1
    events.track_muted(remote, False)
    assert stage.sent(TrackMuted) == [TrackMuted(track_id, False)]
    events.track_removed(remote)
    events.track_removed(remote)
    assert stage.sent(TrackRemoved) == [TrackRemoved(track_id)]
    assert remote.sinks == []
    await stage.end()


async def test_the_path_is_shared_among_cameras_that_send() -> None:
    stage = Stage()
    await stage.enter()
    first, second = Source(Track(1, Codec.H264, TrackSource.CAMERA)), Source(Track(2, Codec.H264, TrackSource.CAMERA))
    sound = Source(Track(3, Codec.OPUS, TrackSource.MICROPHONE))
    stage.bridge.track_added(first)
    stage.bridge.track_added(sound)
    assert first.capacities == []
    stage.bridge.handle_event(PathEstimateChanged(1_048_000))
    assert first.capacities == [1_000_000]
    stage.bridge.track_added(second)
    assert (first.capacities[-1], second.capacities[-1]) == (500_000, 500_000)
    second.track = Track(2, Codec.H264, TrackSource.CAMERA, muted=True)
    stage.bridge.track_muted(second, True)
    assert first.capacities[-1] == 1_000_000
    assert sound.capacities == []
    await stage.end()
    assert (first.sinks, second.sinks, sound.sinks) == ([], [], [])


async def test_a_client_may_want_less_of_a_track_than_the_path_carries() -> None:
    stage = Stage()
    await stage.enter()
    first, second = Source(Track(1, Codec.H264, TrackSource.CAMERA)), Source(Track(2, Codec.H264, TrackSource.CAMERA))
    stage.bridge.track_added(first)
    stage.bridge.track_added(second)
    small = stage.sent(TrackAdded)[0].track.track_id
    stage.receive(TargetBitrate(98, 1))
    stage.receive(TargetBitrate(small, 200_000))
    assert (first.capacities, second.capacities) == ([200_000], [])
    stage.bridge.handle_event(PathEstimateChanged(1_000_000))
    assert (first.capacities[-1], second.capacities[-1]) == (200_000, 500_000)
    stage.bridge.handle_event(PathEstimateChanged(300_000))
    assert first.capacities[-1] == 150_000
    await stage.end()


async def test_a_paused_track_has_no_sink_and_takes_no_share() -> None:
    stage = Stage()
    await stage.enter()
    first, second = Source(Track(1, Codec.H264, TrackSource.CAMERA)), Source(Track(2, Codec.H264, TrackSource.CAMERA))
    sound = Source(Track(3, Codec.OPUS, TrackSource.MICROPHONE))
    for remote in (first, second, sound):
        stage.bridge.track_added(remote)
    stage.bridge.handle_event(PathEstimateChanged(1_048_000))
    ids = [added.track.track_id for added in stage.sent(TrackAdded)]
    stage.receive(Pause(98, True))
    stage.receive(Pause(ids[1], True))
    stage.receive(Pause(ids[1], True))
    assert (len(first.sinks), len(second.sinks), len(sound.sinks)) == (1, 0, 1)
    assert (first.capacities[-1], second.capacities[-1]) == (1_000_000, 500_000)
    stage.receive(Pause(ids[2], True))
    assert sound.sinks == []
    assert first.capacities[-1] == 1_048_000
    stage.receive(Pause(ids[2], False))
    stage.receive(Pause(ids[1], False))
    assert (len(second.sinks), len(sound.sinks)) == (1, 1)
    assert (first.capacities[-1], second.capacities[-1]) == (500_000, 500_000)
    stage.receive(Pause(ids[1], True))
    stage.bridge.track_removed(second)
    assert stage.sent(TrackRemoved) == [TrackRemoved(ids[1])]
    await stage.end()


async def test_a_track_that_is_published_again_replaces_the_first() -> None:
    stage = Stage()
    await stage.enter()
    stage.receive(Publish(TrackDescription.of(CAMERA)))
    sound = Track(CAMERA.track_id, Codec.OPUS, TrackSource.MICROPHONE)
    stage.receive(Publish(TrackDescription.of(sound)))
    assert stage.room.done == [("publish", CAMERA), ("unpublish", CAMERA.track_id), ("publish", sound)]
    await stage.end()


async def test_a_name_that_is_too_long_for_the_wire_is_cut() -> None:
    stage = Stage()
    stage.bridge.participant_joined(Participant("p-bob", "x" * 300))
    assert stage.sent(ParticipantJoined)[0].participant.name == "x" * 256
    await stage.end()


async def test_what_the_room_asks_of_a_publisher() -> None:
    stage = Stage()
    await stage.enter()
    stage.receive(Publish(TrackDescription.of(CAMERA)))
    stage.bridge.keyframe_requested(3)
    stage.bridge.keyframe_requested(98)
    assert stage.sent(KeyframeRequest) == [KeyframeRequest(3)]
    stage.bridge.target_bitrate_changed(3, 700_000)
    stage.bridge.target_bitrate_changed(3, 710_000)
    stage.bridge.target_bitrate_changed(98, 1)
    assert stage.sent(TargetBitrate) == [TargetBitrate(3, 700_000)]
    stage.bridge.publish_rejected(3, "No H.264 here.")
    assert stage.sent(PublishRejected) == [PublishRejected(3, "No H.264 here.")]
    stage.bridge.handle_event(FrameReceived(3, FRAME))
    assert stage.room.sinks[3].frames == []
    await stage.end()


async def test_grants_bind() -> None:
    stage = Stage(Grant(publish=False, subscribe=False))
    await stage.enter()
    stage.receive(Publish(TrackDescription.of(CAMERA)))
    assert stage.sent(PublishRejected)[0].track_id == 3
    stage.bridge.track_added(Source(Track(1, Codec.H264, TrackSource.CAMERA)))
    assert stage.sent(TrackAdded) == []
    assert stage.room.done == []
    await stage.end()
