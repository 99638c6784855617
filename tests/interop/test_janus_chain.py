"""The whole chain with a real Janus: Python client ⇄ tunnel ⇄ gateway ⇄ Janus ⇄ standard WebRTC client (aiortc)."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.interop.test_janus import CLIP, assert_pictures_are_the_clips, watching
from tests.support.clip import Clip
from tests.support.clip_files import write_container
from tests.support.gateway import http_url
from tests.support.janus import Janus, Room
from tests.support.janus_peer import StandardPublisher
from tests.support.janus_room import Sink, running_janus
from tests.support.live_clip import LiveClip, nals
from tests.support.tcp_proxy import TcpProxy
from wsmedia.adapters.janus.signaling import JanusConnection
from wsmedia.app.config import load_settings
from wsmedia.app.server import Gateway
from wsmedia.client import Client, ClientError, ClientEvents, LocalTrack, RemoteTrack
from wsmedia.media import Codec, Participant, TrackSource
from wsmedia.ports import RoomState

pytestmark = pytest.mark.interop

ROOM = "1234"


@pytest.fixture
def janus(tmp_path: Path) -> Iterator[Janus]:
    with running_janus(tmp_path, [Room(), Room(77, pin="secret")]) as running:
        yield running


@pytest.fixture
async def url(janus: Janus, tmp_path: Path) -> AsyncIterator[str]:
    """A gateway in front of Janus, in the same namespace."""
    settings = {"https": False, "http_port": 0, "adapter": "janus", "janus_url": janus.url, "state_dir": tmp_path}
    gateway = Gateway(load_settings(settings))
    await gateway.start()
    yield http_url(gateway, "")
    await gateway.stop()


class Member(ClientEvents):
    """A client in the room and everything that it heard."""

    def __init__(self, url: str, name: str, room: str = ROOM) -> None:
        self.client = Client(url, room, name, events=self)
        self.microphone: LocalTrack | None = None
        self.log: list[tuple[Any, ...]] = []
        self.tracks: dict[tuple[str, str], RemoteTrack] = {}
        self.sinks: dict[tuple[str, str], Sink] = {}
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], object], deadline_s: float = 20.0) -> None:
        """Wait until ``condition()`` holds; looked at after every event and frame."""
        try:
            async with asyncio.timeout(deadline_s):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            counts = {key: len(sink.frames) for key, sink in self.sinks.items()}
            raise AssertionError(f"waited in vain; frames {counts}, heard {self.log}") from None

    async def until_frames(self, name: str, video: int, audio: int) -> None:
        """Wait until so many frames of somebody have come."""
        await self.until(lambda: (name, "video") in self.sinks and (name, "audio") in self.sinks)
        await self.until(lambda: len(self.sinks[name, "video"].frames) >= video)
        await self.until(lambda: len(self.sinks[name, "audio"].frames) >= audio)

    def count(self, *words: object) -> int:
        return sum(entry[: len(words)] == words for entry in self.log)

    def _note(self, *entry: Any) -> None:
        self.log.append(entry)
        self._changed.set()

    def connection_changed(self, state: Any, reason: str) -> None:
        self._note("connection", str(state), reason)

    def room_state_changed(self, state: RoomState, reason: str) -> None:
        self._note("room", str(state), reason)

    def participant_joined(self, participant: Participant) -> None:
        self._note("joined", participant.name)

    def participant_left(self, participant: Participant) -> None:
        self._note("left", participant.name)

    def track_added(self, participant: Participant, remote: RemoteTrack) -> None:
        key = (participant.name, remote.track.kind.value)
        self.tracks[key] = remote
        self.sinks[key] = Sink(self._changed.set)
        remote.add_sink(self.sinks[key])
        self._note("added", *key)

    def track_removed(self, participant: Participant, remote: RemoteTrack) -> None:
        self._note("removed", participant.name, remote.track.kind.value)

    def track_muted(self, participant: Participant, remote: RemoteTrack, muted: bool) -> None:
        self._note("muted", participant.name, remote.track.kind.value, muted)


@asynccontextmanager
async def member(url: str, name: str, room: str = ROOM) -> AsyncIterator[Member]:
    one = Member(url, name, room)
    async with one.client:
        yield one


@asynccontextmanager
async def publishing(url: str, name: str = "Alice") -> AsyncIterator[tuple[LiveClip, Member]]:
    """A client that plays a clip as a browser would."""
    async with member(url, name) as one:
        clip = LiveClip(CLIP)
        camera = one.client.publish(Codec.H264, TrackSource.CAMERA)
        camera.on_keyframe_request = clip.request_keyframe
        one.microphone = one.client.publish(Codec.OPUS, TrackSource.MICROPHONE)
        playing = asyncio.create_task(clip.run(camera, one.microphone))
        try:
            yield clip, one
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)


async def test_a_standard_subscriber_sees_and_hears_the_client_in_sync(janus: Janus, url: str) -> None:
    async with publishing(url) as (clip, _), watching(janus, "Alice") as subscriber:
        await subscriber.until(lambda: len(subscriber.video.frames) >= 75 and len(subscriber.audio.units) >= 120)
        await subscriber.until(lambda: subscriber.video.reports and subscriber.audio.reports)
        captured_video = {nals(frame.data): frame.capture_time_us / 1e6 for frame in clip.sent_video}
        captured_audio = {bytes(frame.data): frame.capture_time_us / 1e6 for frame in clip.sent_audio}
        # Every access unit and packet is byte for byte one that the client sent, at its place in time.
        video_shift = [
            subscriber.video.capture_time_s(timestamp, 90_000) - captured_video[nals(unit)]
            for timestamp, unit in subscriber.video.units
        ]
        audio_shift = [
            subscriber.audio.capture_time_s(timestamp, 48_000) - captured_audio[unit]
            for timestamp, unit in subscriber.audio.units
        ]
        assert max(video_shift) - min(audio_shift) < 0.020
        assert max(audio_shift) - min(video_shift) < 0.020
        assert_pictures_are_the_clips(subscriber.video.frames[5:])


async def test_the_client_receives_what_a_standard_publisher_sends_in_sync(janus: Janus, url: str) -> None:
    clip = LiveClip(CLIP)
    async with (
        member(url, "Bob") as bob,
        JanusConnection(janus.url) as connection,
        StandardPublisher(connection, 1234, "Alice", clip),
    ):
        await bob.until_frames("Alice", 90, 150)
        video, audio = bob.sinks["Alice", "video"].frames, bob.sinks["Alice", "audio"].frames
        sent = [nals(frame.data) for frame in clip.sent_video]
        first = sent.index(nals(video[0].data))
        assert [nals(frame.data) for frame in video] == sent[first : first + len(video)]
        packets = [bytes(frame.data) for frame in clip.sent_audio]
        first = packets.index(bytes(audio[0].data))
        assert [bytes(frame.data) for frame in audio] == packets[first : first + len(audio)]
        captured = {nals(frame.data): frame.capture_time_us for frame in clip.sent_video}
        captured_audio = {bytes(frame.data): frame.capture_time_us for frame in clip.sent_audio}
        video_shift = [frame.capture_time_us - captured[nals(frame.data)] for frame in video[-30:]]
        audio_shift = [frame.capture_time_us - captured_audio[bytes(frame.data)] for frame in audio[-50:]]
        assert max(video_shift) - min(audio_shift) < 20_000
        assert max(audio_shift) - min(video_shift) < 20_000


async def test_keyframe_requests_travel_end_to_end_both_ways(janus: Janus, url: str) -> None:
    async with publishing(url) as (alices, alice), watching(janus, "Alice") as subscriber:
        await subscriber.until(lambda: len(subscriber.video.frames) >= 45)
        before = alices.keyframe_requests
        await subscriber.request_keyframe()
        seen = len(subscriber.video.units)
        # 5 is an IDR slice (RFC 6184 §5.2).
        await subscriber.until(
            lambda: any(nal[0] & 0x1F == 5 for _, unit in subscriber.video.units[seen:] for nal in nals(unit))
        )
        assert alices.keyframe_requests > before
        carols = LiveClip(CLIP)
        async with (
            JanusConnection(janus.url) as connection,
            StandardPublisher(connection, 1234, "Carol", carols),
        ):
            await alice.until_frames("Carol", 45, 0)
            frames = alice.sinks["Carol", "video"].frames
            keyframes = sum(frame.keyframe for frame in frames)
            alice.tracks["Carol", "video"].request_keyframe()
            await alice.until(lambda: sum(frame.keyframe for frame in frames) > keyframes)


async def test_a_late_client_sees_a_picture_within_a_second(janus: Janus, url: str) -> None:
    async with publishing(url) as (clip, alice):
        await alice.until(lambda: alice.count("room", "connected"))
        while len(clip.sent_video) < 60:
            await alice.client.wait_until(lambda: len(clip.sent_video) >= 60)
        began = asyncio.get_running_loop().time()
        async with member(url, "Bob") as bob:
            await bob.until(lambda: bob.sinks.get(("Alice", "video")) and bob.sinks["Alice", "video"].frames)
            assert asyncio.get_running_loop().time() - began < 1.0
            assert bob.sinks["Alice", "video"].frames[0].keyframe


async def test_a_restart_of_janus_is_a_pause_for_the_tunnel(janus: Janus, url: str) -> None:
    async with publishing(url) as (_, alice), member(url, "Bob") as bob:
        await bob.until_frames("Alice", 20, 20)
        janus.kill()
        await bob.until(lambda: bob.count("room", "reconnecting"))
        await alice.until(lambda: alice.count("room", "reconnecting"))
        video = bob.sinks["Alice", "video"].frames
        seen = len(video)
        janus.start()
        await bob.until(lambda: len(video) > seen + 20)
        assert video[seen].keyframe
        for one in (alice, bob):
            assert [entry[1] for entry in one.log if entry[0] == "connection"] == ["connected"]
            assert one.client.room_state is RoomState.CONNECTED
            assert one.count("left") == one.count("removed") == 0


async def test_a_cut_tunnel_is_not_noticed_by_janus(janus: Janus, url: str) -> None:
    async with (
        TcpProxy(int(url.rsplit(":", 1)[1])) as proxy,
        watching_participants(janus) as heard,
        publishing(proxy.url) as (_, alice),
        member(url, "Bob") as bob,
    ):
        await bob.until_frames("Alice", 20, 20)
        proxy.reset()
        await alice.until(lambda: alice.count("connection", "reconnecting"))
        await alice.until(lambda: alice.count("connection", "connected") == 2)
        video = bob.sinks["Alice", "video"].frames
        seen = len(video)
        await bob.until(lambda: len(video) > seen + 20)
        assert bob.count("left") == bob.count("removed") == 0
        assert not any("leaving" in data or "unpublished" in data for data in heard)


@asynccontextmanager
async def watching_participants(janus: Janus) -> AsyncIterator[list[dict[str, Any]]]:
    """What Janus tells somebody who is only present."""
    heard: list[dict[str, Any]] = []
    async with JanusConnection(janus.url) as connection:
        handle = await connection.attach("janus.plugin.videoroom")
        handle.on_event = lambda reply: heard.append(reply.data)
        await handle.send({"request": "join", "ptype": "publisher", "room": 1234, "display": "Watcher"})
        yield heard


async def test_mute_travels_through_the_chain(janus: Janus, url: str) -> None:
    async with publishing(url) as (_, alice), member(url, "Bob") as bob:
        await bob.until_frames("Alice", 1, 1)
        assert alice.microphone is not None
        alice.microphone.set_muted(True)
        await bob.until(lambda: bob.count("muted", "Alice", "audio", True))
        alice.microphone.set_muted(False)
        await bob.until(lambda: bob.count("muted", "Alice", "audio", False))


async def test_a_room_that_needs_a_pin_says_so_to_the_user(url: str) -> None:
    async with member(url, "Bob", "77") as bob:
        async with asyncio.timeout(20):
            with pytest.raises(ClientError, match="needs a PIN"):
                await bob.client.closed()


async def test_the_command_line_publishes_a_file_into_janus(janus: Janus, tmp_path: Path) -> None:
    clip = Clip(width=320, height=180, seconds=6.0)
    file = write_container(clip, tmp_path / "clip.mp4", video_bitrate=800_000)
    command = Path(sys.executable).parent / "wsmedia"
    environment = {**os.environ, "WSMEDIA_STATE_DIR": str(tmp_path / "state")}
    serve = await asyncio.create_subprocess_exec(
        command, "serve", "--host", "127.0.0.1", "--port", "8443", "--http-port", "8080",
        "--adapter", "janus", "--janus-url", janus.url,
        stdout=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip
    publish: asyncio.subprocess.Process | None = None
    try:
        assert serve.stdout is not None
        async with asyncio.timeout(20):
            while b"8080" not in await serve.stdout.readline():
                assert serve.returncode is None
        publish = await asyncio.create_subprocess_exec(
            command, "publish", file, "--url", "http://127.0.0.1:8080", "--room", ROOM, "--name", "Alice",
            stdout=asyncio.subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        async with watching(janus, "Alice") as subscriber:
            await subscriber.until(lambda: len(subscriber.video.frames) >= 60)
            assert_pictures_are_the_clips(subscriber.video.frames[5:], clip=clip)
        async with asyncio.timeout(20):
            assert await publish.wait() == 0
    finally:
        for process in (publish, serve):
            if process is not None and process.returncode is None:
                process.terminate()
                await process.wait()
