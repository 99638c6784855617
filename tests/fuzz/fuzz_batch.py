"""Fuzz target: uploads of an HTTP lane, in any order and of any octets, give messages or a refusal.

An input is a row of uploads: three octets of offset, one of length, and the body. The documented rejections are
``UploadGapError`` (the upload is ignored) and ``RemoteProtocolError`` (the lane is over).
"""

from __future__ import annotations

from runner import fuzz

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.transport.upload_order import MAX_AHEAD_BYTES, UploadGapError, UploadOrder
from wsmedia.wire import BatchReader, delimit

LIMIT = 200


def upload(data: bytes) -> None:
    """One input."""
    order = UploadOrder()
    reader = BatchReader(LIMIT)
    taken = bytearray()
    at = 0
    while at + 4 <= len(data):
        offset = int.from_bytes(data[at : at + 3])
        body = data[at + 4 : at + 4 + data[at + 3]]
        at += 4 + data[at + 3]
        try:
            octets = order.take(offset, body)
        except UploadGapError:
            assert offset > len(taken)
            continue
        assert not octets or offset <= len(taken), "octets that are not next"
        taken += octets
        assert len(taken) < MAX_AHEAD_BYTES + offset + len(body) + 1
        try:
            messages = reader.read(octets)
        except RemoteProtocolError as error:
            if error.code not in {CloseCode.MALFORMED, CloseCode.TOO_LARGE}:
                raise AssertionError(f"undocumented rejection {error.code}") from error
            return
        assert all(0 < len(message) <= LIMIT for message in messages)


def _upload(offset: int, body: bytes) -> bytes:
    return offset.to_bytes(3) + bytes([len(body)]) + body


_ROW = b"".join(delimit(bytes([number]) * number) for number in range(1, 9))
CORPUS = [
    _upload(0, _ROW),
    _upload(0, _ROW[:20]) + _upload(20, _ROW[20:]),
    _upload(20, _ROW[20:]) + _upload(0, _ROW[:20]) + _upload(0, _ROW[:30]),
    _upload(10, _ROW[10:30]) + _upload(20, _ROW[20:40]) + _upload(0, _ROW[:15]) + _upload(40, _ROW[40:]),
]


if __name__ == "__main__":
    fuzz(upload, CORPUS)
