"""Codec negotiation (RFC 3264 §6.1, RFC 6184 §8.2.2, RFC 7587 §7): which payload types of a section we can use, and how
our own offers name them."""

from __future__ import annotations

from dataclasses import dataclass

from wsmedia.media import Codec
from wsmedia.sdp import h264_profile
from wsmedia.sdp.description import MediaSection, PayloadFormat

AUDIO_FEEDBACK = ("nack", "transport-cc")
H264_PARAMETERS = ("level-asymmetry-allowed", "packetization-mode", "profile-level-id")
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
    if codec is Codec.OPUS:
        parameters = {"minptime": "10", "useinbandfec": "1"}
        formats = [PayloadFormat(payload_type, "opus", 48_000, 2, parameters, list(AUDIO_FEEDBACK))]
    else:
        parameters = {
            "level-asymmetry-allowed": "1",
            "packetization-mode": "1",
            "profile-level-id": h264_profile.OFFERED_PROFILE_LEVEL_ID,
        }
        formats = [PayloadFormat(payload_type, "H264", 90_000, 1, parameters, list(VIDEO_FEEDBACK))]
    if rtx_payload_type is not None:
        formats.append(PayloadFormat(rtx_payload_type, "rtx", codec.clock_rate, 1, {"apt": str(payload_type)}))
    return formats


def _codec(item: PayloadFormat) -> Codec | None:
    name = item.name.lower()
    if name == "opus" and item.clock_rate == 48_000:
        return Codec.OPUS
    if name == "h264" and item.clock_rate == 90_000:
        return Codec.H264
    return None


def _preference(kind: str, item: PayloadFormat) -> int | None:
    codec = _codec(item)
    if codec is None or codec.kind != kind:
        return None
    return h264_profile.preference(item.parameters) if codec is Codec.H264 else 0


def _answered(kind: str, item: PayloadFormat) -> PayloadFormat:
    ours = AUDIO_FEEDBACK if kind == "audio" else VIDEO_FEEDBACK
    feedback = [name for name in item.feedback if name in ours]
    if kind == "audio":
        # Both are wishes of the author towards the other side, not agreements (RFC 7587 §7).
        return PayloadFormat(
            item.payload_type, item.name, item.clock_rate, 2, {"minptime": "10", "useinbandfec": "1"}, feedback
        )
    parameters = {name: content for name, content in item.parameters.items() if name in H264_PARAMETERS}
    return PayloadFormat(item.payload_type, item.name, item.clock_rate, 1, parameters, feedback)
