"""The RTP payload format of Opus (RFC 7587): a payload is a packet, nothing is added."""

from __future__ import annotations

from collections.abc import Sequence

from wsmedia.errors import PayloadError
from wsmedia.rtp.packet import RtpPacket
from wsmedia.rtp.payload_format import DepacketizedFrame
from wsmedia.rtp.wraparound import sequence_difference


class Packetizer:
    """Puts one Opus packet into one RTP payload (RFC 7587 §4.2)."""

    def packetize(self, frame_data: bytes | memoryview, max_payload: int) -> list[bytes]:
        """Give the packet as the only payload; Opus packets are never fragmented.

        Args:
            frame_data: one Opus packet (RFC 6716), at least one octet.
            max_payload: largest payload in octets.

        Raises:
            PayloadError: empty, or larger than ``max_payload``.
        """
        if not frame_data:
            raise PayloadError("an Opus packet has at least one octet")
        if len(frame_data) > max_payload:
            raise PayloadError(f"an Opus packet of {len(frame_data)} octets does not fit into {max_payload}")
        return [frame_data if isinstance(frame_data, bytes) else bytes(frame_data)]


class Depacketizer:
    """Gives each payload as a frame at once; tells of gaps in the sequence numbers.

    Attributes:
        frames_dropped: always 0; what does not arrive cannot be dropped.
    """

    __slots__ = ("_last_sequence_number", "frames_dropped")

    def __init__(self) -> None:
        self.frames_dropped = 0
        self._last_sequence_number: int | None = None

    def push(self, packet: RtpPacket) -> Sequence[DepacketizedFrame]:
        """Take one packet and give its frame; packets without payload (padding only) give none."""
        last = self._last_sequence_number
        ahead = 1 if last is None else sequence_difference(packet.sequence_number, last)
        if ahead > 0:
            self._last_sequence_number = packet.sequence_number
        if not packet.payload:
            return ()
        return (DepacketizedFrame(bytes(packet.payload), packet.rtp_timestamp, False, False, ahead > 1, packet),)
