"""The Janus adapter with a real Janus between it and a standard WebRTC client (aiortc), both ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.clip import Clip
from tests.support.clip_readers import psnr_db
from tests.support.clip_time_code import read as read_time_code
from tests.support.janus import Janus, Room
from tests.support.janus_peer import StandardPublisher, StandardSubscriber
from tests.support.janus_room import RoomListener, running_janus
from tests.support.live_clip import LiveClip, nals
from wsmedia.adapters.janus import JanusAdapter, JanusConfig
from wsmedia.adapters.janus.errors import RefusedError
from wsmedia.adapters.janus.signaling import JanusConnection
from wsmedia.errors import SfuError
from wsmedia.media import Codec, EncodedFrame, Participant, Track, TrackSource
from wsmedia.peer import RtpReceiver
from wsmedia.ports import RoomConnection

pytestmark = pytest.mark.interop

CLIP = Clip(width=320, height=180, fps=30)
ROOM = "1234"
VIDEO = Track(1, Codec.H264, TrackSource.CAMERA)
AUDIO = Track(2, Codec.OPUS, TrackSource.MICROPHONE)


@pytest.fixture
def janus(tmp_path: Path) -> Iterator[Janus]:
    with running_janus(
        tmp_path, [Room(), Room(55, video_codec="vp8"), Room(77, pin="secret"), Room(88, publishers=1)]
    ) as running:
        yield running


@asynccontextmanager
async def joined(
    janus: Janus, name: str, room: str = ROOM, **config: object
) -> AsyncIterator[tuple[RoomConnection, RoomListener]]:
    """A participant behind the adapter."""
    listener = RoomListener()
    adapter = JanusAdapter(JanusConfig(janus.url, first_retry_s=0.1, **config))  # type: ignore[arg-type]
    await adapter.start()
    try:
        yield await adapter.join(room, Participant(f"p-{name}", name), listener), listener
    finally:
        await adapter.close()


@asynccontextmanager
async def publishing(
    janus: Janus, name: str = "Alice", room: str = ROOM
) -> AsyncIterator[tuple[LiveClip, RoomConnection, RoomListener]]:
    """A participant behind the adapter that plays a clip, as a tunnelled page would."""
    async with joined(janus, name, room) as (connection, listener):
        clip = LiveClip(CLIP)
        listener.on_keyframe_requested = clip.request_keyframe
        playing = asyncio.create_task(clip.run(connection.publish(VIDEO), connection.publish(AUDIO)))
        try:
            yield clip, connection, listener
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)


@asynccontextmanager
async def watching(janus: Janus, name: str, room: int = 1234) -> AsyncIterator[StandardSubscriber]:
    """A standard subscriber of the participant called ``name``, as soon as they publish."""
    async with JanusConnection(janus.url) as connection:
        handle = await connection.attach("janus.plugin.videoroom")
        appeared: asyncio.Queue[dict[str, object]] = asyncio.Queue()

        def take(publishers: list[dict[str, object]]) -> None:
            for publisher in publishers:
                if publisher["display"] == name:
                    appeared.put_nowait(publisher)

        handle.on_event = lambda reply: take(reply.data.get("publishers", []))
        reply = await handle.send({"request": "join", "ptype": "publisher", "room": room, "display": "Watcher"})
        take(reply.data["publishers"])
        async with asyncio.timeout(15):
            feed = (await appeared.get())["id"]
        async with StandardSubscriber(connection, room, feed) as subscriber:  # type: ignore[arg-type]
            yield subscriber


def assert_pictures_are_the_clips(pictures: list[object], minimum_db: float = 30.0, clip: Clip = CLIP) -> None:
    """Every picture tells which of the clip's it is, and looks like it."""
    for picture in pictures:
        gray = picture.to_ndarray(format="yuv420p")[: clip.height]  # type: ignore[attr-defined]
        time_ms = read_time_code(gray)
        assert time_ms is not None
        source = clip.picture(round(time_ms * clip.fps / 1000))[: clip.height]
        assert psnr_db(source, gray) > minimum_db


