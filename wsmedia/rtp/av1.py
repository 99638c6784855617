"""The RTP payload format of AV1 (Alliance for Open Media, version 1.0): temporal units into payloads and back.

In RTP an open bitstream unit (OBU) has no size field, for the packet or the element's length tells; temporal
delimiters are left out. In the tunnel every OBU has its size (low-overhead format, AV1 bitstream specification §5.2),
because that is what decoders take. OBUs are otherwise left untouched.

::

      0 1 2 3 4 5 6 7    Z: the first element continues one of the packet before   Y: the last goes on in the next
     +-+-+-+-+-+-+-+-+   W: so many elements, the last without its length; 0: any number, all with their lengths
     |Z|Y| W |N|-|-|-|   N: a coded video sequence begins here
     +-+-+-+-+-+-+-+-+   then elements: length (LEB128), OBU or a part of one
"""

from __future__ import annotations

from typing import NamedTuple

from wsmedia.errors import PayloadError
from wsmedia.rtp.assembly import Assembled, FrameAssembler, check_room

_CONTINUES = 0x80
_GOES_ON = 0x40
_NEW_SEQUENCE = 0x08
_MAX_ELEMENTS = 3
_MAX_OBUS = 2048
"""In a temporal unit: those of two octets cost a hundred times the memory that they fill."""

_SEQUENCE_HEADER = 1
_TEMPORAL_DELIMITER = 2
_FRAME_HEADER = 3
_FRAME = 6
_TILE_LIST = 8
_PADDING = 15
_NOT_CARRIED = (_TEMPORAL_DELIMITER, _TILE_LIST, _PADDING)

_EXTENSION = 0x04
_HAS_SIZE = 0x02
_MAX_LEB128_BYTES = 8


class _Obu(NamedTuple):
    """One unit without its size field."""

    header: bytes
    content: bytes | memoryview

    @property
    def type(self) -> int:
        return self.header[0] >> 3 & 0xF


def is_keyframe(temporal_unit: bytes | memoryview) -> bool:
    """Whether a temporal unit begins a coded video sequence: a sequence header and a key frame that is shown.

    Args:
        temporal_unit: low-overhead format; what is malformed is no keyframe.
    """
    try:
        return _begins_sequence(_split(memoryview(temporal_unit)))
    except PayloadError:
        return False


def sequence_header(temporal_unit: bytes | memoryview) -> bytes:
    """The sequence header OBU of a keyframe, its size field included, as containers want it for the decoder.

    Raises:
        PayloadError: malformed, or there is none.
    """
    for unit in _split(memoryview(temporal_unit)):
        if unit.type == _SEQUENCE_HEADER:
            return bytes((unit.header[0] | _HAS_SIZE,)) + unit.header[1:] + _leb128(len(unit.content)) + unit.content
    raise PayloadError("no sequence header in the temporal unit")


def _begins_sequence(units: list[_Obu]) -> bool:
    if not any(unit.type == _SEQUENCE_HEADER for unit in units):
        return False
    first = next((unit for unit in units if unit.type in (_FRAME, _FRAME_HEADER)), None)
    # show_existing_frame 0, frame_type KEY_FRAME 00, show_frame 1 (AV1 bitstream specification §5.9.2).
    return first is not None and len(first.content) > 0 and first.content[0] >> 4 == 0b0001


class Packetizer:
    """Cuts AV1 temporal units; keeps no state."""

    def packetize(self, frame_data: bytes | memoryview, max_payload: int) -> list[bytes]:
        """Cut one temporal unit into RTP payloads (RTP Payload Format for AV1 §4).

        Args:
            frame_data: low-overhead format; temporal delimiters, tile lists and padding are left out.
            max_payload: largest payload in octets, RTP header and extensions excluded; at least 16.

        Returns:
            n ≥ 1 payloads in send order, each ≤ max_payload; the marker bit belongs on the last.

        Raises:
            PayloadError: malformed, no OBU to send, or max_payload too small.
        """
        check_room(max_payload)
        units = [unit for unit in _split(memoryview(frame_data)) if unit.type not in _NOT_CARRIED]
        if not units:
            raise PayloadError("no OBU in the temporal unit")
        payloads: list[bytes] = []
        elements: list[bytes] = []
        used = 1
        flags = _NEW_SEQUENCE if _begins_sequence(units) else 0

        def flush(goes_on: int) -> None:
            nonlocal elements, used, flags
            pieces = [bytes((flags | goes_on | len(elements) << 4,))]
            for element in elements[:-1]:
                pieces += (_leb128(len(element)), element)
            payloads.append(b"".join((*pieces, elements[-1])))
            elements, used, flags = [], 1, _CONTINUES if goes_on else 0

        for unit in units:
            rest = memoryview(unit.header + bytes(unit.content))
            while rest:
                # Whoever was the last element needs its length when another follows.
                prefix = len(_leb128(len(elements[-1]))) if elements else 0
                room = max_payload - used - prefix
                if room < 1 or len(elements) == _MAX_ELEMENTS:
                    flush(0)
                    continue
                elements.append(bytes(rest[:room]))
                used += prefix + min(room, len(rest))
                rest = rest[room:]
                if rest:
                    flush(_GOES_ON)
        flush(0)
        return payloads


