"""Payload types and extension ids of our offers."""

from __future__ import annotations

from pathlib import Path

from wsmedia.media import Codec, MediaKind
from wsmedia.peer.numbering import AUDIO_ONLY_URIS, Numbering
from wsmedia.sdp import HeaderExtension, MediaSection, PayloadFormat, encodings, parse, usable_formats

OFFER = Path(__file__).parents[1] / "sdp" / "descriptions" / "chromium_publish.sdp"


def test_customary_numbers() -> None:
    numbering = Numbering()
    (opus,) = encodings(numbering.formats(Codec.OPUS, retransmission=True))
    (h264,) = encodings(numbering.formats(Codec.H264, retransmission=True))
    assert (opus.payload_type, opus.rtx_payload_type) == (111, None)
    assert (h264.payload_type, h264.rtx_payload_type) == (102, 103)
    assert encodings(numbering.formats(Codec.H264, retransmission=False))[0].rtx_payload_type is None


def test_audio_extensions_are_not_offered_for_video() -> None:
    numbering = Numbering()
    audio = numbering.extensions(MediaKind.AUDIO)
    video = numbering.extensions(MediaKind.VIDEO)
    assert {extension.uri for extension in audio} - {extension.uri for extension in video} == AUDIO_ONLY_URIS
    assert set(video) < set(audio)


def test_the_peers_numbers_are_taken_over() -> None:
    numbering = Numbering()
    audio, video = parse(OFFER.read_text()).media
    for section in (audio, video):
        numbering.learn(section, usable_formats(section))
    theirs = encodings(usable_formats(video))[0]
    ours = encodings(numbering.formats(Codec.H264, retransmission=True))[0]
    assert (ours.payload_type, ours.rtx_payload_type) == (theirs.payload_type, theirs.rtx_payload_type)
    ids = {extension.uri: extension.extension_id for extension in audio.extensions}
    assert all(ids[extension.uri] == extension.extension_id for extension in numbering.extensions(MediaKind.AUDIO))


def test_numbers_in_use_are_avoided() -> None:
    numbering = Numbering()
    taken = MediaSection(
        "video",
        formats=[PayloadFormat(102, "VP8", 90_000), PayloadFormat(103, "VP9", 90_000)],
        extensions=[HeaderExtension(number, f"urn:{number}") for number in range(1, 5)],
    )
    numbering.learn(taken, [])
    (encoding,) = encodings(numbering.formats(Codec.H264, retransmission=True))
    assert not {encoding.payload_type, encoding.rtx_payload_type} & {102, 103}
    extension_ids = [extension.extension_id for extension in numbering.extensions(MediaKind.AUDIO)]
    assert len(set(extension_ids)) == len(extension_ids)
    assert not set(extension_ids) & {1, 2, 3, 4, 15}