async def test_a_standard_subscriber_decodes_what_we_publish(janus: Janus) -> None:
    async with publishing(janus) as (clip, _, _), watching(janus, "Alice") as subscriber:
        await subscriber.until(lambda: len(subscriber.video.frames) >= 60 and len(subscriber.audio.units) >= 90)
        sent = {nals(frame.data) for frame in clip.sent_video}
        received = [nals(unit) for _, unit in subscriber.video.units]
        assert all(unit in sent for unit in received)
        packets = {bytes(frame.data) for frame in clip.sent_audio}
        assert all(packet in packets for _, packet in subscriber.audio.units)
        assert_pictures_are_the_clips(subscriber.video.frames[5:])


async def test_we_receive_what_a_standard_publisher_sends(janus: Janus) -> None:
    clip = LiveClip(CLIP)
    async with (
        joined(janus, "Bob") as (_, listener),
        JanusConnection(janus.url) as connection,
        StandardPublisher(connection, 1234, "Alice", clip),
    ):
        await listener.until(lambda: listener.count("track_added") == 2)
        video, audio = listener.sinks["Alice", "video"].frames, listener.sinks["Alice", "audio"].frames
        await listener.until(lambda: len(video) >= 60 and len(audio) >= 90)
        sent = [nals(frame.data) for frame in clip.sent_video]
        assert video[0].keyframe
        first = sent.index(nals(video[0].data))
        assert [nals(frame.data) for frame in video] == sent[first : first + len(video)]
        packets = [bytes(frame.data) for frame in clip.sent_audio]
        first = packets.index(bytes(audio[0].data))
        assert [bytes(frame.data) for frame in audio] == packets[first : first + len(audio)]


async def test_sound_and_picture_stay_together_at_the_subscriber(janus: Janus) -> None:
    async with publishing(janus) as (clip, _, _), watching(janus, "Alice") as subscriber:
        await subscriber.until(lambda: subscriber.video.reports and subscriber.audio.reports)
        await subscriber.until(lambda: len(subscriber.video.frames) >= 60)
        captured_video = {nals(frame.data): frame.capture_time_us / 1e6 for frame in clip.sent_video}
        captured_audio = {bytes(frame.data): frame.capture_time_us / 1e6 for frame in clip.sent_audio}
        video_shift = [
            subscriber.video.capture_time_s(timestamp, 90_000) - captured_video[nals(unit)]
            for timestamp, unit in subscriber.video.units
        ]
        audio_shift = [
            subscriber.audio.capture_time_s(timestamp, 48_000) - captured_audio[unit]
            for timestamp, unit in subscriber.audio.units
        ]
        skews = [video - audio for video in video_shift for audio in (min(audio_shift), max(audio_shift))]
        assert max(abs(skew) for skew in skews) < 0.020


async def test_sound_and_picture_stay_together_on_our_side(janus: Janus) -> None:
    clip = LiveClip(CLIP)
    async with (
        joined(janus, "Bob") as (_, listener),
        JanusConnection(janus.url) as connection,
        StandardPublisher(connection, 1234, "Alice", clip),
    ):
        await listener.until(lambda: listener.count("track_added") == 2)
        video, audio = listener.sinks["Alice", "video"].frames, listener.sinks["Alice", "audio"].frames
        await listener.until(lambda: len(video) >= 90 and len(audio) >= 150)
        captured_video = {nals(frame.data): frame.capture_time_us for frame in clip.sent_video}
        captured_audio = {bytes(frame.data): frame.capture_time_us for frame in clip.sent_audio}
        # The last second: sender reports have come, so both are on the publisher's clock.
        video_shift = [frame.capture_time_us - captured_video[nals(frame.data)] for frame in video[-30:]]
        audio_shift = [frame.capture_time_us - captured_audio[bytes(frame.data)] for frame in audio[-50:]]
        assert max(video_shift) - min(audio_shift) < 20_000
        assert max(audio_shift) - min(video_shift) < 20_000


async def test_a_keyframe_request_of_the_subscriber_reaches_the_encoder(janus: Janus) -> None:
    async with publishing(janus) as (clip, _, listener), watching(janus, "Alice") as subscriber:
        await subscriber.until(lambda: len(subscriber.video.frames) >= 30)
        before = listener.count("keyframe_requested", VIDEO.track_id)
        await subscriber.request_keyframe()
        await listener.until(lambda: listener.count("keyframe_requested", VIDEO.track_id) > before)
        keyframes = len([frame for frame in clip.sent_video if frame.keyframe])
        assert keyframes >= 1


