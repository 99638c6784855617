"""Tunnelled participants in a room of the embedded SFU, over real WebSockets."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator

import pytest

from tests.support.gateway import (
    CAMERA,
    MICROPHONE,
    TunnelClient,
    audio_frame,
    eventually,
    running_gateway,
    video_frame,
)
from wsmedia.app.server import Gateway
from wsmedia.errors import CloseCode
from wsmedia.session import Resumed, Role, Session
from wsmedia.wire import (
    Mute,
    ParticipantJoined,
    ParticipantLeft,
    RoomStateChanged,
    TrackAdded,
    TrackMuted,
    TrackRemoved,
    Unpublish,
)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway() as gateway:
        yield gateway


@pytest.fixture
async def alice(gateway: Gateway) -> AsyncIterator[TunnelClient]:
    client = await TunnelClient(gateway, name="Alice").connect()
    yield client
    await client.close()


@pytest.fixture
async def bob(gateway: Gateway) -> AsyncIterator[TunnelClient]:
    client = await TunnelClient(gateway, name="Bob").connect()
    yield client
    await client.close()


async def subscribed(client: TunnelClient, count: int = 1) -> list[TrackAdded]:
    await eventually(lambda: len(client.controls(TrackAdded)) >= count, "track_added")
    return client.controls(TrackAdded)


async def test_people_see_each_other_publish_mute_and_leave(alice: TunnelClient, bob: TunnelClient) -> None:
    await eventually(lambda: alice.controls(ParticipantJoined), "Bob's joining")
    await eventually(lambda: bob.controls(ParticipantJoined), "Alice's being there")
    assert [state.state for state in bob.controls(RoomStateChanged)] == ["connecting", "connected"]
    assert alice.controls(ParticipantJoined)[0].participant.name == "Bob"
    alice.publish(CAMERA, MICROPHONE)
    camera, microphone = await subscribed(bob, 2)
    assert (camera.track.kind, camera.track.source, camera.track.muted) == ("video", "camera", False)
    assert microphone.track.kind == "audio"
    assert camera.participant_id == bob.controls(ParticipantJoined)[0].participant.participant_id

    alice.send(Mute(MICROPHONE.track_id, True))
    await eventually(lambda: bob.controls(TrackMuted), "muting")
    assert bob.controls(TrackMuted) == [TrackMuted(microphone.track.track_id, True)]
    alice.send(Unpublish(CAMERA.track_id))
    await eventually(lambda: bob.controls(TrackRemoved), "the camera's end")
    assert bob.controls(TrackRemoved) == [TrackRemoved(camera.track.track_id)]

    alice.pump.close(CloseCode.LEFT, "")
    await eventually(lambda: bob.controls(ParticipantLeft), "Alice's leaving")
    assert bob.closed is None


async def test_frames_arrive_as_they_were_sent(alice: TunnelClient, bob: TunnelClient) -> None:
    alice.publish(CAMERA, MICROPHONE)
    camera, microphone = await subscribed(bob, 2)
    await eventually(lambda: alice.keyframes_needed(CAMERA.track_id), "a keyframe request for the subscriber")
    sent_video = [video_frame(n, keyframe=n == 0) for n in range(20)]
    sent_audio = [audio_frame(n) for n in range(20)]
    for video, audio in zip(sent_video, sent_audio, strict=True):
        alice.send_frame(CAMERA, video)
        alice.send_frame(MICROPHONE, audio)
        await asyncio.sleep(0)
    await eventually(lambda: len(bob.frames.get(camera.track.track_id, [])) == 20, "the video")
    await eventually(lambda: len(bob.frames.get(microphone.track.track_id, [])) == 20, "the audio")
    for sent, received in ((sent_video, camera), (sent_audio, microphone)):
        for ours, theirs in zip(sent, bob.frames[received.track.track_id], strict=True):
            assert bytes(theirs.data) == bytes(ours.data)
            assert theirs.rtp_timestamp == ours.rtp_timestamp
            assert theirs.capture_time_us == ours.capture_time_us
            assert theirs.keyframe == ours.keyframe


async def test_a_late_joiner_gets_a_keyframe_soon(gateway: Gateway, alice: TunnelClient, bob: TunnelClient) -> None:
    alice.publish(CAMERA)
    await subscribed(bob)
    await eventually(lambda: alice.keyframes_needed(CAMERA.track_id), "a keyframe request")
    for number in range(10):
        alice.send_frame(CAMERA, video_frame(number, keyframe=number == 0))
    before = alice.keyframes_needed(CAMERA.track_id)
    carol = await TunnelClient(gateway, name="Carol").connect()
    added = await subscribed(carol)
    await eventually(lambda: alice.keyframes_needed(CAMERA.track_id) > before, "a request for Carol", 1.0)
    alice.send_frame(CAMERA, video_frame(10))
    alice.send_frame(CAMERA, video_frame(11, keyframe=True))
    alice.send_frame(CAMERA, video_frame(12))
    track_id = added[0].track.track_id
    await eventually(lambda: len(carol.frames.get(track_id, [])) == 2, "the picture")
    assert [frame.keyframe for frame in carol.frames[track_id]] == [True, False]
    await carol.close()


async def test_a_reset_connection_is_resumed_and_the_room_does_not_notice(
    alice: TunnelClient, bob: TunnelClient
) -> None:
    alice.publish(CAMERA)
    track_id = (await subscribed(bob))[0].track.track_id
    await eventually(lambda: alice.keyframes_needed(CAMERA.track_id), "a keyframe request")
    alice.send_frame(CAMERA, video_frame(0, keyframe=True))
    await eventually(lambda: bob.frames.get(track_id), "the first picture")

    told = len(bob.events)
    alice.cut()
    await eventually(lambda: not alice.session.lane_ids, "the loss of the lane")
    await alice.connect()
    await eventually(lambda: any(isinstance(event, Resumed) for event in alice.events), "the resumption")
    alice.send_frame(CAMERA, video_frame(1, keyframe=True))
    alice.send_frame(CAMERA, video_frame(2))
    await eventually(lambda: len(bob.frames[track_id]) == 3, "the picture after resuming")
    assert [event for event in bob.events[told:] if "Participant" in repr(event) or "Track" in repr(event)] == []


async def test_the_subscriber_resumes_within_one_keyframe(alice: TunnelClient, bob: TunnelClient) -> None:
    alice.publish(CAMERA)
    track_id = (await subscribed(bob))[0].track.track_id
    await eventually(lambda: alice.keyframes_needed(CAMERA.track_id), "a keyframe request")
    alice.send_frame(CAMERA, video_frame(0, keyframe=True))
    await eventually(lambda: bob.frames.get(track_id), "the first picture")
    bob.cut()
    await eventually(lambda: not bob.session.lane_ids, "the loss of the lane")
    needed = alice.keyframes_needed(CAMERA.track_id)
    for number in range(1, 5):
        alice.send_frame(CAMERA, video_frame(number))
    await bob.connect()
    await eventually(lambda: alice.keyframes_needed(CAMERA.track_id) > needed, "a keyframe request for the resumed")
    alice.send_frame(CAMERA, video_frame(5, keyframe=True))
    await eventually(lambda: len(bob.frames[track_id]) >= 2, "the picture after resuming")
    assert bob.frames[track_id][1].keyframe
    assert not alice.controls(ParticipantLeft)


async def test_nobody_comes_back_in_the_resume_window() -> None:
    async with running_gateway(resume_window=0.2) as gateway:
        alice = await TunnelClient(gateway, name="Alice").connect()
        bob = await TunnelClient(gateway, name="Bob").connect()
        await eventually(lambda: alice.controls(ParticipantJoined), "Bob's joining")
        bob.cut()
        await eventually(lambda: alice.controls(ParticipantLeft), "Bob's leaving")
        closed = await eventually(lambda: bob.closed, "the end on his side")
        assert closed.code == CloseCode.TIMEOUT
        await alice.close()
        await bob.close()


async def test_a_closed_page_leaves_no_ghost(gateway: Gateway, alice: TunnelClient) -> None:
    bob = await TunnelClient(gateway, name="Bob").connect()
    await eventually(lambda: alice.controls(ParticipantJoined), "Bob's joining")
    await bob.close_websocket(1001)
    await eventually(lambda: alice.controls(ParticipantLeft), "Bob's leaving", deadline=4.0)
    await bob.close()


async def test_a_client_that_comes_back_at_once_did_not_go_away(alice: TunnelClient) -> None:
    await eventually(lambda: len(alice.controls(RoomStateChanged)) == 2, "the room")
    await alice.close_websocket(1001)
    await alice.connect()
    await eventually(lambda: any(isinstance(event, Resumed) for event in alice.events), "the resume")


async def test_the_end_of_the_gateway_is_not_taken_for_the_end_of_the_call() -> None:
    async with running_gateway() as gateway:
        alice = await TunnelClient(gateway).connect()
        await eventually(lambda: alice.controls(RoomStateChanged), "the room")
    closed = await eventually(lambda: alice.closed, "CLOSE")
    assert (closed.code, closed.by_remote) == (CloseCode.OVERLOADED, True)
    await eventually(lambda: alice.close_code == CloseCode.OVERLOADED, "the WebSocket's close code")
    await alice.close()


async def test_nothing_of_a_session_stays_behind(gateway: Gateway) -> None:
    alice = await TunnelClient(gateway, name="Alice").connect()
    bob = await TunnelClient(gateway, name="Bob").connect()
    alice.publish(CAMERA, MICROPHONE)
    bob.publish(CAMERA)
    await subscribed(alice)
    await subscribed(bob, 2)
    sessions = gateway.parts.sessions
    assert len(sessions) == 2
    objects = gc.get_objects()
    gone = [weakref.ref(one) for one in objects if type(one) is Session and one.role is Role.GATEWAY]
    del objects
    alice.pump.close(CloseCode.LEFT, "")
    bob.pump.close(CloseCode.LEFT, "")
    await eventually(lambda: len(sessions) == 0, "their leaving")
    assert gateway.parts.embedded is not None
    assert gateway.parts.embedded.find_room("r") is None
    await alice.close()
    await bob.close()

    def freed() -> bool:
        gc.collect()
        return all(reference() is None for reference in gone)

    assert len(gone) >= 2
    await eventually(freed, "the memory's release")
