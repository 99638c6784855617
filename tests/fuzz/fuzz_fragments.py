"""Fuzz target: fragments of any kind never give anything but a message, a refusal, or nothing.

An input is a row of FRAGMENT messages, each behind two octets of its length; they are decoded, put together block by
block, and what comes out is read as media. The documented rejection is ``RemoteProtocolError``. The input is also cut
and put together again by itself, with as many fragments lost as there is parity.
"""

from __future__ import annotations

import json
from pathlib import Path

from runner import fuzz

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.fec import Assembler, data_count_for, encode_parity, split
from wsmedia.wire import Fragment, WireLimits, decode, decode_media, encode_fragment

VECTORS = Path(__file__).parent.parent / "vectors"
LIMITS = WireLimits(max_message_bytes=100_000, max_frame_bytes=50_000)
REJECTIONS = {CloseCode.MALFORMED, CloseCode.TOO_LARGE}


def assemble(data: bytes) -> None:
    """One input."""
    assemblers: dict[int, Assembler] = {}
    at = 0
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        try:
            _take(data[at + 2 : at + 2 + length], assemblers)
        except RemoteProtocolError as error:
            if error.code not in REJECTIONS:
                raise AssertionError(f"undocumented rejection {error.code}") from error
        at += 2 + length
    if data:
        _there_and_back(data)


def _take(data: bytes, assemblers: dict[int, Assembler]) -> None:
    fragment = decode(data, LIMITS)
    if not isinstance(fragment, Fragment):
        return
    assembler = assemblers.get(fragment.block_number)
    if assembler is None:
        assembler = assemblers[fragment.block_number] = Assembler(fragment.data_count, fragment.message_length)
    assembler.check(fragment.data_count, fragment.message_length)
    message = assembler.add(fragment.index, fragment.payload)
    if message is None:
        return
    assert len(message) == fragment.message_length
    decode_media(message, LIMITS)


def _there_and_back(data: bytes) -> None:
    data_count = data_count_for(len(data), 1 + data[0])
    indices = range(data_count, min(255, data_count + 1 + data[-1] % 8))
    fragments = {
        **dict(enumerate(split(data, data_count))),
        **dict(zip(indices, encode_parity(data, data_count, indices), strict=True)),
    }
    for lost in range(len(indices)):
        fragments.pop((data[lost % len(data)] + lost) % data_count, None)
    assembler = Assembler(data_count, len(data))
    messages = [assembler.add(index, payload) for index, payload in fragments.items()]
    assert [message for message in messages if message is not None] == [data]


def _row(vector: dict[str, object]) -> bytes:
    """The fragments of one vector as an input."""
    length = len(str(vector["message"])) // 2
    parts = [
        encode_fragment(
            int(str(vector["data_count"])), fragment["index"], 1, length, bytes.fromhex(fragment["payload"])
        )
        for fragment in vector["fragments"]  # type: ignore[attr-defined]
    ]
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


CORPUS = [_row(vector) for vector in json.loads((VECTORS / "fec.json").read_text())]


if __name__ == "__main__":
    fuzz(assemble, CORPUS)
