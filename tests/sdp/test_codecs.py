"""Which formats of a peer are used, and how our offers name ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from wsmedia.media import Codec
from wsmedia.sdp import MediaSection, PayloadFormat, encodings, offered_formats, parse, usable_formats
from wsmedia.sdp.h264_profile import Profile, packetization_mode, preference, profile_of

DESCRIPTIONS = Path(__file__).parent / "descriptions"


def _h264(payload_type: int, profile: str, mode: str | None = "1") -> PayloadFormat:
    parameters = {"profile-level-id": profile, "level-asymmetry-allowed": "1"}
    if mode is not None:
        parameters["packetization-mode"] = mode
    return PayloadFormat(payload_type, "H264", 90_000, 1, parameters, ["nack", "nack pli", "goog-remb", "x-unknown"])


@pytest.mark.parametrize(
    ("profile_level_id", "profile"),
    [
        ("42e01f", Profile.CONSTRAINED_BASELINE),
        ("42E01F", Profile.CONSTRAINED_BASELINE),
        ("42c00d", Profile.CONSTRAINED_BASELINE),
        ("4d801f", Profile.CONSTRAINED_BASELINE),
        ("42001f", Profile.BASELINE),
        ("4d001f", Profile.MAIN),
        ("4d401f", Profile.MAIN),
        ("64001f", Profile.HIGH),
        ("640c1f", Profile.CONSTRAINED_HIGH),
        ("f4001f", None),
        ("6e0033", None),
        ("42e0", None),
        ("zzzzzz", None),
        ("", None),
    ],
)
def test_profiles(profile_level_id: str, profile: Profile | None) -> None:
    assert profile_of({"profile-level-id": profile_level_id}) is profile


def test_defaults_of_rfc_6184() -> None:
    assert profile_of({}) is Profile.BASELINE
    assert packetization_mode({}) == 0
    assert packetization_mode({"packetization-mode": "2"}) is None
    assert preference({"packetization-mode": "2"}) is None


def test_baseline_in_mode_1_comes_first() -> None:
    offered = [
        _h264(1, "64001f"),
        _h264(2, "42001f", "0"),
        _h264(3, "42e01f", None),
        _h264(4, "42001f"),
        _h264(5, "42e01f"),
    ]
    section = MediaSection("video", formats=[*offered, _h264(6, "f4001f"), _h264(7, "42e01f", "2")])
    assert [item.payload_type for item in usable_formats(section)] == [5, 4, 3, 2, 1]


def test_what_chromium_offers() -> None:
    audio, video = parse((DESCRIPTIONS / "chromium_publish.sdp").read_text()).media
    (opus,) = encodings(usable_formats(audio))
    assert opus.codec is Codec.OPUS
    formats = usable_formats(video)
    found = encodings(formats)
    # H.264 first, then as the browser prefers them.
    order = list(dict.fromkeys(encoding.codec for encoding in found))
    assert order == [Codec.H264, Codec.VP8, Codec.AV1, Codec.VP9]
    assert all(encoding.rtx_payload_type is not None for encoding in found)
    assert found[0].fragmentable
    assert found[0].rtx_payload_type is not None
    assert {"nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"} == found[0].feedback
    assert formats[0].parameters["profile-level-id"] == "42e01f"
    assert formats[1].parameters == {"apt": str(found[0].payload_type)}
    assert {item.name for item in formats} == {"H264", "VP8", "VP9", "AV1", "rtx"}
    assert [item.parameters for item in formats if item.name == "VP9"] == [{"profile-id": "0"}]


def test_feedback_is_what_both_know() -> None:
    (item,) = usable_formats(MediaSection("video", formats=[_h264(96, "42e01f")]))
    assert item.feedback == ["nack", "nack pli", "goog-remb"]


def test_mode_0_cannot_carry_what_we_send() -> None:
    (encoding,) = encodings([_h264(96, "42e01f", "0")])
    assert not encoding.fragmentable


def test_nothing_in_common() -> None:
    video = MediaSection("video", formats=[PayloadFormat(96, "H265", 90_000), PayloadFormat(97, "opus", 48_000, 2)])
    assert usable_formats(video) == []
    audio = MediaSection("audio", formats=[PayloadFormat(0, "PCMU", 8000), PayloadFormat(97, "opus", 16_000)])
    assert usable_formats(audio) == []


def test_opus_answers_say_what_we_want() -> None:
    peer = PayloadFormat(109, "OPUS", 48_000, 2, {"stereo": "1"}, ["transport-cc", "nack"])
    (item,) = usable_formats(MediaSection("audio", formats=[peer]))
    assert item.parameters == {"minptime": "10", "useinbandfec": "1"}
    assert (item.payload_type, item.channels) == (109, 2)


@pytest.mark.parametrize("codec", Codec)
def test_our_own_offers_are_usable(codec: Codec) -> None:
    formats = offered_formats(codec, 100, 101)
    assert [item.payload_type for item in usable_formats(MediaSection(codec.kind, formats=formats))] == [100, 101]
    (encoding,) = encodings(formats)
    assert (encoding.codec, encoding.rtx_payload_type) == (codec, 101)
    assert len(offered_formats(codec, 100, None)) == 1


def test_only_profiles_that_every_decoder_knows() -> None:
    formats = [
        PayloadFormat(96, "VP9", 90_000, 1, {"profile-id": "2"}),
        PayloadFormat(97, "AV1", 90_000, 1, {"profile": "1"}),
        PayloadFormat(98, "VP9", 90_000, 1),
        PayloadFormat(99, "AV1", 90_000, 1, {"level-idx": "8", "profile": "0", "tier": "0", "x": "y"}),
        PayloadFormat(100, "VP8", 90_000, 1, {"max-fr": "30"}),
    ]
    usable = usable_formats(MediaSection("video", formats=formats))
    assert [(item.payload_type, item.parameters) for item in usable] == [
        (98, {}),
        (99, {"level-idx": "8", "profile": "0", "tier": "0"}),
        (100, {}),
    ]
