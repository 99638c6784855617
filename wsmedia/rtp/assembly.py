"""Putting frames together from packets, as far as VP8, VP9 and AV1 have it in common; each adds its own descriptor.

The rules are those of ``h264.Depacketizer``: packets come in sequence order, a frame ends at its marker bit (or where
the timestamp changes), a gap drops the frame in which it falls, and after a gap a frame is taken only if its first
packet shows that nothing stood before it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from wsmedia.errors import PayloadError
from wsmedia.rtp.packet import RtpPacket
from wsmedia.rtp.payload_format import DepacketizedFrame

DEFAULT_MAX_FRAME_BYTES = 4_000_000
MIN_PAYLOAD = 16
_MAX_PACKETS = 8192
"""Packets of a frame: those of a few octets cost far more memory than they hold."""


class Assembled(NamedTuple):
    """What a format makes of a frame's packets."""

    data: bytes
    keyframe: bool
    discardable: bool = False
    temporal_layer: int = 0


class FrameAssembler(ABC):
    """The state of one stream of frames.

    Args:
        max_frame_bytes: a frame that grows beyond this, or consists of thousands of crumbs, is dropped.

    Attributes:
        frames_dropped: frames of which packets arrived but which were given up.
    """

    def __init__(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES) -> None:
        self.frames_dropped = 0
        self._max_frame_bytes = max_frame_bytes
        self._last_sequence_number: int | None = None
        self._after_loss = False
        self._start_uncertain = False
        # The frame under construction; there is one when _first_packet is set.
        self._first_packet: RtpPacket | None = None
        self._broken = False
        self._size = 0
        self._packets = 0

    @abstractmethod
    def _begin_frame(self) -> None:
        """Forget the frame before."""

    @abstractmethod
    def _add(self, payload: memoryview, *, first: bool, uncertain: bool) -> None:
        """Take the next packet's payload, at least one octet.

        Args:
            first: it is the frame's first packet.
            uncertain: packets were lost before it, so it has to show that the frame begins here.

        Raises:
            PayloadError: it is malformed, does not continue the frame, or does not begin one where it has to.
        """

    @abstractmethod
    def _finish_frame(self) -> Assembled:
        """Give the frame.

        Raises:
            PayloadError: it is not complete.
        """

    def push(self, packet: RtpPacket) -> Sequence[DepacketizedFrame]:
        """Take one packet; never raises: malformed payloads drop the frame that they belong to.

        Args:
            packet: the next in sequence order; one without payload (padding only) just counts as received.

        Returns:
            The frames that are now complete: none or one, two when the end of the one before was not marked.
        """
        last = self._last_sequence_number
        gap = last is None or packet.sequence_number != (last + 1) & 0xFFFF
        if gap:
            if packet.sequence_number == last:
                return ()
            self._after_loss = last is not None
            if self._first_packet is not None:
                self._break()
        self._last_sequence_number = packet.sequence_number
        if not packet.payload:
            # The gap may have swallowed the beginning of a frame: stay uncertain about the next one.
            self._start_uncertain = self._start_uncertain or gap
            return ()
        frames: list[DepacketizedFrame] = []
        if self._first_packet is not None and packet.rtp_timestamp != self._first_packet.rtp_timestamp:
            self._finish(frames)
        first = self._first_packet is None
        if first:
            self._first_packet = packet
            self._broken = False
            self._size = self._packets = 0
            self._start_uncertain = self._start_uncertain or gap
            self._begin_frame()
        if not self._broken:
            self._take(memoryview(packet.payload), first=first)
        if packet.marker:
            self._finish(frames)
        return frames

    def _take(self, payload: memoryview, *, first: bool) -> None:
        self._size += len(payload)
        self._packets += 1
        if self._size > self._max_frame_bytes or self._packets > _MAX_PACKETS:
            self._break()
            return
        try:
            self._add(payload, first=first, uncertain=first and self._start_uncertain)
        except PayloadError:
            self._break()

    def _break(self) -> None:
        """Give the frame up now, so that a keyframe can be asked for; its other packets are skipped."""
        if not self._broken:
            self._broken = True
            self.frames_dropped += 1
            self._begin_frame()

    def _finish(self, frames: list[DepacketizedFrame]) -> None:
        first_packet, self._first_packet = self._first_packet, None
        self._start_uncertain = False
        assembled: Assembled | None = None
        if not self._broken:
            try:
                assembled = self._finish_frame()
            except PayloadError:
                self._break()
        if assembled is None or first_packet is None:
            self._after_loss = True
            return
        frames.append(
            DepacketizedFrame(
                assembled.data,
                first_packet.rtp_timestamp,
                assembled.keyframe,
                assembled.discardable,
                self._after_loss,
                first_packet,
                assembled.temporal_layer,
            )
        )
        self._after_loss = False
        self._begin_frame()


def even_pieces(data: memoryview, max_piece: int) -> list[memoryview]:
    """Cut ``data`` into as few pieces as can be, all of one size but for the last, which is no larger.

    Equal sizes suit UDP_SEGMENT, and a last packet of a few octets would cost as much as any.

    Raises:
        PayloadError: nothing to cut.
    """
    if not data:
        raise PayloadError("a frame has at least one octet")
    count = -(-len(data) // max_piece)
    size = -(-len(data) // count)
    return [data[start : start + size] for start in range(0, len(data), size)]


def check_room(max_payload: int) -> None:
    """Refuse payloads that are too small for a descriptor and some octets.

    Raises:
        PayloadError: ``max_payload`` is below 16.
    """
    if max_payload < MIN_PAYLOAD:
        raise PayloadError(f"{max_payload} octets are too few for a video payload")
