"""The header extensions that matter to an SFU: their URIs, the negotiated ids, and their values on the wire.

``ExtensionMap`` is what negotiation hands to senders and receivers; ``encode_*`` and ``decode_*`` convert single
values. Decoders give None for values of the wrong size: a damaged hint is no reason to lose media.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID_URI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
AUDIO_LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

SUPPORTED_URIS = frozenset((MID_URI, RID_URI, REPAIRED_RID_URI, ABS_SEND_TIME_URI, TRANSPORT_CC_URI, AUDIO_LEVEL_URI))

UNKNOWN_AUDIO_LEVEL = 127


@dataclass(frozen=True, slots=True)
class HeaderExtensions:
    """The values of one packet's extensions; None for what is absent, not negotiated or damaged."""

    mid: str | None = None
    rid: str | None = None
    repaired_rid: str | None = None
    abs_send_time: int | None = None
    transport_sequence_number: int | None = None
    audio_level: int | None = None


class ExtensionMap:
    """Which id stands for which extension in one media section.

    Args:
        ids: URI → id (1 … 14, or up to 255 in two-byte form) as negotiated; unknown URIs are kept but unused.

    Attributes:
        mid, rid, repaired_rid, abs_send_time, transport_cc, audio_level: the id, or None when not negotiated.
    """

    __slots__ = ("abs_send_time", "audio_level", "ids", "mid", "repaired_rid", "rid", "transport_cc")

    def __init__(self, ids: Mapping[str, int] | None = None) -> None:
        self.ids: dict[str, int] = dict(ids or {})
        self.mid = self.ids.get(MID_URI)
        self.rid = self.ids.get(RID_URI)
        self.repaired_rid = self.ids.get(REPAIRED_RID_URI)
        self.abs_send_time = self.ids.get(ABS_SEND_TIME_URI)
        self.transport_cc = self.ids.get(TRANSPORT_CC_URI)
        self.audio_level = self.ids.get(AUDIO_LEVEL_URI)

    def decode(self, extensions: dict[int, bytes]) -> HeaderExtensions:
        """Give the values of a parsed packet's ``extensions`` their names and types.

        For the hot path, look up a single id and call its decoder instead.
        """

        def value(extension_id: int | None) -> bytes | None:
            return None if extension_id is None else extensions.get(extension_id)

        return HeaderExtensions(
            mid=decode_text(value(self.mid)),
            rid=decode_text(value(self.rid)),
            repaired_rid=decode_text(value(self.repaired_rid)),
            abs_send_time=decode_abs_send_time(value(self.abs_send_time)),
            transport_sequence_number=decode_transport_sequence_number(value(self.transport_cc)),
            audio_level=decode_audio_level(value(self.audio_level)),
        )

    def encode(self, values: HeaderExtensions) -> dict[int, bytes]:
        """Write the values that are set and negotiated, as ``RtpPacket.extensions`` wants them."""
        extensions: dict[int, bytes] = {}
        if self.transport_cc is not None and values.transport_sequence_number is not None:
            extensions[self.transport_cc] = encode_transport_sequence_number(values.transport_sequence_number)
        if self.abs_send_time is not None and values.abs_send_time is not None:
            extensions[self.abs_send_time] = encode_abs_send_time(values.abs_send_time)
        if self.audio_level is not None and values.audio_level is not None:
            extensions[self.audio_level] = encode_audio_level(values.audio_level)
        if self.mid is not None and values.mid is not None:
            extensions[self.mid] = encode_text(values.mid)
        if self.rid is not None and values.rid is not None:
            extensions[self.rid] = encode_text(values.rid)
        if self.repaired_rid is not None and values.repaired_rid is not None:
            extensions[self.repaired_rid] = encode_text(values.repaired_rid)
        return extensions


def encode_text(text: str) -> bytes:
    """Write a MID or RID (RFC 7941 §4.1, RFC 8852, RFC 8843 §15)."""
    return text.encode("ascii")


def decode_text(value: bytes | None) -> str | None:
    """Read a MID or RID; None when absent, empty or not ASCII."""
    if not value:
        return None
    try:
        return value.decode("ascii")
    except UnicodeDecodeError:
        return None


def abs_send_time_from_seconds(seconds: float) -> int:
    """Turn any steady clock's seconds into abs-send-time: 24 bits, 6.18 fixed point, wraps every 64 s."""
    return int(seconds * 262144.0) & 0xFFFFFF


def encode_abs_send_time(abs_send_time: int) -> bytes:
    """Write 24 bits of 6.18 fixed-point seconds."""
    return abs_send_time.to_bytes(3)


def decode_abs_send_time(value: bytes | None) -> int | None:
    """Read 24 bits of 6.18 fixed-point seconds; None when absent or of another size."""
    return int.from_bytes(value) if value is not None and len(value) == 3 else None


def encode_transport_sequence_number(sequence_number: int) -> bytes:
    """Write the 16-bit transport-wide sequence number."""
    return sequence_number.to_bytes(2)


def decode_transport_sequence_number(value: bytes | None) -> int | None:
    """Read the 16-bit transport-wide sequence number; the longer v2 form is accepted, its request ignored."""
    return value[0] << 8 | value[1] if value is not None and len(value) in (2, 4) else None


def encode_audio_level(audio_level: int) -> bytes:
    """Write the RFC 6464 octet: voice activity in bit 7, -dBov in the rest."""
    return bytes((audio_level,))


def decode_audio_level(value: bytes | None) -> int | None:
    """Read the RFC 6464 octet; the two-byte form may carry more octets (RFC 6464 §3), only the first counts."""
    return value[0] if value else None
