"""From a codec to its payload format; adding a codec means adding a file and two lines here."""

from __future__ import annotations

from wsmedia.media import Codec
from wsmedia.rtp import h264, opus
from wsmedia.rtp.payload_format import DepacketizedFrame, Depacketizer, Packetizer

__all__ = ["DepacketizedFrame", "Depacketizer", "Packetizer", "depacketizer", "packetizer"]


def packetizer(codec: Codec) -> Packetizer:
    """Make a packetizer for ``codec``."""
    return h264.Packetizer() if codec is Codec.H264 else opus.Packetizer()


def depacketizer(codec: Codec) -> Depacketizer:
    """Make a depacketizer for ``codec``."""
    return h264.Depacketizer() if codec is Codec.H264 else opus.Depacketizer()
