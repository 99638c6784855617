"""The client against a real gateway with the embedded room, in one process, over real sockets."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from tests.client.conftest import until_lanes
from tests.support.frame_sinks import FrameList
from tests.support.tcp_proxy import TcpProxy
from wsmedia.app.server import Gateway
from wsmedia.app.settings import Settings
from wsmedia.client import Client, ClientError, ClientEvents, ConnectionState, LocalTrack, RemoteTrack
from wsmedia.media import Codec, EncodedFrame, MediaKind, Participant, TrackSource
from wsmedia.ports import RoomState

KEYFRAME = b"\x00\x00\x00\x01\x67\x42\xc0\x1e\x00\x00\x00\x01\x68\xce\x00\x00\x00\x01\x65\x88"
DELTA = b"\x00\x00\x00\x01\x41\x9a"
OPUS = b"\xfc\xff\xfe"


class Log(ClientEvents):
    """Writes down what happens, in words."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def connection_changed(self, state: ConnectionState, reason: str) -> None:
        self.lines.append(f"connection {state}")

    def participant_joined(self, participant: Participant) -> None:
        self.lines.append(f"{participant.name} joined")

    def participant_left(self, participant: Participant) -> None:
        self.lines.append(f"{participant.name} left")

    def track_added(self, participant: Participant, remote: RemoteTrack) -> None:
        self.lines.append(f"{participant.name} sends {remote.track.source}")

    def track_removed(self, participant: Participant, remote: RemoteTrack) -> None:
        self.lines.append(f"{participant.name} stops {remote.track.source}")

    def track_muted(self, participant: Participant, remote: RemoteTrack, muted: bool) -> None:
        self.lines.append(f"{participant.name} {'mutes' if muted else 'unmutes'} {remote.track.source}")


def send_video(local: LocalTrack, count: int = 1) -> None:
    """A keyframe and ``count - 1`` others."""
    for index in range(count):
        keyframe = index == 0
        local.send_frame(EncodedFrame(KEYFRAME if keyframe else DELTA, index * 3000, index * 33_333, keyframe=keyframe))


async def until_frames(sink: FrameList, count: int, within: float = 5.0) -> None:
    """Wait for a sink to have that many frames."""
    reached = asyncio.Event()
    original = sink.send_frame

    def send_frame(frame: EncodedFrame) -> None:
        original(frame)
        if len(sink.frames) >= count:
            reached.set()

    sink.send_frame = send_frame  # type: ignore[method-assign]
    if len(sink.frames) < count:
        await asyncio.wait_for(reached.wait(), within)


async def test_two_people_see_each_other_come_publish_and_go(url: str) -> None:
    log = Log()
    async with Client(url, "room", "Ada", events=log) as ada:
        async with Client(url, "room", " Bob ") as bob:
            assert ada.connection_state is ConnectionState.CONNECTED
            assert ada.participant_id != bob.participant_id
            await bob.wait_until(lambda: bob.room_state is RoomState.CONNECTED)
            camera = bob.publish(Codec.H264, TrackSource.CAMERA)
            microphone = bob.publish(Codec.OPUS, TrackSource.MICROPHONE)
            await ada.wait_until(lambda: len(ada.remote_tracks) == 2)
            video, audio = (remote.track.codec for remote in ada.remote_tracks)
            assert (video, audio) == (Codec.H264, Codec.OPUS)
            sinks = FrameList(), FrameList()
            for remote, sink in zip(ada.remote_tracks, sinks, strict=True):
                remote.source.add_sink(sink)
            send_video(camera, 3)
            microphone.send_frame(EncodedFrame(OPUS, 960, 20_000, audio_level=0x8A))
            await until_frames(sinks[0], 3)
            await until_frames(sinks[1], 1)
            assert sinks[0].data == [KEYFRAME, DELTA, DELTA]
            assert [frame.capture_time_us for frame in sinks[0].frames] == [0, 33_333, 66_666]
            assert (sinks[1].data, sinks[1].frames[0].audio_level) == ([OPUS], 0x8A)
            microphone.set_muted(True)
            await ada.wait_until(lambda: ada.remote_tracks[1].track.muted)
            camera.unpublish()
            await ada.wait_until(lambda: len(ada.remote_tracks) == 1)
        await ada.wait_until(lambda: not ada.participants)
    assert ada.connection_state is ConnectionState.CLOSED
    assert log.lines == [
        "connection connected",
        "Bob joined",
        "Bob sends camera",
        "Bob sends microphone",
        "Bob mutes microphone",
        "Bob stops camera",
        "Bob stops microphone",
        "Bob left",
        "connection closed",
    ]


