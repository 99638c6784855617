"""From a codec to its payload format; adding a codec means adding a file and two lines here."""

from __future__ import annotations

from collections.abc import Callable

from wsmedia.media import Codec
from wsmedia.rtp import av1, h264, opus, vp8, vp9
from wsmedia.rtp.payload_format import DepacketizedFrame, Depacketizer, Packetizer

__all__ = ["DepacketizedFrame", "Depacketizer", "Packetizer", "depacketizer", "packetizer"]

_PACKETIZERS: dict[Codec, Callable[[], Packetizer]] = {
    Codec.OPUS: opus.Packetizer,
    Codec.H264: h264.Packetizer,
    Codec.VP8: vp8.Packetizer,
    Codec.VP9: vp9.Packetizer,
    Codec.AV1: av1.Packetizer,
}
_DEPACKETIZERS: dict[Codec, Callable[[], Depacketizer]] = {
    Codec.OPUS: opus.Depacketizer,
    Codec.H264: h264.Depacketizer,
    Codec.VP8: vp8.Depacketizer,
    Codec.VP9: vp9.Depacketizer,
    Codec.AV1: av1.Depacketizer,
}


def packetizer(codec: Codec) -> Packetizer:
    """Make a packetizer for ``codec``."""
    return _PACKETIZERS[codec]()


def depacketizer(codec: Codec) -> Depacketizer:
    """Make a depacketizer for ``codec``."""
    return _DEPACKETIZERS[codec]()
