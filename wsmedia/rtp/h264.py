"""The RTP payload format of H.264 (RFC 6184): access units into payloads and back.

Sending uses packetization-mode 1: small NAL units together in STAP-A, large ones cut into FU-A of equal size (which
suits UDP_SEGMENT). Receiving takes what modes 0 and 1 allow: single NAL units, STAP-A and FU-A. Nothing but
start codes is added, removed or remembered: what comes out is what the encoder made.

::

     STAP-A (type 24)                         FU-A (type 28)
    +--------+----------+------+----------+   +--------+-+-+-+-------+-----------+
    |F|NRI|24| size u16 | NAL  | size … … |   |F|NRI|28|S|E|R| Type  | fragment… |
    +--------+----------+------+----------+   +--------+-+-+-+-------+-----------+
"""

from __future__ import annotations

from collections.abc import Sequence

from wsmedia.errors import PayloadError
from wsmedia.rtp.h264_units import (
    ACCESS_UNIT_DELIMITER,
    FU_A,
    FU_START_BIT,
    IDR_SLICE,
    SLICE,
    SPS,
    STAP_A,
    START_CODE,
    begins_access_unit,
    is_discardable,
    is_keyframe,
    join_nals,
    split_nals,
)
from wsmedia.rtp.packet import RtpPacket
from wsmedia.rtp.payload_format import DepacketizedFrame

__all__ = ["Depacketizer", "Packetizer", "is_discardable", "is_keyframe", "join_nals", "split_nals"]

MIN_PAYLOAD = 16
DEFAULT_MAX_FRAME_BYTES = 4_000_000
_MAX_PIECES = 16_384
"""Pieces of a unit, two or three for a packet: those of a few octets cost far more memory than they hold."""
_END_BIT = 0x40
_UNDEFINED_TYPES = (0, 30, 31)  # to be ignored (RFC 6184 §5.2)


class Packetizer:
    """Splits access units in packetization-mode 1; keeps no state."""

    def packetize(self, frame_data: bytes | memoryview, max_payload: int) -> list[bytes]:
        """Split one H.264 access unit into RTP payloads (RFC 6184 §5.6–5.8, packetization-mode 1).

        Args:
            frame_data: Annex B bytes, start codes of 3 or 4 octets; at least one NAL unit.
            max_payload: largest payload in octets, RTP header and extensions excluded; at least 16.

        Returns:
            n ≥ 1 payloads in send order, each ≤ max_payload; the marker bit belongs on the last.

        Raises:
            PayloadError: no NAL unit in the input, more than 2048, or max_payload too small.
        """
        if max_payload < MIN_PAYLOAD:
            raise PayloadError(f"{max_payload} octets are too few for an H.264 payload")
        # Types from 24 on are unspecified in a byte stream but mean aggregates and fragments in RTP (RFC 6184 §5.2).
        units = [unit for unit in split_nals(frame_data) if 0 < unit[0] & 0x1F < STAP_A]
        if not units:
            raise PayloadError("no NAL unit in the access unit")
        payloads: list[bytes] = []
        waiting: list[memoryview] = []
        waiting_size = 1
        for unit in units:
            size = len(unit)
            if waiting and waiting_size + 2 + size > max_payload:
                payloads.append(_aggregate(waiting))
                waiting = []
                waiting_size = 1
            if size > max_payload:
                _fragment(unit, max_payload, payloads)
            else:
                waiting.append(unit)
                waiting_size += 2 + size
        if waiting:
            payloads.append(_aggregate(waiting))
        return payloads


def _aggregate(units: list[memoryview]) -> bytes:
    """One NAL unit as it is, several as STAP-A (RFC 6184 §5.7.1): F is the OR, NRI the highest of theirs."""
    if len(units) == 1:
        return bytes(units[0])
    forbidden = 0
    importance = 0
    pieces: list[bytes | memoryview] = [b""]
    for unit in units:
        octet = unit[0]
        forbidden |= octet & 0x80
        importance = max(importance, octet & 0x60)
        pieces.append(len(unit).to_bytes(2))
        pieces.append(unit)
    pieces[0] = bytes((forbidden | importance | STAP_A,))
    return b"".join(pieces)


