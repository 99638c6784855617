"""An association that is already up learns new tracks, loses old ones, and changes sources, without a new handshake."""

from __future__ import annotations

import re

import pytest

from tests.peer.support import (
    AUDIO,
    VIDEO,
    Incoming,
    audio_frames,
    connected,
    loopback,
    negotiate,
    pair,
    video_frames,
)
from wsmedia import sdp
from wsmedia.errors import LocalProtocolError, SdpError
from wsmedia.media import Codec, EncodedFrame, MediaKind, Track, TrackSource
from wsmedia.peer import PeerConnection, RtpSender

SCREEN = Track(3, Codec.H264, TrackSource.SCREEN)


async def _delivers(sender: RtpSender, incoming: Incoming, kind: str, index: int = 0) -> None:
    """A frame put into ``sender`` comes out at the ``index``-th receiver of its kind."""
    frame = video_frames()[0] if kind == "video" else audio_frames()[0]
    frames = incoming.of(kind, index)
    before = len(frames.frames)
    sender.send_frame(frame)
    await frames.wait(before + 1)


async def test_tracks_come_and_go() -> None:
    async with pair() as (a, b):
        incoming = Incoming(b)
        video = a.add_sender(VIDEO)
        await negotiate(a, b)
        await connected(a, b)
        await _delivers(video, incoming, "video")
        first_ssrc = video.ssrc

        audio, screen = a.add_sender(AUDIO), a.add_sender(SCREEN, stream_id="screen")
        offer, answer = await negotiate(a, b)
        assert [section.mid for section in sdp.parse(offer).media] == ["0", "1", "2"]
        assert [section.direction for section in sdp.parse(answer).media] == ["recvonly"] * 3
        await _delivers(audio, incoming, "audio")
        await _delivers(screen, incoming, "video", 1)
        await _delivers(video, incoming, "video")
        assert incoming.receivers[2].stream_id == "screen"
        assert incoming.removed == []

        a.remove_sender(video)
        offer, answer = await negotiate(a, b)
        assert [str(section.direction) for section in sdp.parse(offer).media] == ["inactive", "sendonly", "sendonly"]
        assert incoming.removed == [incoming.receivers[0]]
        video.send_frame(video_frames()[0])
        assert video.frames_dropped == 1
        await _delivers(screen, incoming, "video", 1)

        # Another track of the same kind takes the idle section over and continues its source.
        again = a.add_sender(VIDEO)
        offer, _ = await negotiate(a, b)
        assert len(sdp.parse(offer).media) == 3
        assert again.ssrc == first_ssrc
        await _delivers(again, incoming, "video", 2)


async def test_either_side_may_offer() -> None:
    async with pair() as (a, b):
        at_a, at_b = Incoming(a), Incoming(b)
        video = a.add_sender(VIDEO)
        await negotiate(a, b)
        await connected(a, b)
        audio = b.add_sender(AUDIO)
        offer, answer = await negotiate(b, a)
        assert [str(section.direction) for section in sdp.parse(offer).media] == ["recvonly", "sendonly"]
        assert [str(section.direction) for section in sdp.parse(answer).media] == ["sendonly", "recvonly"]
        await _delivers(audio, at_a, "audio")
        await _delivers(video, at_b, "video")


async def test_receivers_ask_for_tracks() -> None:
    """WHEP: the one who receives offers."""
    async with pair() as (a, b):
        incoming = Incoming(a)
        a.add_receiver_section(MediaKind.AUDIO)
        a.add_receiver_section(MediaKind.VIDEO)
        video, audio = b.add_sender(VIDEO), b.add_sender(AUDIO)
        await negotiate(a, b)
        await connected(a, b)
        await _delivers(video, incoming, "video")
        await _delivers(audio, incoming, "audio")