async def test_a_viewers_need_of_a_keyframe_reaches_the_sender(url: str) -> None:
    async with Client(url, "room", "Ada") as ada, Client(url, "room", "Bob") as bob:
        camera = bob.publish(Codec.H264, TrackSource.CAMERA)
        await ada.wait_until(lambda: ada.remote_tracks)
        send_video(camera, 2)
        asked = asyncio.Event()
        camera.on_keyframe_request = asked.set
        ada.remote_tracks[0].request_keyframe()
        await asyncio.wait_for(asked.wait(), 5)


async def test_a_paused_track_sends_nothing_and_goes_on_with_a_keyframe(url: str) -> None:
    async with Client(url, "room", "Ada") as ada, Client(url, "room", "Bob") as bob:
        camera = bob.publish(Codec.H264, TrackSource.CAMERA)
        microphone = bob.publish(Codec.OPUS, TrackSource.MICROPHONE)
        await ada.wait_until(lambda: len(ada.remote_tracks) == 2)
        sinks = {remote.track.kind: FrameList() for remote in ada.remote_tracks}
        for remote in ada.remote_tracks:
            remote.source.add_sink(sinks[remote.track.kind])
        seen, heard = sinks[MediaKind.VIDEO], sinks[MediaKind.AUDIO]
        requests: list[int] = []
        camera.on_keyframe_request = lambda: requests.append(1)
        send_video(camera, 2)
        await until_frames(seen, 2)
        for remote in ada.remote_tracks:
            remote.pause()
        # CONTROL keeps its order: whoever sees this track knows that the gateway has heard of the pause.
        ada.publish(Codec.OPUS, TrackSource.MICROPHONE)
        await bob.wait_until(lambda: bob.remote_tracks)
        send_video(camera, 3)
        microphone.send_frame(EncodedFrame(OPUS, 960, 20_000))
        # And this one comes behind every frame that the gateway would have passed on.
        bob.publish(Codec.H264, TrackSource.SCREEN)
        await ada.wait_until(lambda: len(ada.remote_tracks) == 3)
        assert (len(seen.frames), len(heard.frames)) == (2, 0)

        asked = len(requests)
        for remote in ada.remote_tracks:
            remote.resume()
        await bob.wait_until(lambda: len(requests) > asked)
        camera.send_frame(EncodedFrame(DELTA, 9000, 99_999))
        send_video(camera, 2)
        microphone.send_frame(EncodedFrame(OPUS, 1920, 40_000))
        await until_frames(seen, 4)
        await until_frames(heard, 1)
        assert [frame.keyframe for frame in seen.frames[2:]] == [True, False]


