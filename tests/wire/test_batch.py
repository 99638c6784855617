"""Messages in bodies of HTTP: whatever way the octets are cut, the same messages come out."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.wire import BatchReader, delimit

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "batch.json").read_text())
LIMIT = 1000


@given(st.lists(st.binary(min_size=1, max_size=LIMIT), max_size=20), st.data())
def test_messages_come_out_as_they_went_in_however_they_are_cut(messages: list[bytes], data: st.DataObject) -> None:
    octets = b"".join(map(delimit, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=20)))
    reader = BatchReader(LIMIT)
    found = []
    for begin, end in pairwise([0, *cuts, len(octets)]):
        found += reader.read(octets[begin:end])
    assert found == messages
    assert reader.is_empty


@pytest.mark.parametrize("vector", VECTORS["valid"], ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, list[str]]) -> None:
    reader = BatchReader(VECTORS["max_message_bytes"])
    found = [message for body in vector["bodies"] for message in reader.read(bytes.fromhex(body))]
    assert [message.hex() for message in found] == vector["messages"]


@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=lambda vector: vector["name"])
def test_what_is_refused(vector: dict[str, str]) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        BatchReader(VECTORS["max_message_bytes"]).read(bytes.fromhex(vector["body"]))
    assert caught.value.code == CloseCode(int(vector["code"]))
