"""FRAGMENT: a part of one VIDEO or AUDIO message, or parity of its parts (PROTOCOL.md §3.8).

As hot as the messages it carries: one ``struct`` call each way, and the payload of a received fragment is a view. What
fragments say together is ``fec``'s business; here each one is held against what it says of itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from wsmedia.errors import CloseCode, RemoteProtocolError

FRAGMENT = 0x0A
MAX_DATA_COUNT = 200
MAX_PARITY_COUNT = 32
"""More parity would cost too much to decode."""

# type, data count, index, reserved, block number, message length
_HEADER = Struct("!BBBBII")
FRAGMENT_HEADER_BYTES = _HEADER.size


@dataclass(slots=True)
class Fragment:
    """One fragment of the block ``block_number``, a message of ``message_length`` octets in ``data_count`` parts.

    ``index`` is below ``data_count`` for the message's own octets, and at least that for parity.
    """

    data_count: int
    index: int
    block_number: int
    message_length: int
    payload: bytes | memoryview


def encode_fragment(
    data_count: int, index: int, block_number: int, message_length: int, payload: bytes | memoryview
) -> bytes:
    """Make a FRAGMENT: 12 octets of header and the payload.

    Args:
        data_count: 1 … 200, such that the last part is not empty (``fec.data_count_for`` gives such numbers).
        index: below ``data_count`` + ``MAX_PARITY_COUNT``.
        block_number: 0 … 2³²-1.
        message_length: octets of the message that is cut.
        payload: what ``fec.split`` or ``fec.encode_parity`` gave for this index.
    """
    return b"".join((_HEADER.pack(FRAGMENT, data_count, index, 0, block_number, message_length), payload))


def decode_fragment(data: bytes, max_message_bytes: int) -> Fragment:
    """Read a FRAGMENT; its payload is a ``memoryview`` of ``data``.

    Raises:
        RemoteProtocolError: too short, a count or index out of range, a last part that would be empty, or a payload
            whose size is not that of its index (``malformed``); a message over ``max_message_bytes`` (``too_large``).
    """
    if len(data) <= FRAGMENT_HEADER_BYTES:
        raise RemoteProtocolError("FRAGMENT without payload")
    _, data_count, index, _, block_number, length = _HEADER.unpack_from(data)
    if not 1 <= data_count <= MAX_DATA_COUNT or index >= data_count + MAX_PARITY_COUNT:
        raise RemoteProtocolError("FRAGMENT with an impossible count or index")
    if length > max_message_bytes:
        raise RemoteProtocolError("message in fragments over the limit", CloseCode.TOO_LARGE)
    size = -(-length // data_count)
    last_size = length - (data_count - 1) * size
    if last_size <= 0:
        raise RemoteProtocolError("FRAGMENT of a message that is too short for so many")
    if len(data) - FRAGMENT_HEADER_BYTES != (last_size if index == data_count - 1 else size):
        raise RemoteProtocolError("FRAGMENT of a wrong size")
    return Fragment(data_count, index, block_number, length, memoryview(data)[FRAGMENT_HEADER_BYTES:])