@pytest.mark.parametrize("lanes", [1, 2, 4])
async def test_a_cut_connection_is_resumed_and_nobody_sees_it(gateway: Gateway, url: str, lanes: int) -> None:
    log = Log()
    port = gateway.listeners[0].port
    async with TcpProxy(port) as proxy, Client(url, "room", "Ada", events=log) as ada:
        bob = Client(proxy.url, "room", "Bob", lanes=lanes)
        async with bob:
            camera = bob.publish(Codec.H264, TrackSource.CAMERA)
            await ada.wait_until(lambda: ada.remote_tracks)
            sink = FrameList()
            ada.remote_tracks[0].add_sink(sink)
            send_video(camera, 2)
            await until_frames(sink, 2)
            participant_id = bob.participant_id
            await until_lanes(bob, lanes)
            assert proxy.reset() == lanes
            await bob.wait_until(lambda: bob.connection_state is ConnectionState.RECONNECTING)
            asked = asyncio.Event()
            camera.on_keyframe_request = asked.set
            camera.set_muted(True)  # said while there is no connection, and yet not lost
            await bob.wait_until(lambda: bob.connection_state is ConnectionState.CONNECTED)
            await asyncio.wait_for(asked.wait(), 5)
            send_video(camera, 2)
            await until_frames(sink, 4)
            await ada.wait_until(lambda: ada.remote_tracks[0].track.muted)
            assert bob.participant_id == participant_id
            await until_lanes(bob, lanes)
            assert proxy.accepted == 2 * lanes
    assert "Bob left" not in log.lines[: log.lines.index("Bob mutes camera")]


async def test_attempts_go_on_while_the_way_is_blocked(gateway: Gateway) -> None:
    async with TcpProxy(gateway.listeners[0].port) as proxy, Client(proxy.url, "room", "Bob") as bob:
        proxy.refuse()
        proxy.reset()
        await proxy.wait_for_connections(4)
        proxy.refuse(False)
        await bob.wait_until(lambda: bob.connection_state is ConnectionState.CONNECTED)


async def test_a_forgotten_client_joins_anew_and_publishes_again(tmp_path: Path) -> None:
    settings = Settings(http_port=0, https=False, state_dir=tmp_path, resume_window=0.2)
    first = Gateway(settings)
    await first.start()
    try:
        port = first.listeners[0].port
        async with TcpProxy(port) as proxy, Client(f"http://127.0.0.1:{port}", "room", "Ada") as ada:
            bob = Client(proxy.url, "room", "Bob")
            async with bob:
                bob.publish(Codec.OPUS, TrackSource.MICROPHONE)
                await ada.wait_until(lambda: ada.remote_tracks)
                before = bob.participant_id
                proxy.refuse()
                proxy.reset()
                await ada.wait_until(lambda: not ada.participants)  # the gateway has forgotten Bob
                proxy.refuse(False)
                await ada.wait_until(lambda: ada.remote_tracks)
                await bob.wait_until(lambda: bob.participant_id not in {"", before})
                assert bob.connection_state is ConnectionState.CONNECTED
                sink = FrameList()
                ada.remote_tracks[0].add_sink(sink)
                local = next(iter(bob._local.values()))
                local.send_frame(EncodedFrame(OPUS, 0, 0))
                await until_frames(sink, 1)
    finally:
        await first.stop()


async def test_a_server_that_stays_away_is_given_up(tmp_path: Path) -> None:
    gateway = Gateway(Settings(http_port=0, https=False, state_dir=tmp_path, resume_window=0.1))
    await gateway.start()
    try:
        async with TcpProxy(gateway.listeners[0].port) as proxy:
            client = Client(proxy.url, "room", "Ada", reconnect_seconds=0.3)
            await client.connect()
            proxy.refuse()
            proxy.reset()
            with pytest.raises(ClientError, match=r"closed the connection|lost for too long"):
                await asyncio.wait_for(client.closed(), 10)
            assert client.connection_state is ConnectionState.CLOSED
            await client.leave()
    finally:
        await gateway.stop()


async def test_the_servers_end_ends_the_client_with_a_reason(tmp_path: Path) -> None:
    gateway = Gateway(Settings(http_port=0, https=False, state_dir=tmp_path))
    await gateway.start()
    client = Client(f"http://127.0.0.1:{gateway.listeners[0].port}", "room", "Ada", reconnect_seconds=0.3)
    await client.connect()
    await gateway.stop()
    with pytest.raises(ClientError, match="nothing listens on"):
        await client.closed()


