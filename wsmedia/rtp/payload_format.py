"""What every payload format offers: a packetizer, a depacketizer, and the frame that comes out of the latter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from wsmedia.rtp.packet import RtpPacket


@dataclass(slots=True)
class DepacketizedFrame:
    """One access unit of video or one packet of audio, put together from RTP payloads.

    Attributes:
        data: the frame's octets as in ``EncodedFrame``; H.264 with 4-octet start codes.
        rtp_timestamp: as in its packets.
        keyframe: video only: it can be decoded without any other.
        discardable: video only: no other frame refers to it, as far as the format lets one see.
        after_loss: packets were lost between the frame given before and this one; video that is not a keyframe
            may refer to what is missing.
        first_packet: the packet that began the frame, for its header extensions.
    """

    data: bytes
    rtp_timestamp: int
    keyframe: bool
    discardable: bool
    after_loss: bool
    first_packet: RtpPacket
    temporal_layer: int = 0
    """Video only: 0 … 7, as far as the format tells."""


class Packetizer(Protocol):
    """Cuts frames into RTP payloads; stateless but for what the format's RFC demands."""

    def packetize(self, frame_data: bytes | memoryview, max_payload: int) -> list[bytes]:
        """Cut one frame.

        Args:
            frame_data: one access unit of video or one packet of audio.
            max_payload: largest payload in octets, RTP header and extensions excluded; at least 16.

        Returns:
            n ≥ 1 payloads in send order; for video the marker bit belongs on the last.

        Raises:
            PayloadError: nothing to packetize, or ``max_payload`` too small.
        """


class Depacketizer(Protocol):
    """Puts frames together from packets in sequence order (behind a ``ReorderBuffer``).

    Attributes:
        frames_dropped: frames given up so far because packets were missing or malformed. A lost frame of which no
            packet arrived is not counted here; the next frame's ``after_loss`` tells.
    """

    frames_dropped: int

    def push(self, packet: RtpPacket) -> Sequence[DepacketizedFrame]:
        """Take one packet; never raises: malformed payloads drop the frame that they belong to.

        Returns:
            The frames that are now complete: mostly none or one, two when the end of the one before was not marked.
        """
