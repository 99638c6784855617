import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rtp.support import u8, u16
from wsmedia.rtp import header_extensions as extensions
from wsmedia.rtp.header_extensions import ExtensionMap, HeaderExtensions

ALL = ExtensionMap({uri: number for number, uri in enumerate(sorted(extensions.SUPPORTED_URIS), 1)})
texts = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1, max_size=16)
values = st.builds(
    HeaderExtensions,
    mid=st.none() | texts,
    rid=st.none() | texts,
    repaired_rid=st.none() | texts,
    abs_send_time=st.none() | st.integers(0, 0xFFFFFF),
    transport_sequence_number=st.none() | u16,
    audio_level=st.none() | u8,
)


@given(values)
def test_round_trip(value):
    assert ALL.decode(ALL.encode(value)) == value


@given(values)
def test_only_what_was_negotiated_is_written(value):
    only_mid = ExtensionMap({extensions.MID_URI: 4, "urn:unknown": 5})
    assert only_mid.decode(only_mid.encode(value)) == HeaderExtensions(mid=value.mid)
    assert set(only_mid.encode(value)) <= {4}


@given(st.dictionaries(st.integers(1, 15), st.binary(max_size=20)))
def test_damaged_values_are_as_good_as_absent(raw):
    decoded = ALL.decode(raw)
    assert decoded.abs_send_time is None or 0 <= decoded.abs_send_time <= 0xFFFFFF
    assert decoded.audio_level is None or 0 <= decoded.audio_level <= 0xFF


def test_text_must_be_ascii():
    assert extensions.decode_text(b"\xff") is None
    assert extensions.decode_text(b"") is None
    assert extensions.decode_text(b"0") == "0"


def test_abs_send_time_counts_seconds_modulo_64():
    assert extensions.abs_send_time_from_seconds(1.0) == 1 << 18
    assert extensions.abs_send_time_from_seconds(65.5) == int(1.5 * (1 << 18))


@pytest.mark.parametrize(("value", "number"), [(b"\x01\x02", 0x102), (b"\x01\x02\x00\x00", 0x102), (b"\x01", None)])
def test_transport_sequence_number_in_both_versions(value, number):
    assert extensions.decode_transport_sequence_number(value) == number
