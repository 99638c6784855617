"""Parsing: real descriptions, round trips, and SdpError as the only answer to nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sdp.strategies import descriptions
from wsmedia.errors import SdpError
from wsmedia.sdp import Direction, Msid, SessionDescription, Setup, parse, write
from wsmedia.sdp.parse import MAX_ATTRIBUTES, MAX_CANDIDATES, MAX_FEEDBACK, MAX_FORMATS, MAX_LENGTH, MAX_SECTIONS

DESCRIPTIONS = Path(__file__).parent / "descriptions"
HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"


# A whole description takes many draws, and a busy machine draws slowly.
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(descriptions())
def test_what_is_written_is_read(description: SessionDescription) -> None:
    assert parse(write(description)) == description


def test_a_browser_that_publishes() -> None:
    description = parse((DESCRIPTIONS / "chromium_publish.sdp").read_text())
    audio, video = description.media
    assert description.bundle == ["0", "1"]
    assert (audio.kind, audio.mid, audio.direction) == ("audio", "0", Direction.SENDONLY)
    assert audio.transport.setup is Setup.ACTPASS
    assert audio.transport.fingerprints[0].algorithm == "sha-256"
    assert audio.transport.candidates
    assert audio.rtcp_mux
    assert audio.rtcp_reduced_size
    assert audio.formats[0].parameters == {"minptime": "10", "useinbandfec": "1"}
    assert len(video.media_ssrcs) == 1
    assert list(video.retransmission_ssrcs.values()) == video.media_ssrcs
    assert video.msid is not None
    assert audio.msid == Msid(video.msid.stream_id, audio.msid.track_id if audio.msid else "")
    assert "nack pli" in next(item for item in video.formats if item.name == "H264").feedback


def test_a_browser_that_subscribes() -> None:
    description = parse((DESCRIPTIONS / "chromium_subscribe.sdp").read_text())
    assert [section.direction for section in description.media] == [Direction.RECVONLY] * 2
    assert [section.ssrcs for section in description.media] == [[], []]


def test_line_feeds_alone_are_enough() -> None:
    assert parse((HEAD + AUDIO).replace("\r\n", "\n")).media[0].formats[0].name == "opus"


def test_session_level_attributes_hold_for_sections_without_their_own() -> None:
    text = (
        f"{HEAD}a=ice-lite\r\na=ice-ufrag:abcd\r\na=ice-pwd:{'p' * 22}\r\na=fingerprint:SHA-256 ab:cd\r\n"
        f"a=setup:passive\r\na=extmap:3 urn:x\r\n{AUDIO}{AUDIO}a=ice-ufrag:efgh\r\n"
    )
    first, second = parse(text).media
    assert (first.transport.ufrag, second.transport.ufrag) == ("abcd", "efgh")
    assert second.transport.password == "p" * 22
    assert first.transport.fingerprints[0].value == "AB:CD"
    assert first.transport.fingerprints[0].algorithm == "sha-256"
    assert second.transport.setup is Setup.PASSIVE
    assert first.transport.ice_lite
    assert first.extensions[0].uri == "urn:x"


def test_feedback_for_all_formats() -> None:
    formats = "m=video 9 RTP/SAVPF 96 97\r\na=rtpmap:96 H264/90000\r\na=rtpmap:97 VP8/90000\r\n"
    text = f"{HEAD}{formats}a=rtcp-fb:* nack  pli\r\n"
    assert [item.feedback for item in parse(text).media[0].formats] == [["nack pli"], ["nack pli"]]


def test_formats_without_rtpmap_are_dropped_but_for_static_ones() -> None:
    section = parse(f"{HEAD}m=audio 9 RTP/SAVPF 0 99\r\n").media[0]
    assert [(item.payload_type, item.name) for item in section.formats] == [(0, "PCMU")]
    assert section.protocol_formats == ["0", "99"]


def test_a_msid_of_an_ssrc_line_counts_where_there_is_none_of_its_own() -> None:
    section = parse(f"{HEAD}{AUDIO}a=ssrc:7 cname:c\r\na=ssrc:7 msid:s t\r\n").media[0]
    assert section.msid == Msid("s", "t")
    assert section.cname == "c"
    assert section.ssrcs == [7]


def test_port_zero_is_a_refusal_unless_bundle_only() -> None:
    text = f"{HEAD}m=audio 0 RTP/SAVPF 0\r\nm=audio 0 RTP/SAVPF 0\r\na=bundle-only\r\n"
    assert [section.rejected for section in parse(text).media] == [True, False]


def test_data_sections_keep_their_formats_as_text() -> None:
    section = parse(f"{HEAD}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:5000\r\n").media[0]
    assert section.formats == []
    assert section.protocol_formats == ["webrtc-datachannel"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "v=1\r\n",
        "v=0\r\nnonsense\r\n",
        "v=0\r\no=-\r\n",
        "v=0\r\no=- x 1 IN IP4 0.0.0.0\r\n",
        f"{HEAD}m=audio\r\n",
        f"{HEAD}m=audio x RTP/SAVPF 0\r\n",
        f"{HEAD}m=audio 70000 RTP/SAVPF 0\r\n",
        f"{HEAD}m=audio 9 RTP/SAVPF 200\r\n",
        f"{HEAD}m=audio 9 RTP/SAVPF ²\r\n",
        f"{HEAD}{AUDIO}a=rtpmap:111 opus\r\n",
        f"{HEAD}{AUDIO}a=rtpmap:111 opus/0\r\n",
        f"{HEAD}{AUDIO}a=rtpmap:x opus/48000\r\n",
        f"{HEAD}{AUDIO}a=rtpmap:111 opus/48000/0\r\n",
        f"{HEAD}{AUDIO}a=fmtp:900 a=b\r\n",
        f"{HEAD}{AUDIO}a=rtcp-fb:-1 nack\r\n",
        f"{HEAD}{AUDIO}a=extmap:0 urn:x\r\n",
        f"{HEAD}{AUDIO}a=extmap:3\r\n",
        f"{HEAD}{AUDIO}a=mid:\r\n",
        f"{HEAD}{AUDIO}a=mid:{'m' * 65}\r\n",
        f"{HEAD}{AUDIO}a=mid:ä\r\n",
        f"{HEAD}{AUDIO}a=mid:0\r\n{AUDIO}a=mid:0\r\n",
        f"{HEAD}{AUDIO}a=ssrc:x cname:c\r\n",
        f"{HEAD}{AUDIO}a=ssrc:4294967296 cname:c\r\n",
        f"{HEAD}{AUDIO}a=ssrc-group:FID 1 x\r\n",
        f"{HEAD}{AUDIO}a=fingerprint:sha-256\r\n",
        f"{HEAD}{AUDIO}a=fingerprint:sha-256 xyz\r\n",
        f"{HEAD}{AUDIO}a=setup:maybe\r\n",
        f"{HEAD}{AUDIO}a=ice-ufrag:abc\r\n",
        f"{HEAD}{AUDIO}a=ice-pwd:{'p' * 21}\r\n",
        f"{HEAD}{AUDIO}a=ice-ufrag:ab cd\r\n",
        f"{HEAD}{AUDIO}a=candidate:1 1 udp\r\n",
        f"{HEAD}{AUDIO}a=candidate:1 1 udp x 192.0.2.1 1 typ host\r\n",
        HEAD + "a=x\r\n" * (MAX_ATTRIBUTES + 1),
        HEAD + AUDIO * (MAX_SECTIONS + 1),
        HEAD + "m=audio 9 RTP/SAVPF" + " 0" * (MAX_FORMATS + 1),
        HEAD + "a" * MAX_LENGTH,
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(SdpError):
        parse(text)


def test_too_many_candidates_are_cut_off() -> None:
    line = "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n"
    assert len(parse(HEAD + AUDIO + line * (MAX_CANDIDATES + 5)).media[0].transport.candidates) == MAX_CANDIDATES


def test_too_much_feedback_is_cut_off() -> None:
    """Each line counts for every format: a small text must not become a large list."""
    lines = "".join(f"a=rtcp-fb:* kind{index}\r\n" for index in range(MAX_FEEDBACK + 5))
    assert len(parse(HEAD + AUDIO + lines).media[0].formats[0].feedback) == MAX_FEEDBACK


@given(st.text(max_size=300))
def test_arbitrary_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, HEAD + text, HEAD + AUDIO + "a=" + text):
        try:
            write(parse(candidate))
        except SdpError:
            continue
