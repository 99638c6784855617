"""H.264 NAL units: cutting an Annex B byte stream, and what a unit's first octets tell (ITU-T H.264 §7.3.1, annex B).

::

    +---------------+
    |0|1|2|3|4|5|6|7|
    +-+-+-+-+-+-+-+-+
    |F|NRI|  Type   |   F forbidden_zero_bit, NRI nal_ref_idc
    +---------------+
"""

from __future__ import annotations

SLICE = 1
SLICE_PARTITION_A = 2
SLICE_PARTITION_C = 4
IDR_SLICE = 5
SEI = 6
SPS = 7
PPS = 8
ACCESS_UNIT_DELIMITER = 9

START_CODE = b"\x00\x00\x00\x01"
_SHORT_START_CODE = b"\x00\x00\x01"


def split_nals(access_unit: bytes | memoryview) -> list[memoryview]:
    """Cut an Annex B byte stream into its NAL units (ITU-T H.264 annex B.1).

    Args:
        access_unit: start codes of 3 or 4 octets; zero octets around NAL units are allowed and removed.

    Returns:
        Views of the units without start codes, in order; empty when there is none. Octets before the first start code
        are ignored.
    """
    data = access_unit if isinstance(access_unit, bytes) else bytes(access_unit)
    view = memoryview(data)
    find = data.find
    units: list[memoryview] = []
    position = find(_SHORT_START_CODE)
    while position >= 0:
        start = position + 3
        position = find(_SHORT_START_CODE, start)
        end = len(data) if position < 0 else position
        # A NAL unit never ends in a zero octet (§7.4.1): these are trailing_zero_8bits or a 4-octet start code's.
        while end > start and data[end - 1] == 0:
            end -= 1
        if end > start:
            units.append(view[start:end])
    return units


def join_nals(units: list[bytes | memoryview]) -> bytes:
    """Write NAL units as an Annex B byte stream with 4-octet start codes."""
    return b"".join([piece for unit in units for piece in (START_CODE, unit)])


def is_keyframe(access_unit: bytes | memoryview) -> bool:
    """Whether an Annex B access unit holds an IDR slice."""
    return any(unit[0] & 0x1F == IDR_SLICE for unit in split_nals(access_unit))


def is_discardable(access_unit: bytes | memoryview) -> bool:
    """Whether no other picture refers to this one: it has slices and all have nal_ref_idc 0."""
    slices = [unit[0] for unit in split_nals(access_unit) if SLICE <= unit[0] & 0x1F <= IDR_SLICE]
    return bool(slices) and all(octet & 0x60 == 0 for octet in slices)
