"""Messages in the bodies of HTTP requests and responses (PROTOCOL.md §2.2): each is preceded by its length.

The bodies of one direction, one behind the other, are one row of messages; where a body ends says nothing, so a proxy
may cut them as it likes. HTTP lanes of gateway and client read and write them here.
"""

from __future__ import annotations

from wsmedia.errors import CloseCode, RemoteProtocolError

LENGTH_BYTES = 4
"""Octets of the length in front of a message."""


def delimit(message: bytes) -> bytes:
    """One message with its length in front of it.

    Args:
        message: 1 … 2³²-1 octets.
    """
    return len(message).to_bytes(LENGTH_BYTES) + message


class BatchReader:
    """Finds the messages in octets that come in pieces of any size.

    Args:
        max_message_bytes: what a message may have; nothing longer is ever kept.
    """

    def __init__(self, max_message_bytes: int) -> None:
        self._max_message_bytes = max_message_bytes
        self._rest = b""

    @property
    def is_empty(self) -> bool:
        """Whether the last piece ended with a whole message."""
        return not self._rest

    def read(self, data: bytes) -> list[bytes]:
        """The messages that ``data`` completes, in order.

        Raises:
            RemoteProtocolError: an empty message (``malformed``) or one over the limit (``too_large``); nothing that
                follows makes sense then.
        """
        if self._rest:
            data = self._rest + data
        messages: list[bytes] = []
        at = 0
        while len(data) - at >= LENGTH_BYTES:
            length = int.from_bytes(data[at : at + LENGTH_BYTES])
            if length == 0:
                raise RemoteProtocolError("an empty message")
            if length > self._max_message_bytes:
                raise RemoteProtocolError("message over the limit", CloseCode.TOO_LARGE)
            end = at + LENGTH_BYTES + length
            if end > len(data):
                break
            messages.append(data[at + LENGTH_BYTES : end])
            at = end
        self._rest = data[at:]
        return messages