async def test_sections_with_the_same_payload_type_are_told_apart_by_mid() -> None:
    """No SSRC is declared: only the MID in the packets says whose they are."""
    async with pair() as (a, b):
        incoming = Incoming(b)
        camera, screen = a.add_sender(VIDEO), a.add_sender(SCREEN)
        offer = re.sub("a=ssrc.*\r\n", "", await a.create_offer())
        await a.accept_answer(await b.accept_offer(offer))
        await connected(a, b)
        await _delivers(screen, incoming, "video", 1)
        await _delivers(camera, incoming, "video", 0)
        assert incoming.receivers[0].ssrc == camera.ssrc
        assert incoming.receivers[1].ssrc == screen.ssrc
        assert [len(incoming.of("video", index).frames) for index in (0, 1)] == [1, 1]


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "seen"])
async def test_a_source_changes_inside_its_section(declared: bool) -> None:
    async with pair() as (a, b):
        incoming = Incoming(b)
        video = a.add_sender(VIDEO)
        await negotiate(a, b)
        await connected(a, b)
        await _delivers(video, incoming, "video")
        parameters = video.parameters
        video.source.ssrc, video.source.sequence_number = 12345, 40_000
        video.configure(None)
        video.configure(parameters)
        if declared:
            await negotiate(a, b)
            assert incoming.receivers[0].ssrc == 12345
        await _delivers(video, incoming, "video")
        assert incoming.receivers[0].ssrc == 12345
        assert len(incoming.receivers) == 1
        assert incoming.removed == []


async def test_a_recycled_section_is_a_new_track() -> None:
    """Port 0, then the same place with another mid and another source: what SFUs do as people come and go."""
    async with pair() as (a, b):
        incoming = Incoming(b)
        audio, video = a.add_sender(AUDIO), a.add_sender(VIDEO)
        await negotiate(a, b)
        await connected(a, b)
        await _delivers(video, incoming, "video")
        offer = await a.create_offer()
        gone = _reject(offer, 1)
        answer = await b.accept_offer(gone)
        parsed = sdp.parse(answer)
        assert [section.rejected for section in parsed.media] == [False, True]
        assert parsed.bundle == ["0"]
        assert incoming.removed == [incoming.receivers[1]]
        rejected: list[int] = []
        video.on_rejected = lambda: rejected.append(1)
        await a.accept_answer(answer)
        assert rejected == [1]
        await _delivers(audio, incoming, "audio")

        fresh = a.add_sender(VIDEO)
        offer, answer = await negotiate(a, b)
        assert [section.mid for section in sdp.parse(offer).media] == ["0", "2"]
        assert fresh.ssrc != video.ssrc
        await _delivers(fresh, incoming, "video", 1)
        await _delivers(audio, incoming, "audio")


def _reject(description: str, index: int) -> str:
    """Set the port of a section to 0 and take it out of the bundle."""
    head, *sections = re.split(r"(?=^m=)", description, flags=re.MULTILINE)
    mid = re.search("a=mid:(.*)\r\n", sections[index]).group(1)  # type: ignore[union-attr]
    sections[index] = re.sub(r"^m=(\w+) \d+", r"m=\1 0", sections[index])
    head = re.sub(r"(a=group:BUNDLE.*?) " + mid + r"\b", r"\1", head)
    return head + "".join(sections)


async def test_a_direction_change_ends_and_revives_a_track() -> None:
    async with pair() as (a, b):
        incoming = Incoming(b)
        audio = a.add_sender(AUDIO)
        await negotiate(a, b)
        await connected(a, b)
        paused = (await a.create_offer()).replace("a=sendonly", "a=inactive")
        await a.accept_answer(await b.accept_offer(paused))
        assert incoming.removed == [incoming.receivers[0]]
        assert audio.parameters is None
        await negotiate(a, b)
        await _delivers(audio, incoming, "audio", 1)