class Depacketizer(FrameAssembler):
    """Puts AV1 temporal units together; see ``FrameAssembler``.

    After a gap only the beginning of a coded video sequence is taken: nothing else shows that no OBU stood before.
    """

    def _begin_frame(self) -> None:
        self._elements: list[list[memoryview]] = []
        self._open = False

    def _add(self, payload: memoryview, *, first: bool, uncertain: bool) -> None:
        flags = payload[0]
        if bool(flags & _CONTINUES) is not self._open or (uncertain and not flags & _NEW_SEQUENCE):
            raise PayloadError("an OBU continues that never began, or ends in the middle")
        count, position, index = flags >> 4 & 3, 1, 0
        while position < len(payload):
            index += 1
            if index == count:
                size = len(payload) - position
            else:
                size, position = _read_leb128(payload, position)
            if not 0 < size <= len(payload) - position:
                raise PayloadError("an element is empty or cut off")
            piece = payload[position : position + size]
            if self._open:
                self._elements[-1].append(piece)
                self._open = False
            elif len(self._elements) < _MAX_OBUS:
                self._elements.append([piece])
            else:
                raise PayloadError("too many OBUs in the temporal unit")
            position += size
        if index == 0 or (count and index != count):
            raise PayloadError("not as many elements as announced")
        self._open = bool(flags & _GOES_ON)

    def _finish_frame(self) -> Assembled:
        if self._open:
            raise PayloadError("the last OBU is cut off")
        units = [_parse_element(memoryview(b"".join(pieces))) for pieces in self._elements]
        units = [unit for unit in units if unit.type not in _NOT_CARRIED]
        if not units:
            raise PayloadError("no OBU in the temporal unit")
        pieces: list[bytes | memoryview] = []
        for unit in units:
            pieces += (bytes((unit.header[0] | _HAS_SIZE,)) + unit.header[1:], _leb128(len(unit.content)), unit.content)
        keyframe = _begins_sequence(units)
        temporal_layer = max((unit.header[1] >> 5 for unit in units if len(unit.header) > 1), default=0)
        return Assembled(b"".join(pieces), keyframe, False, 0 if keyframe else temporal_layer)


def _parse_element(element: memoryview) -> _Obu:
    """An OBU that fills ``element``, with or without a size field of its own."""
    unit, end = _parse(element, 0)
    if end != len(element):
        raise PayloadError("an element holds more than its OBU")
    return unit


def _split(data: memoryview) -> list[_Obu]:
    """The OBUs of a temporal unit in low-overhead format; the last may lack its size.

    Raises:
        PayloadError: malformed, or thousands of OBUs.
    """
    units: list[_Obu] = []
    position = 0
    while position < len(data):
        unit, position = _parse(data, position)
        units.append(unit)
        if len(units) > _MAX_OBUS:
            raise PayloadError("too many OBUs in the temporal unit")
    return units


def _parse(data: memoryview, position: int) -> tuple[_Obu, int]:
    octet = data[position]
    if octet & 0x80:
        raise PayloadError("an OBU with the forbidden bit")
    header = bytes((octet & ~_HAS_SIZE,))
    position += 1
    if octet & _EXTENSION:
        if position >= len(data):
            raise PayloadError("an OBU's header is cut off")
        header += bytes((data[position],))
        position += 1
    size = len(data) - position
    if octet & _HAS_SIZE:
        size, position = _read_leb128(data, position)
        if size > len(data) - position:
            raise PayloadError("an OBU is cut off")
    return _Obu(header, data[position : position + size]), position + size


def _leb128(value: int) -> bytes:
    """The shortest form (AV1 bitstream specification §4.10.5)."""
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def _read_leb128(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for index in range(_MAX_LEB128_BYTES):
        if position + index >= len(data):
            break
        octet = data[position + index]
        value |= (octet & 0x7F) << 7 * index
        if not octet & 0x80:
            return value, position + index + 1
    raise PayloadError("a length is cut off or too long")