async def test_a_restarted_server_is_joined_anew_and_gets_the_tracks_again(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    settings = Settings(http_port=unused_tcp_port, https=False, state_dir=tmp_path)
    url = f"http://127.0.0.1:{unused_tcp_port}"
    gateway = Gateway(settings)
    await gateway.start()
    log = Log()
    try:
        async with Client(url, "room", "Ada") as ada, Client(url, "room", "Bob", events=log) as bob:
            camera = bob.publish(Codec.H264, TrackSource.CAMERA)
            await ada.wait_until(lambda: ada.remote_tracks)
            await gateway.stop()
            await bob.wait_until(lambda: bob.connection_state is ConnectionState.RECONNECTING)
            await ada.wait_until(lambda: not ada.remote_tracks)
            gateway = Gateway(settings)
            await gateway.start()
            await ada.wait_until(lambda: ada.remote_tracks)
            sink = FrameList()
            ada.remote_tracks[0].add_sink(sink)
            send_video(camera, 2)
            await until_frames(sink, 2)
    finally:
        await gateway.stop()
    assert [line for line in log.lines if line.startswith("connection")] == [
        "connection connected",
        "connection reconnecting",
        "connection connected",
        "connection closed",
    ]


async def test_tokens_are_asked_for_in_plain_words(tmp_path: Path) -> None:
    settings = Settings(http_port=0, https=False, state_dir=tmp_path, token_key=("k" * 32,))
    gateway = Gateway(settings)
    await gateway.start()
    try:
        client = Client(f"http://127.0.0.1:{gateway.listeners[0].port}", "room", "Ada", token="wrong")
        with pytest.raises(ClientError, match="does not accept the token") as caught:
            await client.connect()
        assert "wrong" not in str(caught.value)
    finally:
        await gateway.stop()


async def test_a_self_signed_certificate_needs_to_be_accepted(tmp_path: Path) -> None:
    gateway = Gateway(Settings(port=0, http=False, state_dir=tmp_path))
    await gateway.start()
    try:
        url = f"https://127.0.0.1:{gateway.listeners[0].port}"
        with pytest.raises(ClientError, match="--insecure") as caught:
            await Client(url, "room", "Ada").connect()
        assert isinstance(caught.value.__cause__, ssl.SSLError)
        async with Client(url, "room", "Ada", insecure=True) as client:
            assert client.participant_id
    finally:
        await gateway.stop()


async def test_nobody_there(unused_tcp_port: int) -> None:
    with pytest.raises(ClientError, match="nothing listens on"):
        await Client(f"http://127.0.0.1:{unused_tcp_port}", "room", "Ada").connect()


async def test_somebody_else_there() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ClientError, match=r"is not a wsmedia server \(HTTP 404\)"):
            await Client(f"http://127.0.0.1:{port}", "room", "Ada").connect()
        with pytest.raises(ClientError, match="does not speak TLS"):
            await Client(f"https://127.0.0.1:{port}", "room", "Ada").connect()


@pytest.mark.parametrize(
    ("room", "name", "words"),
    [
        ("two words", "Ada", "cannot be a room"),
        ("", "Ada", "cannot be a room"),
        ("room", "  ", "1 to 64"),
        ("room", "x" * 65, "1 to 64"),
        ("room", "bell\a", "1 to 64"),
    ],
)
def test_bad_names_are_refused_before_connecting(room: str, name: str, words: str) -> None:
    with pytest.raises(ClientError, match=words):
        Client("http://127.0.0.1:1", room, name)


async def test_leaving_twice_or_without_having_connected_does_no_harm(url: str) -> None:
    await Client(url, "room", "Ada").leave()
    client = Client(url, "room", "Ada")
    await client.connect()
    await client.leave()
    await client.leave()
    with pytest.raises(ClientError, match="connects once"):
        await client.connect()
    client.publish(Codec.OPUS, TrackSource.MICROPHONE).send_frame(EncodedFrame(OPUS, 0, 0))
    with pytest.raises(ClientError, match="has ended"):
        await client.wait_until(lambda: False)
