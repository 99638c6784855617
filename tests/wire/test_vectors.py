"""The shared vectors: what the TypeScript side reads must mean the same here."""

import json
from pathlib import Path

import pytest

from scripts.make_vectors import message_json
from wsmedia.errors import RemoteProtocolError
from wsmedia.wire import WireLimits, decode, encode

VECTORS = Path(__file__).parent.parent / "vectors"
VALID = json.loads((VECTORS / "wire.json").read_text())
INVALID = json.loads((VECTORS / "wire_invalid.json").read_text())


@pytest.mark.parametrize("vector", VALID, ids=lambda vector: vector["name"])
def test_bytes_mean_the_message_and_the_message_makes_the_bytes(vector):
    data = bytes.fromhex(vector["hex"])

    message = decode(data, WireLimits())

    assert message_json(message) == vector["message"]
    if vector["exact"]:
        assert encode(message) == data
    else:
        assert message_json(decode(encode(message), WireLimits())) == vector["message"]


@pytest.mark.parametrize("vector", INVALID["vectors"], ids=lambda vector: vector["name"])
def test_invalid_bytes_are_refused_with_the_code(vector):
    pad = vector.get("pad", {"octet": 0, "count": 0})
    data = bytes.fromhex(vector["hex"]) + bytes([pad["octet"]]) * pad["count"]

    with pytest.raises(RemoteProtocolError) as caught:
        decode(data, WireLimits(**INVALID["limits"]))

    assert caught.value.code == vector["code"]
