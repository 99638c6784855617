"""H.264 NAL units: cutting an Annex B byte stream, and what a unit's first octets tell (ITU-T H.264 §7.3.1, annex B).

::

    +---------------+
    |0|1|2|3|4|5|6|7|
    +-+-+-+-+-+-+-+-+
    |F|NRI|  Type   |   F forbidden_zero_bit, NRI nal_ref_idc
    +---------------+
"""

from __future__ import annotations

from collections.abc import Iterable

from wsmedia.errors import PayloadError

MAX_UNITS = 2048
SLICE = 1
SLICE_PARTITION_A = 2
SLICE_PARTITION_C = 4
IDR_SLICE = 5
SEI = 6
SPS = 7
PPS = 8
ACCESS_UNIT_DELIMITER = 9
STAP_A = 24
FU_A = 28
FU_START_BIT = 0x80

START_CODE = b"\x00\x00\x00\x01"
_SHORT_START_CODE = b"\x00\x00\x01"


def split_nals(access_unit: bytes | memoryview) -> list[memoryview]:
    """Cut an Annex B byte stream into its NAL units (ITU-T H.264 annex B.1).

    Args:
        access_unit: start codes of 3 or 4 octets; zero octets around NAL units are allowed and removed.

    Returns:
        Views of the units without start codes, in order; empty when there is none. Octets before the first start code
        are ignored.

    Raises:
        PayloadError: more than 2048 units: no picture has so many, and each costs time.
    """
    data = access_unit if isinstance(access_unit, bytes) else bytes(access_unit)
    view = memoryview(data)
    return [view[start:end] for start, end in _bounds(data)]


def join_nals(units: Iterable[bytes | memoryview]) -> bytes:
    """Write NAL units as an Annex B byte stream with 4-octet start codes."""
    return b"".join([piece for unit in units for piece in (START_CODE, unit)])


def is_keyframe(access_unit: bytes | memoryview) -> bool:
    """Whether an Annex B access unit holds an IDR slice.

    Raises:
        PayloadError: more than 2048 units.
    """
    data = access_unit if isinstance(access_unit, bytes) else bytes(access_unit)
    return any(data[start] & 0x1F == IDR_SLICE for start, _ in _bounds(data))


def is_discardable(access_unit: bytes | memoryview) -> bool:
    """Whether no other picture refers to this one: it has slices and all have nal_ref_idc 0.

    Raises:
        PayloadError: more than 2048 units.
    """
    data = access_unit if isinstance(access_unit, bytes) else bytes(access_unit)
    slices = [data[start] for start, _ in _bounds(data) if SLICE <= data[start] & 0x1F <= IDR_SLICE]
    return bool(slices) and all(octet & 0x60 == 0 for octet in slices)


def begins_access_unit(payload: bytes | memoryview, delimited: bool = False) -> bool:
    """Whether nothing of an access unit can stand before this RTP payload: judged by its first NAL unit.

    Delimiters, parameter sets and SEI precede slices (ITU-T H.264 §7.4.1.2.3); of the slices, the first has
    first_mb_in_slice 0, an Exp-Golomb code of the single bit 1 (§7.3.3). With ``delimited``, only a delimiter will do.
    """
    unit_type = payload[0] & 0x1F
    start = 0
    if unit_type == STAP_A:
        start = 3
    elif unit_type == FU_A:
        if len(payload) < 3 or not payload[1] & FU_START_BIT:
            return False
        start = 1
    if len(payload) < start + 2:
        return False
    unit_type = payload[start] & 0x1F
    if delimited:
        return unit_type == ACCESS_UNIT_DELIMITER
    if unit_type in (SLICE, SLICE_PARTITION_A, IDR_SLICE):
        return payload[start + 1] & 0x80 != 0
    return unit_type >= SEI


def _bounds(data: bytes) -> list[tuple[int, int]]:
    """Where the units of a byte stream begin and end."""
    bounds: list[tuple[int, int]] = []
    position = data.find(_SHORT_START_CODE)
    while position >= 0:
        start = position + 3
        position = data.find(_SHORT_START_CODE, start)
        end = len(data) if position < 0 else position
        # A NAL unit never ends in a zero octet (§7.4.1): these are trailing_zero_8bits or a 4-octet start code's.
        if data[end - 1] == 0:
            end = start + len(data[start:end].rstrip(b"\0"))
        if end > start:
            if len(bounds) == MAX_UNITS:
                raise PayloadError(f"an access unit of more than {MAX_UNITS} NAL units")
            bounds.append((start, end))
    return bounds