async def test_what_is_unknown_is_refused_section_by_section() -> None:
    async with pair() as (a, b):
        incoming = Incoming(b)
        audio = a.add_sender(AUDIO)
        offer = await a.create_offer()
        transport = "".join(re.findall("a=(?:ice|fingerprint|setup).*\r\n", offer))
        unknown = (
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:7\r\na=sctp-port:5000\r\n"
            f"{transport}m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:8\r\na=sendrecv\r\na=rtcp-mux\r\n"
            f"a=rtpmap:96 H265/90000\r\n{transport}"
        )
        offer = offer.replace("BUNDLE 0", "BUNDLE 7 0 8")
        head, *sections = re.split(r"(?=^m=)", offer + unknown, flags=re.MULTILINE)
        mixed = head + sections[1] + sections[0] + sections[2]
        answer = await b.accept_offer(mixed)
        parsed = sdp.parse(answer)
        assert [(section.kind, section.port, section.mid) for section in parsed.media] == [
            ("application", 0, "7"),
            ("audio", 9, "0"),
            ("video", 0, "8"),
        ]
        assert parsed.media[0].protocol_formats == ["webrtc-datachannel"]
        assert parsed.bundle == ["0"]
        own = re.split(r"(?=^m=)", answer, flags=re.MULTILINE)
        await a.accept_answer(own[0] + own[2])
        await connected(a, b)
        await _delivers(audio, incoming, "audio")


async def test_a_peer_that_takes_nothing_is_answered_all_the_same() -> None:
    async with pair() as (a, b):
        a.add_sender(VIDEO)
        offer = (await a.create_offer()).replace("H264", "H265")
        answer = await b.accept_offer(offer)
        assert [section.rejected for section in sdp.parse(answer).media] == [True]
        with pytest.raises(SdpError, match="refused every section"):
            await a.accept_answer(answer)


async def test_without_bundle_only_the_first_section_is_taken() -> None:
    async with pair() as (a, b):
        a.add_sender(AUDIO)
        a.add_sender(VIDEO)
        offer = re.sub("a=group.*\r\n", "", await a.create_offer())
        answer = sdp.parse(await b.accept_offer(offer))
        assert [section.rejected for section in answer.media] == [False, True]
        assert answer.bundle == []


async def test_offers_do_not_cross() -> None:
    async with pair() as (a, b):
        a.add_sender(AUDIO)
        b.add_sender(AUDIO)
        offer = await a.create_offer()
        await b.create_offer()
        with pytest.raises(LocalProtocolError):
            await b.accept_offer(offer)
        with pytest.raises(LocalProtocolError):
            await PeerConnection(loopback()).accept_answer(offer)


async def test_an_ice_restart_is_refused() -> None:
    async with pair() as (a, b):
        a.add_sender(AUDIO)
        await negotiate(a, b)
        await connected(a, b)
        restarted = re.sub("a=ice-ufrag:.*\r\n", "a=ice-ufrag:other\r\n", await a.create_offer())
        with pytest.raises(SdpError, match="restart"):
            await b.accept_offer(restarted)


async def test_many_renegotiations_leave_nothing_behind() -> None:
    async with pair() as (a, b):
        incoming = Incoming(b)
        audio = a.add_sender(AUDIO)
        await negotiate(a, b)
        await connected(a, b)
        for _ in range(20):
            video = a.add_sender(VIDEO)
            await negotiate(a, b)
            a.remove_sender(video)
            await negotiate(a, b)
        offer, _ = await negotiate(a, b)
        assert len(sdp.parse(offer).media) == 2
        assert len(a.senders) == 1
        assert len(b.receivers) == 1
        assert len(b._negotiation._clocks) == 1
        await _delivers(audio, incoming, "audio")


async def test_frame_times_stay_sane_when_a_sender_starts_over() -> None:
    async with pair() as (a, b):
        incoming = Incoming(b)
        video = a.add_sender(VIDEO)
        await negotiate(a, b)
        await connected(a, b)
        await _delivers(video, incoming, "video")
        jump = EncodedFrame(video_frames()[0].data, 2**31, 1_700_000_900_000_000, keyframe=True)
        video.send_frame(jump)
        frames = await incoming.of("video").wait(2)
        assert frames[1].capture_time_us >= 0