async def test_our_keyframe_request_reaches_the_standard_publisher(janus: Janus) -> None:
    clip = LiveClip(CLIP)
    async with (
        joined(janus, "Bob") as (_, listener),
        JanusConnection(janus.url) as connection,
        StandardPublisher(connection, 1234, "Alice", clip),
    ):
        await listener.until(lambda: listener.count("track_added") == 2)
        video = listener.sinks["Alice", "video"].frames
        await listener.until(lambda: len(video) >= 60)
        count = sum(frame.keyframe for frame in video)
        listener.remotes["Alice", "video"].source.request_keyframe()
        await listener.until(lambda: sum(frame.keyframe for frame in video) > count)


async def test_janus_holds_back_what_nobody_wants_and_goes_on_with_a_keyframe(janus: Janus) -> None:
    clip = LiveClip(CLIP)
    async with (
        joined(janus, "Bob") as (_, bob),
        JanusConnection(janus.url) as connection,
        StandardPublisher(connection, 1234, "Alice", clip),
    ):
        await bob.until(lambda: bob.count("track_added") == 2)
        sink, sound = bob.sinks["Alice", "video"], bob.sinks["Alice", "audio"]
        source = bob.remotes["Alice", "video"].source
        await bob.until(lambda: len(sink.frames) >= 30)
        source.remove_sink(sink)
        # What Janus still sends arrives here, below the sinks: held back is what does not even reach the gateway.
        receiver = source._receiver  # type: ignore[attr-defined]
        await bob.until(Quiet(receiver, sound.frames))
        count = receiver.frames_received
        heard = len(sound.frames)
        await bob.until(lambda: len(sound.frames) >= heard + 50)
        assert receiver.frames_received == count
        sent = len(clip.sent_video)
        source.add_sink(sink)
        source.request_keyframe()
        seen = len(sink.frames)
        await bob.until(lambda: len(sink.frames) >= seen + 30)
        assert sink.frames[seen].keyframe
        first = [nals(frame.data) for frame in clip.sent_video].index(nals(sink.frames[seen].data))
        assert first - sent < 30, "the picture is back within a second"
        following = [nals(frame.data) for frame in clip.sent_video[first:]]
        arrived = [nals(frame.data) for frame in sink.frames[seen:]]
        assert arrived == following[: len(arrived)]


class Quiet:
    """Holds once a receiver has got nothing while ten packets of another track passed."""

    def __init__(self, receiver: RtpReceiver, others: list[EncodedFrame]) -> None:
        self._receiver = receiver
        self._others = others
        self._seen = (-1, 0)

    def __call__(self) -> bool:
        count, passed = self._receiver.frames_received, len(self._others)
        if count != self._seen[0]:
            self._seen = (count, passed)
        return passed - self._seen[1] >= 10


async def test_who_joins_late_sees_a_picture_within_a_second(janus: Janus) -> None:
    async with publishing(janus) as (clip, _, _), joined(janus, "Bob") as (_, first):
        await first.until(lambda: len(clip.sent_video) > 60)
        async with asyncio.timeout(10):
            began = asyncio.get_running_loop().time()
            async with joined(janus, "Carol") as (_, late):
                await late.until(lambda: "Alice" in late.participants.values())
                await late.until(
                    lambda: late.sinks.get(("Alice", "video"), None) and late.sinks["Alice", "video"].frames
                )
                assert asyncio.get_running_loop().time() - began < 1.0
                assert late.sinks["Alice", "video"].frames[0].keyframe


