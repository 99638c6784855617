"""Codec negotiation (RFC 3264 §6.1; RFC 6184 §8.2.2, 7587 §7, 7741 §6, 9628 §6, AV1's payload format §7): which payload
types of a section we can use, and how our own offers name them.

H.264 comes before the other video codecs, for everybody can decode it, with the WebAssembly decoder at least; the
others keep the order in which the peer prefers them.
"""

from __future__ import annotations

from dataclasses import dataclass

from wsmedia.media import Codec, MediaKind
from wsmedia.sdp import h264_profile
from wsmedia.sdp.description import MediaSection, PayloadFormat

AUDIO_FEEDBACK = ("nack", "transport-cc")
_PARAMETERS = {
    Codec.H264: ("level-asymmetry-allowed", "packetization-mode", "profile-level-id"),
    Codec.VP9: ("profile-id",),
    Codec.AV1: ("level-idx", "profile", "tier"),
}
"""What of a peer's parameters an answer repeats."""
_OFFERED_PARAMETERS = {
    Codec.OPUS: {"minptime": "10", "useinbandfec": "1"},
    Codec.H264: {
        "level-asymmetry-allowed": "1",
        "packetization-mode": "1",
        "profile-level-id": h264_profile.OFFERED_PROFILE_LEVEL_ID,
    },
    Codec.VP9: {"profile-id": "0"},
    Codec.AV1: {"level-idx": "5", "profile": "0", "tier": "0"},
}
_NAMES = {Codec.OPUS: "opus", Codec.H264: "H264", Codec.VP8: "VP8", Codec.VP9: "VP9", Codec.AV1: "AV1"}
_CODECS = {(name.lower(), codec.clock_rate): codec for codec, name in _NAMES.items()}
_PROFILE = {Codec.VP9: "profile-id", Codec.AV1: "profile"}
"""The parameter whose 0, its default, is the profile that every decoder knows: 8 bits, 4:2:0."""
_AFTER_H264 = 100
VIDEO_FEEDBACK = ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")


@dataclass(frozen=True, slots=True)
class Encoding:
    """One usable payload type: what a sender stamps, or what a receiver may see.

    Attributes:
        codec: what the payload is.
        payload_type: 0 … 127.
        rtx_payload_type: that of its retransmissions (RFC 4588); None without RTX.
        feedback: those of our feedback kinds that both sides know.
        fragmentable: whether a frame may span several packets (for H.264, packetization-mode 1).
    """

    codec: Codec
    payload_type: int
    rtx_payload_type: int | None
    feedback: frozenset[str]
    fragmentable: bool = True


def usable_formats(section: MediaSection) -> list[PayloadFormat]:
    """Those formats of a peer's section that we know, most wanted first, each followed by its RTX format.

    They are copies that an answer may carry: parameters are ours where RFC 7587 makes them a receiver's wish, the
    peer's own where they must agree, and feedback is what both know.
    """
    ranked: list[tuple[int, PayloadFormat]] = []
    for item in section.formats:
        rank = _preference(section.kind, item)
        if rank is not None:
            ranked.append((rank, item))
    ranked.sort(key=lambda pair: pair[0])
    retransmissions = {
        item.parameters.get("apt"): item for item in section.formats if item.name.lower() == "rtx" and item.clock_rate
    }
    chosen: list[PayloadFormat] = []
    for _, item in ranked:
        chosen.append(_answered(section.kind, item))
        rtx = retransmissions.get(str(item.payload_type))
        if rtx is not None:
            chosen.append(PayloadFormat(rtx.payload_type, "rtx", rtx.clock_rate, 1, {"apt": str(item.payload_type)}))
    return chosen


def encodings(formats: list[PayloadFormat]) -> list[Encoding]:
    """The encodings that a list made by ``usable_formats`` or ``offered_formats`` stands for, in its order."""
    apt = {item.parameters.get("apt"): item.payload_type for item in formats if item.name.lower() == "rtx"}
    found = []
    for item in formats:
        codec = _codec(item)
        if codec is not None:
            fragmentable = codec is not Codec.H264 or h264_profile.packetization_mode(item.parameters) == 1
            rtx = apt.get(str(item.payload_type))
            found.append(Encoding(codec, item.payload_type, rtx, frozenset(item.feedback), fragmentable))
    return found


def offered_formats(codec: Codec, payload_type: int, rtx_payload_type: int | None) -> list[PayloadFormat]:
    """How our own offer names a codec."""
    is_audio = codec.kind is MediaKind.AUDIO
    parameters = dict(_OFFERED_PARAMETERS.get(codec, {}))
    feedback = list(AUDIO_FEEDBACK if is_audio else VIDEO_FEEDBACK)
    formats = [PayloadFormat(payload_type, _NAMES[codec], codec.clock_rate, 2 if is_audio else 1, parameters, feedback)]
    if rtx_payload_type is not None:
        formats.append(PayloadFormat(rtx_payload_type, "rtx", codec.clock_rate, 1, {"apt": str(payload_type)}))
    return formats


def _codec(item: PayloadFormat) -> Codec | None:
    return _CODECS.get((item.name.lower(), item.clock_rate))


def _preference(kind: str, item: PayloadFormat) -> int | None:
    codec = _codec(item)
    if codec is None or codec.kind != kind:
        return None
    if codec is Codec.H264:
        return h264_profile.preference(item.parameters)
    if codec in _PROFILE and item.parameters.get(_PROFILE[codec], "0") != "0":
        return None
    return _AFTER_H264


def _answered(kind: str, item: PayloadFormat) -> PayloadFormat:
    ours = AUDIO_FEEDBACK if kind == "audio" else VIDEO_FEEDBACK
    feedback = [name for name in item.feedback if name in ours]
    if kind == "audio":
        # Both are wishes of the author towards the other side, not agreements (RFC 7587 §7).
        return PayloadFormat(
            item.payload_type, item.name, item.clock_rate, 2, {"minptime": "10", "useinbandfec": "1"}, feedback
        )
    codec = _codec(item)
    repeated = _PARAMETERS.get(codec, ()) if codec is not None else ()
    parameters = {name: content for name, content in item.parameters.items() if name in repeated}
    return PayloadFormat(item.payload_type, item.name, item.clock_rate, 1, parameters, feedback)