def _fragment(unit: memoryview, max_payload: int, payloads: list[bytes]) -> None:
    """Cut one NAL unit into FU-A (RFC 6184 §5.8), all of one size but for the last, which is no larger."""
    octet = unit[0]
    indicator = octet & 0xE0 | FU_A
    unit_type = octet & 0x1F
    content = len(unit) - 1
    count = -(-content // (max_payload - 2))
    size = -(-content // count)
    prefix = bytes((indicator, unit_type | FU_START_BIT))
    middle = bytes((indicator, unit_type))
    position = 1
    last = len(unit) - size
    while position < last:
        payloads.append(prefix + unit[position : position + size])
        prefix = middle
        position += size
    payloads.append(bytes((indicator, unit_type | _END_BIT)) + unit[position:])


class Depacketizer:
    """Puts access units together (RFC 6184 §7.1 without interleaving).

    A unit is complete at its marker bit, or, for senders that never set it, when the timestamp changes. Packets come in
    sequence order; a gap drops the unit in which it falls. After a gap, a unit is taken only if its first packet
    shows that nothing stood before it.

    Args:
        max_frame_bytes: a unit that grows beyond this, or consists of thousands of crumbs, is dropped.

    Attributes:
        frames_dropped: units of which packets arrived but which were given up.
    """

    __slots__ = (
        "_after_loss",
        "_broken",
        "_delimited",
        "_first_packet",
        "_fragmenting",
        "_has_parameters",
        "_has_slices",
        "_importance",
        "_keyframe",
        "_keyframes_carry_parameters",
        "_last_sequence_number",
        "_max_frame_bytes",
        "_pieces",
        "_rtp_timestamp",
        "_size",
        "_start_uncertain",
        "frames_dropped",
    )

    def __init__(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES) -> None:
        self.frames_dropped = 0
        self._max_frame_bytes = max_frame_bytes
        self._last_sequence_number: int | None = None
        self._after_loss = False
        # What this sender's units begin with, to judge by after a gap.
        self._keyframes_carry_parameters = False
        self._delimited = False
        # The unit under construction; there is one when _first_packet is set.
        self._first_packet: RtpPacket | None = None
        self._pieces: list[bytes | memoryview] = []
        self._rtp_timestamp = 0
        self._size = 0
        self._importance = 0
        self._broken = self._fragmenting = self._keyframe = self._has_slices = self._has_parameters = False
        self._start_uncertain = False

    def push(self, packet: RtpPacket) -> Sequence[DepacketizedFrame]:
        """Take one packet; never raises: malformed payloads drop the unit that they belong to.

        Args:
            packet: the next in sequence order; one without payload (padding only) just counts as received.

        Returns:
            The units that are now complete: none or one, two when the end of the unit before was not marked.
        """
        last = self._last_sequence_number
        sequence_number = packet.sequence_number
        gap = last is None or sequence_number != (last + 1) & 0xFFFF
        if gap:
            if sequence_number == last:
                return ()
            self._after_loss = last is not None
            if self._first_packet is not None:
                self._break()
        self._last_sequence_number = sequence_number
        payload = packet.payload
        if not payload:
            # The gap may have swallowed the beginning of a unit: stay uncertain about the next one.
            self._start_uncertain = self._start_uncertain or gap
            return ()
        before: DepacketizedFrame | None = None
        if self._first_packet is not None and packet.rtp_timestamp != self._rtp_timestamp:
            if self._has_slices or self._broken or self._fragmenting:
                before = self._finish()
            else:
                self._rtp_timestamp = packet.rtp_timestamp
        if self._first_packet is None:
            self._begin(packet, gap or self._start_uncertain)
        if not self._broken:
            self._add(payload)
        # A sender may mark parameter sets that precede a picture; a unit without a slice is not one yet.
        frame = self._finish() if packet.marker and (self._has_slices or self._broken) else None
        if before is None:
            return () if frame is None else (frame,)
        return (before,) if frame is None else (before, frame)

    def _begin(self, packet: RtpPacket, uncertain: bool) -> None:
        self._first_packet = packet
        self._rtp_timestamp = packet.rtp_timestamp
        self._pieces = []
        self._size = self._importance = 0
        self._broken = self._fragmenting = self._keyframe = self._has_slices = self._has_parameters = False
        self._start_uncertain = uncertain
        if uncertain and not begins_access_unit(packet.payload, self._delimited):
            self._break()

    def _break(self) -> None:
        """Give the unit up now, so that a keyframe can be asked for; its other packets are skipped."""
        if not self._broken:
            self._broken = True
            self.frames_dropped += 1
            self._pieces = []

    def _finish(self) -> DepacketizedFrame | None:
        first_packet = self._first_packet
        # After a gap, a keyframe without the parameter sets that this sender's keyframes have has lost its beginning.
        if self._fragmenting or (
            self._keyframe and self._start_uncertain and not self._has_parameters and self._keyframes_carry_parameters
        ):
            self._break()
        self._first_packet = None
        self._start_uncertain = False
        if self._broken or first_packet is None:
            self._after_loss = True
            return None
        if self._keyframe:
            self._keyframes_carry_parameters = self._has_parameters
        self._delimited = self._pieces[1][0] & 0x1F == ACCESS_UNIT_DELIMITER
        frame = DepacketizedFrame(
            b"".join(self._pieces),
            self._rtp_timestamp,
            self._keyframe,
            self._importance == 0,
            self._after_loss,
            first_packet,
        )
        self._pieces = []
        self._after_loss = False
        return frame

    def _add(self, payload: bytes | memoryview) -> None:
        size = self._size = self._size + len(payload)
        if size > self._max_frame_bytes or len(self._pieces) > _MAX_PIECES:
            self._break()
            return
        unit_type = payload[0] & 0x1F
        if unit_type == FU_A:
            self._add_fragment(payload)
        elif self._fragmenting:
            self._break()
        elif unit_type == STAP_A:
            self._add_aggregate(payload)
        elif 0 < unit_type < STAP_A:
            self._note(payload[0])
            self._pieces += (START_CODE, payload)
        elif unit_type not in _UNDEFINED_TYPES:
            self._break()  # STAP-B, MTAP and FU-B belong to the interleaved mode, which is never negotiated

    def _add_fragment(self, payload: bytes | memoryview) -> None:
        if len(payload) < 2:
            self._break()
            return
        flags = payload[1]
        if flags & FU_START_BIT:
            octet = payload[0] & 0xE0 | flags & 0x1F
            if self._fragmenting or not 0 < octet & 0x1F < STAP_A:
                self._break()
                return
            self._note(octet)
            self._pieces += (START_CODE, bytes((octet,)), payload[2:])
            self._fragmenting = not flags & _END_BIT
        elif self._fragmenting:
            self._pieces.append(payload[2:])
            self._fragmenting = not flags & _END_BIT
        else:
            self._break()

    def _add_aggregate(self, payload: bytes | memoryview) -> None:
        position = 1
        total = len(payload)
        while position < total:
            start = position + 2
            if start >= total:
                self._break()
                return
            position = start + (payload[start - 2] << 8 | payload[start - 1])
            if not start < position <= total or not 0 < payload[start] & 0x1F < STAP_A:
                self._break()
                return
            self._note(payload[start])
            self._pieces += (START_CODE, payload[start:position])

    def _note(self, octet: int) -> None:
        """Learn what a unit's first octet tells about the access unit."""
        unit_type = octet & 0x1F
        if SLICE <= unit_type <= IDR_SLICE:
            self._has_slices = True
            self._importance |= octet & 0x60
            if unit_type == IDR_SLICE:
                self._keyframe = True
        elif unit_type == SPS:
            self._has_parameters = True
