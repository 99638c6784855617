"""Native WebRTC participants by WHIP and WHEP, beside tunnelled ones in the same room."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from tests.peer.support import AUDIO, CLIP, VIDEO, Frames, Incoming, audio_frames, video_frames
from tests.support.gateway import CAMERA, MICROPHONE, TunnelClient, eventually, http_url, running_gateway
from tests.support.live_clip import nals
from tests.support.other_codecs import OTHER_CODECS, clip_frames, decode
from wsmedia.app.server import Gateway
from wsmedia.media import Codec, EncodedFrame, MediaKind, Track, TrackSource
from wsmedia.peer import PeerConfig, PeerConnection, PeerState, RtpReceiver
from wsmedia.ports import FrameSink
from wsmedia.wire import ParticipantJoined, ParticipantLeft, TargetBitrate, TrackAdded, TrackMuted, TrackRemoved

SDP = {"Content-Type": "application/sdp"}
ADDRESS = "127.0.0.1"


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway(native_address=[ADDRESS]) as gateway:
        yield gateway


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=http_url(gateway)) as client:
        yield client


@pytest.fixture
async def alice(gateway: Gateway) -> AsyncIterator[TunnelClient]:
    client = await TunnelClient(gateway, name="Alice").connect()
    yield client
    await client.close()


@contextlib.asynccontextmanager
async def peer() -> AsyncIterator[PeerConnection]:
    connection = PeerConnection(PeerConfig(addresses=[ADDRESS]))
    try:
        yield connection
    finally:
        await connection.close()


async def connect(http: httpx.AsyncClient, path: str, connection: PeerConnection) -> httpx.Response:
    response = await http.post(path, content=await connection.create_offer(), headers=SDP)
    assert response.status_code == 201, response.text
    assert response.headers["Content-Type"] == "application/sdp"
    await connection.accept_answer(response.text)
    await eventually(lambda: connection.state is PeerState.CONNECTED, "the connection")
    return response


async def play(frames: tuple[EncodedFrame, ...], sink: FrameSink) -> None:
    for frame in frames:
        sink.send_frame(frame)
        await asyncio.sleep(0.002)  # a burst would overflow the socket's buffer on a busy machine


async def test_a_native_publisher_is_a_participant_like_any_other(http: httpx.AsyncClient, alice: TunnelClient) -> None:
    async with peer() as bob:
        video, audio = bob.add_sender(VIDEO), bob.add_sender(AUDIO)
        asked: list[None] = []
        video.on_keyframe_request = lambda: asked.append(None)
        response = await connect(http, "/v1/rooms/r/whip?name=B%C3%B6b", bob)
        await eventually(lambda: alice.controls(ParticipantJoined), "Böb's joining")
        joined = alice.controls(ParticipantJoined)[0].participant
        assert joined.name == "Böb"
        assert joined.participant_id == response.headers["Wsmedia-Participant"]
        await eventually(lambda: asked, "a keyframe request")
        pictures, sounds = video_frames(30), audio_frames(20)
        await play(pictures, video)
        await play(sounds, audio)
        await eventually(lambda: len(alice.controls(TrackAdded)) == 2, "his tracks")
        tracks = {added.track.kind: added.track.track_id for added in alice.controls(TrackAdded)}
        shown = alice.frames.setdefault(tracks[MediaKind.VIDEO], [])
        heard = alice.frames.setdefault(tracks[MediaKind.AUDIO], [])
        await eventually(lambda: len(shown) == 30 and len(heard) >= 19, "his media")
        assert [nals(frame.data) for frame in shown] == [nals(frame.data) for frame in pictures]
        assert {bytes(frame.data) for frame in heard} <= {bytes(frame.data) for frame in sounds}

        assert (await http.delete(response.headers["Location"])).status_code == 200
        await eventually(lambda: alice.controls(ParticipantLeft), "Böb's leaving")
        assert (await http.delete(response.headers["Location"])).status_code == 200


async def test_a_native_publisher_tells_what_is_muted_and_what_is_over(
    http: httpx.AsyncClient, alice: TunnelClient
) -> None:
    async with peer() as bob:
        video, _ = bob.add_sender(VIDEO), bob.add_sender(AUDIO)
        resource = (await connect(http, "/v1/rooms/r/whip", bob)).headers["Location"]

        async def change(**told: object) -> None:
            assert (await http.patch(resource, json=told)).status_code == 204

        # Muted before there was a frame: known all the same.
        await change(muted={"microphone": True})
        await eventually(lambda: alice.controls(TrackAdded), "the microphone")
        microphone = alice.controls(TrackAdded)[0].track
        assert (microphone.source, microphone.muted) == (TrackSource.MICROPHONE, True)
        await play(video_frames(10), video)
        await eventually(lambda: len(alice.controls(TrackAdded)) == 2, "the camera")
        camera = alice.controls(TrackAdded)[1].track.track_id
        await change(muted={"microphone": False, "camera": True})
        await eventually(lambda: len(alice.controls(TrackMuted)) == 2, "both marks")
        assert {(one.track_id, one.muted) for one in alice.controls(TrackMuted)} == {
            (microphone.track_id, False),
            (camera, True),
        }
        await change(ended=["camera"])
        await eventually(lambda: alice.controls(TrackRemoved), "the camera's end")

        async def again() -> None:
            while len(alice.controls(TrackAdded)) < 3:
                await play(video_frames(10), video)

        await asyncio.wait_for(again(), 10)
        assert not alice.controls(TrackAdded)[2].track.muted
        for wrong in (b"{", b'{"muted": {"phone": true}}', b'{"muted": {"camera": 1}}', b"x" * 2000):
            assert (await http.patch(resource, content=wrong)).status_code in (400, 413)
    assert (await http.patch("/v1/resources/none", json={})).status_code == 404


async def test_a_native_publisher_who_vanishes_leaves(http: httpx.AsyncClient, alice: TunnelClient) -> None:
    async with peer() as bob:
        bob.add_sender(AUDIO)
        await connect(http, "/v1/rooms/r/whip", bob)
        await eventually(lambda: alice.controls(ParticipantJoined), "the guest's joining")
        assert alice.controls(ParticipantJoined)[0].participant.name == "Guest"
    await eventually(lambda: alice.controls(ParticipantLeft), "the guest's leaving")


async def test_a_native_subscriber_gets_a_tunnelled_participants_media(
    http: httpx.AsyncClient, alice: TunnelClient
) -> None:
    async with peer() as bob:
        frames = {kind: Frames() for kind in MediaKind}

        def on_receiver(receiver: RtpReceiver) -> None:
            receiver.add_sink(frames[receiver.kind])

        bob.on_receiver = on_receiver
        for kind in MediaKind:
            bob.add_receiver_section(kind)
        alice.publish(MICROPHONE)
        room = (await http.get("/v1/rooms/r")).json()
        participant_id = room["participants"][0]["participant_id"]
        await connect(http, f"/v1/rooms/r/whep/{participant_id}", bob)

        # The camera comes later and is sent without another negotiation.
        alice.publish(CAMERA)
        await eventually(lambda: alice.keyframes_needed(CAMERA.track_id), "a keyframe request")
        pictures, sounds = video_frames(30), audio_frames(20)
        for picture in pictures:
            alice.send_frame(CAMERA, picture)
            await asyncio.sleep(0.002)
        for sound in sounds:
            alice.send_frame(MICROPHONE, sound)
            await asyncio.sleep(0.002)
        shown = await frames[MediaKind.VIDEO].wait(30)
        await frames[MediaKind.AUDIO].wait(20)
        assert [nals(frame.data) for frame in shown] == [nals(frame.data) for frame in pictures]
        assert frames[MediaKind.AUDIO].data == [bytes(sound.data) for sound in sounds]

        bob.set_receive_capacity(400_000)
        await eventually(lambda: any(t.bitrate_bps < 1e6 for t in alice.controls(TargetBitrate)), "a lower target")
        await alice.close()
        alice.pump.stop()


@pytest.mark.parametrize("codec", OTHER_CODECS)
async def test_a_native_publisher_without_h264_sends_what_it_has(
    http: httpx.AsyncClient, alice: TunnelClient, codec: Codec
) -> None:
    pictures = clip_frames(codec, CLIP, 30)
    async with peer() as bob, peer() as carol:
        video = bob.add_sender(Track(1, codec, TrackSource.CAMERA))
        published = await connect(http, "/v1/rooms/r/whip?name=Bob", bob)
        await play(pictures, video)
        await eventually(lambda: alice.controls(TrackAdded), "his track")
        added = alice.controls(TrackAdded)[0].track
        assert added.codec is codec
        shown = alice.frames.setdefault(added.track_id, [])
        await eventually(lambda: len(shown) == 30, "his pictures")
        assert [frame.keyframe for frame in shown] == [True] + [False] * 29
        assert decoded(codec, shown) == decoded(codec, pictures)

        # Somebody else subscribes natively.
        seen = Frames()
        carol.on_receiver = lambda receiver: receiver.add_sink(seen)
        carol.add_receiver_section(MediaKind.VIDEO, codec)
        participant_id = published.headers["Wsmedia-Participant"]
        asked: list[None] = []
        video.on_keyframe_request = lambda: asked.append(None)
        await connect(http, f"/v1/rooms/r/whep/{participant_id}", carol)
        await eventually(lambda: asked, "a keyframe request")
        await play(pictures, video)
        got = await seen.wait(30)
        assert decoded(codec, got[:30]) == decoded(codec, pictures)


async def test_a_native_subscriber_gets_what_it_offered_to_take_and_not_the_rest(
    http: httpx.AsyncClient, alice: TunnelClient
) -> None:
    async with peer() as bob:
        seen = Frames()
        bob.on_receiver = lambda receiver: receiver.add_sink(seen)
        bob.add_receiver_section(MediaKind.VIDEO, Codec.VP8)
        alice.publish(MICROPHONE)
        await eventually(lambda: alice.session.is_established, "Alice's joining")
        participant_id = (await http.get("/v1/rooms/r")).json()["participants"][0]["participant_id"]
        await connect(http, f"/v1/rooms/r/whep/{participant_id}", bob)
        alice.publish(CAMERA)  # H.264, which was not offered
        vp8 = Track(CAMERA.track_id + 1, Codec.VP8, TrackSource.SCREEN)
        alice.publish(vp8)
        await eventually(lambda: alice.keyframes_needed(vp8.track_id), "a keyframe request")
        pictures = clip_frames(Codec.VP8, CLIP, 30)
        for h264, picture in zip(video_frames(30), pictures, strict=True):
            alice.send_frame(CAMERA, h264)
            alice.send_frame(vp8, picture)
            await asyncio.sleep(1 / 60)  # no camera is quicker, and the tunnel paces what is
        await seen.wait(30)
        assert seen.data == [bytes(picture.data) for picture in pictures]


SCREEN = Track(CAMERA.track_id + 1, Codec.H264, TrackSource.SCREEN)


async def test_a_native_subscriber_gets_camera_and_screen_each_in_a_section(
    http: httpx.AsyncClient, alice: TunnelClient, gateway: Gateway
) -> None:
    async with peer() as bob:
        received = Incoming(bob)
        for _ in range(2):
            bob.add_receiver_section(MediaKind.VIDEO)
        alice.publish(CAMERA)
        await eventually(lambda: alice.session.is_established, "Alice's joining")
        participant_id = (await http.get("/v1/rooms/r")).json()["participants"][0]["participant_id"]
        await connect(http, f"/v1/rooms/r/whep/{participant_id}", bob)
        alice.publish(SCREEN)
        for track in (CAMERA, SCREEN):
            await eventually(lambda track=track: alice.keyframes_needed(track.track_id), "a keyframe request")  # type: ignore[misc]
        camera, screen = video_frames(30), video_frames(30, bitrate_bps=400_000)
        for picture, text in zip(camera, screen, strict=True):
            alice.send_frame(CAMERA, picture)
            alice.send_frame(SCREEN, text)
            await asyncio.sleep(0.002)
        for index, sent in enumerate((camera, screen)):
            await received.of("video", index).wait(30)
            assert received.of("video", index).units == [nals(frame.data) for frame in sent]

        # Who comes later, behind the tunnel, is told which is which.
        carol = await TunnelClient(gateway, name="Carol").connect()
        await eventually(lambda: len(carol.controls(TrackAdded)) == 2, "both tracks")
        assert [added.track.source for added in carol.controls(TrackAdded)] == ["camera", "screen"]
        await carol.close()


async def test_a_native_publisher_says_which_section_is_a_screen(http: httpx.AsyncClient, alice: TunnelClient) -> None:
    async with peer() as bob:
        camera, screen = bob.add_sender(VIDEO), bob.add_sender(VIDEO)
        response = await http.post("/v1/rooms/r/whip?screen=1", content=await bob.create_offer(), headers=SDP)
        await bob.accept_answer(response.text)
        await eventually(lambda: bob.state is PeerState.CONNECTED, "the connection")
        await play(video_frames(10), camera)
        await play(video_frames(10, bitrate_bps=400_000), screen)
        await eventually(lambda: len(alice.controls(TrackAdded)) == 2, "both tracks")
        ids = {added.track.source: added.track.track_id for added in alice.controls(TrackAdded)}
        for source, bitrate_bps in ((TrackSource.CAMERA, 1_500_000), (TrackSource.SCREEN, 400_000)):
            shown = alice.frames.setdefault(ids[source], [])
            await eventually(lambda shown=shown: len(shown) == 10, "the pictures")  # type: ignore[misc]
            sent = [nals(frame.data) for frame in video_frames(10, bitrate_bps=bitrate_bps)]
            assert [nals(frame.data) for frame in shown] == sent


def decoded(codec: Codec, frames: Sequence[EncodedFrame]) -> list[bytes]:
    return [bytes(picture.to_ndarray()) for picture in decode(codec, [frame.data for frame in frames])]


async def test_a_subscription_ends_with_its_participant(http: httpx.AsyncClient, gateway: Gateway) -> None:
    async with peer() as carol, peer() as bob:
        carol.add_sender(AUDIO)
        published = await connect(http, "/v1/rooms/r/whip?name=Carol", carol)
        bob.add_receiver_section(MediaKind.AUDIO)
        await connect(http, f"/v1/rooms/r/whep/{published.headers['Wsmedia-Participant']}", bob)
        await http.delete(published.headers["Location"])
        await eventually(lambda: bob.state in (PeerState.CLOSED, PeerState.FAILED), "the end of the subscription")
    assert gateway.parts.embedded is not None
    await eventually(lambda: gateway.parts.embedded.find_room("r") is None, "an empty house")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        ("/v1/rooms/r/whip", {"Content-Type": "text/plain"}, "v=0", 415),
        ("/v1/rooms/r/whip", SDP, "nonsense", 400),
        ("/v1/rooms/r/whip", SDP, "", 400),
        ("/v1/rooms/r/whip", SDP, b"\xff\xfe", 400),
        ("/v1/rooms/r/whip", SDP, "v=0\r\n" + "a=x\r\n" * 20_000, 413),
        ("/v1/rooms/r/whip?name=%00", SDP, "v=0", 400),
        ("/v1/rooms/r/whip?name=" + "x" * 65, SDP, "v=0", 400),
        ("/v1/rooms/" + "r" * 65 + "/whip", SDP, "v=0", 404),
        ("/v1/rooms/r/whep/nobody", SDP, "v=0", 404),
        ("/v1/rooms/r/whip", {**SDP, "Origin": "https://evil.example"}, "v=0", 403),
    ],
)
async def test_what_is_wrong_is_said_in_plain_words(
    http: httpx.AsyncClient, gateway: Gateway, path: str, headers: dict[str, str], body: str | bytes, status: int
) -> None:
    response = await http.post(path, content=body, headers=headers)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["detail"][-1] in ".-"
    assert gateway.parts.embedded is not None
    assert gateway.parts.embedded.find_room("r") is None


async def test_no_more_connections_than_allowed() -> None:
    async with running_gateway(max_native=0) as gateway, httpx.AsyncClient(base_url=http_url(gateway)) as http:
        response = await http.post("/v1/rooms/r/whip", content="v=0", headers=SDP)
        assert response.status_code == 503