async def test_janus_killed_and_restarted_comes_back_by_itself(janus: Janus) -> None:
    async with publishing(janus) as (clip, _, alice), joined(janus, "Bob") as (_, bob):
        await bob.until(lambda: bob.sinks.get(("Alice", "video")) and len(bob.sinks["Alice", "video"].frames) > 10)
        await alice.until(lambda: "Bob" in alice.participants.values())
        janus.kill()
        await bob.until(lambda: bob.count("room_state_changed", "reconnecting") == 1)
        await alice.until(lambda: alice.count("room_state_changed", "reconnecting") == 1)
        seen = len(bob.sinks["Alice", "video"].frames)
        janus.start()
        await bob.until(lambda: bob.count("room_state_changed", "connected") == 2)
        await alice.until(lambda: alice.count("room_state_changed", "connected") == 2)
        frames = bob.sinks["Alice", "video"].frames
        await bob.until(lambda: len(frames) > seen + 10)
        assert frames[seen].keyframe
        sent = {nals(frame.data) for frame in clip.sent_video}
        assert all(nals(frame.data) in sent for frame in frames)
        # Nobody left, nothing was removed: the room was only away for a while.
        assert (bob.count("participant_left"), bob.count("track_removed")) == (0, 0)
        assert (bob.count("track_added"), alice.count("participant_joined", "Bob")) == (2, 1)
        assert alice.count("room_failed") == bob.count("room_failed") == 0


async def test_who_does_not_return_after_a_restart_has_left(janus: Janus) -> None:
    async with joined(janus, "Bob", rejoin_grace_s=0.5) as (_, bob):
        async with publishing(janus):
            await bob.until(lambda: bob.count("track_added") == 2)
            janus.kill()
        janus.start()
        await bob.until(lambda: bob.count("participant_left", "Alice") == 1)
        assert bob.count("track_removed") == 2


async def test_a_janus_with_an_rsa_certificate_works_both_ways(tmp_path: Path) -> None:
    with running_janus(tmp_path, certificate="rsa") as janus:
        async with publishing(janus) as (clip, _, _), joined(janus, "Bob") as (_, bob):
            await bob.until(lambda: bob.count("track_added") == 2)
            await bob.until(lambda: len(bob.sinks["Alice", "video"].frames) > 20)
            await bob.until(lambda: len(bob.sinks["Alice", "audio"].frames) > 20)
            sent = {nals(frame.data) for frame in clip.sent_video}
            assert all(nals(frame.data) in sent for frame in bob.sinks["Alice", "video"].frames)


async def test_mute_reaches_the_others_and_standard_clients_go_on(janus: Janus) -> None:
    clip = LiveClip(CLIP)
    async with (
        publishing(janus) as (_, alice, _),
        joined(janus, "Bob") as (_, bob),
        JanusConnection(janus.url) as connection,
        StandardPublisher(connection, 1234, "Carol", clip) as carol,
        watching(janus, "Alice") as subscriber,
    ):
        await bob.until(lambda: bob.count("track_added", "Alice") == 2)
        alice.set_muted(AUDIO.track_id, True)
        await bob.until(lambda: bob.count("track_muted", "Alice", "audio", True) == 1)
        await carol.until(lambda: "microphone (muted)" in carol.descriptions())
        seen = len(subscriber.video.frames)
        await subscriber.until(lambda: len(subscriber.video.frames) > seen + 10)
        alice.set_muted(AUDIO.track_id, False)
        await bob.until(lambda: bob.count("track_muted", "Alice", "audio", False) == 1)


async def test_a_wrong_pin_is_said_plainly(janus: Janus) -> None:
    with pytest.raises(SfuError, match="PIN or token is wrong"):
        async with joined(janus, "Bob", "77", pin="guess"):
            pass
    with pytest.raises(SfuError, match="needs a PIN"):
        async with joined(janus, "Bob", "77"):
            pass
    async with joined(janus, "Bob", "77", pins={"77": "secret"}):
        pass


async def test_a_missing_room_is_said_plainly_or_created(janus: Janus) -> None:
    with pytest.raises(SfuError, match="does not exist"):
        async with joined(janus, "Bob", "standup"):
            pass
    async with joined(janus, "Bob", "standup", create_rooms=True), joined(janus, "Carol", "standup"):
        pass


async def test_a_codec_that_the_room_does_not_take_is_rejected(janus: Janus) -> None:
    async with publishing(janus, room="55") as (_, _, listener):
        await listener.until(lambda: listener.count("publish_rejected", VIDEO.track_id) == 1)
        assert "h264" in listener.log[-1][2] or "h264" in str(listener.log)
        async with joined(janus, "Bob", "55") as (_, bob):
            await bob.until(lambda: ("Alice", "audio") in bob.sinks and bob.sinks["Alice", "audio"].frames)


