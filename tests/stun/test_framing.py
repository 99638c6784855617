"""A TCP stream of STUN messages and ChannelData: however it is cut on the way, the same comes out."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.errors import StunError
from wsmedia.stun import MAX_UNIT, Attribute, Deframer, Message, MessageClass, Method, begins_stun, channel_data

stun_messages = st.binary(max_size=200).map(
    lambda data: Message(Method.SEND, MessageClass.INDICATION, bytes(12), [(Attribute.DATA, data)]).write()
)
channel_units = st.tuples(st.integers(0x4000, 0x4FFF), st.binary(max_size=200)).map(lambda pair: channel_data(*pair))


def without_padding(unit: bytes) -> bytes:
    return unit if unit[0] < 4 else unit[: 4 + int.from_bytes(unit[2:4])]


@given(st.lists(stun_messages | channel_units, max_size=8), st.lists(st.integers(0, 1600), max_size=12))
def test_units_come_out_whole_wherever_the_stream_is_cut(units: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(units)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    deframer = Deframer()
    out = [unit for start, end in itertools.pairwise(edges) if end > start for unit in deframer.push(stream[start:end])]
    assert out == [without_padding(unit) for unit in units]
    assert not deframer.is_within_unit


def test_it_knows_that_a_unit_is_incomplete() -> None:
    deframer = Deframer()
    unit = channel_data(0x4001, b"12345")
    assert deframer.push(unit[:-1]) == []
    assert deframer.is_within_unit
    assert deframer.push(unit[-1:] + unit[:1]) == [b"\x40\x01\x00\x0512345"]
    assert deframer.is_within_unit


@pytest.mark.parametrize("first", [4, 0x3F, 0x80, 0xFF])
def test_other_beginnings_end_the_stream(first: int) -> None:
    deframer = Deframer()
    deframer.push(channel_data(0x4000, b""))
    with pytest.raises(StunError, match="neither"):
        deframer.push(bytes((first,)))


def test_too_large_a_unit_is_refused_by_its_header() -> None:
    assert Deframer().push(b"\x40\x00" + (MAX_UNIT - 4).to_bytes(2)) == []
    with pytest.raises(StunError, match=f"more than {MAX_UNIT} octets"):
        Deframer().push(b"\x40\x00" + (MAX_UNIT - 3).to_bytes(2))
    with pytest.raises(StunError, match=f"more than {MAX_UNIT} octets"):
        Deframer().push(b"\x00\x01\xff\xfc")


def test_http_begins_with_a_letter() -> None:
    assert all(begins_stun(first) for first in range(4))
    assert not any(begins_stun(first) for first in [*b"GETPOSTHEADDELETEOPTIONSPATCH\r\n", 22, 64])
