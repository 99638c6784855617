"""One block's assembly: fragments go in, in any order and perhaps twice; when there are enough, the message comes out.

The session's receiving half has one for each block that is under way.
"""

from __future__ import annotations

from wsmedia.errors import RemoteProtocolError
from wsmedia.fec.erasure import MAX_DATA_COUNT, MAX_INDEX, fragment_size, recover


class Assembler:
    """Collects the fragments of one message. It keeps at most ``data_count`` of them, and none once it is complete.

    Args:
        data_count: k, how many parts the message was cut into.
        message_length: its octets; the caller bounds them.
    Raises:
        RemoteProtocolError: a message of that length cannot be cut so.
    """

    __slots__ = ("_data_count", "_fragments", "_message_length", "_size", "is_complete")

    def __init__(self, data_count: int, message_length: int) -> None:
        size = fragment_size(message_length, data_count) if 1 <= data_count <= MAX_DATA_COUNT else 0
        if size == 0:
            raise RemoteProtocolError(f"a message of {message_length} octets in {data_count} fragments")
        self.is_complete = False
        """Whether ``add`` has given the message."""
        self._data_count = data_count
        self._message_length = message_length
        self._size = size
        self._fragments: dict[int, bytes | memoryview] = {}

    @property
    def missing(self) -> int:
        """How many more fragments it takes."""
        return 0 if self.is_complete else self._data_count - len(self._fragments)

    def add(self, index: int, payload: bytes | memoryview) -> bytes | None:
        """Take a fragment; a repetition, and any fragment after the last that was needed, is ignored.

        Returns:
            The message, once: when this fragment made it complete.
        Raises:
            RemoteProtocolError: the index or the size is impossible, or an earlier fragment had the same index and
                other octets.
        """
        if not 0 <= index <= MAX_INDEX:
            raise RemoteProtocolError("fragment with an impossible index")
        if len(payload) != self._size_of(index):
            raise RemoteProtocolError("fragment of a wrong size")
        if self.is_complete:
            return None
        fragments = self._fragments
        known = fragments.get(index)
        if known is not None:
            if known != payload:
                raise RemoteProtocolError("fragment that contradicts an earlier one")
            return None
        fragments[index] = payload
        if len(fragments) < self._data_count:
            return None
        self.is_complete = True
        message = recover(fragments, self._data_count, self._message_length)
        self._fragments = {}
        return message

    def check(self, data_count: int, message_length: int) -> None:
        """See that another fragment of this block says the same of the message.

        Raises:
            RemoteProtocolError: it does not.
        """
        if data_count != self._data_count or message_length != self._message_length:
            raise RemoteProtocolError("fragments of one block that contradict each other")

    def _size_of(self, index: int) -> int:
        if index == self._data_count - 1:
            return self._message_length - index * self._size
        return self._size