async def test_a_room_that_is_full_rejects_tracks_but_lets_watch(janus: Janus) -> None:
    async with publishing(janus, "Alice", "88"), publishing(janus, "Bob", "88") as (_, _, bob):
        await bob.until(lambda: bob.count("publish_rejected") == 2 or bob.sinks.get(("Alice", "video")))
        await bob.until(lambda: ("Alice", "video") in bob.sinks and bob.sinks["Alice", "video"].frames)


async def test_tracks_come_and_go_while_others_watch(janus: Janus) -> None:
    async with publishing(janus) as (clip, alice, _), joined(janus, "Bob") as (_, bob):
        await bob.until(lambda: bob.count("track_added") == 2)
        alice.unpublish(VIDEO.track_id)
        await bob.until(lambda: bob.count("track_removed", "Alice", "video") == 1)
        screen = Track(3, Codec.H264, TrackSource.SCREEN)
        playing = asyncio.create_task(clip.run(alice.publish(screen), None))
        try:
            clip.request_keyframe()
            await bob.until(lambda: bob.count("track_added", "Alice", "video") == 2)
            await bob.until(lambda: bob.sinks["Alice", "video"].frames)
            assert bob.remotes["Alice", "video"].track.source is TrackSource.SCREEN
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)


async def test_people_come_and_go_in_one_subscription(janus: Janus) -> None:
    async with joined(janus, "Bob") as (_, bob):
        for name in ("Alice", "Carol", "Dave"):
            async with publishing(janus, name), publishing(janus, f"{name} two"):
                for other in (name, f"{name} two"):
                    await bob.until(lambda other=other: (other, "video") in bob.sinks)  # type: ignore[misc]
                    frames = bob.sinks[other, "video"].frames
                    await bob.until(lambda frames=frames: len(frames) > 5)  # type: ignore[misc]
            await bob.until(lambda: not bob.participants)
        assert bob.count("track_removed") == 12
        assert bob.count("room_state_changed", "reconnecting") == 0


async def test_leaving_frees_the_place_and_is_safe_twice(janus: Janus) -> None:
    async with JanusConnection(janus.url) as connection:
        handle = await connection.attach("janus.plugin.videoroom")
        async with publishing(janus) as (_, alice, _):
            everybody = await handle.send({"request": "listparticipants", "room": 1234})
            assert [person["display"] for person in everybody.data["participants"]] == ["Alice"]
            await alice.leave()
            await alice.leave()
            async with asyncio.timeout(5):  # Janus cleans up behind its answer
                while everybody.data["participants"]:
                    everybody = await handle.send({"request": "listparticipants", "room": 1234})


async def test_the_bitrate_cap_reaches_us_as_target(janus: Janus) -> None:
    async with joined(janus, "Alice", bitrate_bps=300_000) as (alice, listener):
        clip = LiveClip(CLIP)
        listener.on_keyframe_requested = clip.request_keyframe
        playing = asyncio.create_task(clip.run(alice.publish(VIDEO), None))
        try:
            await listener.until(lambda: listener.count("target_bitrate_changed") >= 3)
            await listener.until(
                lambda: 200_000 < [e for e in listener.log if e[0] == "target_bitrate_changed"][-1][2] <= 300_000
            )
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)


async def test_string_ids_work(tmp_path: Path) -> None:
    with running_janus(tmp_path, [Room("standup")], string_ids=True) as janus:
        async with (
            joined(janus, "Bob", "standup", id_kind="string") as (_, bob),
            joined(janus, "Alice", "standup", id_kind="string") as (alice, _),
        ):
            alice.publish(AUDIO)
            await bob.until(lambda: bob.count("track_added", "Alice", "audio") == 1)


async def test_being_removed_ends_the_session_and_says_so(janus: Janus) -> None:
    async with JanusConnection(janus.url) as connection, joined(janus, "Bob") as (_, bob):
        handle = await connection.attach("janus.plugin.videoroom")
        everybody = await handle.send({"request": "listparticipants", "room": 1234})
        with pytest.raises(RefusedError):
            await handle.send({"request": "kick", "room": 1234, "id": 1})
        bobs_id = everybody.data["participants"][0]["id"]
        await handle.send({"request": "kick", "room": 1234, "id": bobs_id})
        await bob.until(lambda: bob.count("room_failed", "removed from the room") == 1)
