"""Puts fragments together again that came over several lanes (PROTOCOL.md §3.8)."""

from __future__ import annotations

from wsmedia.fec import Assembler
from wsmedia.wire import Fragment

MAX_BLOCKS = 128
"""Blocks that may be incomplete at once; the oldest is given up for a new one."""
MAX_BYTES = 4_000_000
"""Octets of fragments that may wait; the oldest blocks are given up for new ones."""
HISTORY = 1024
"""How far below the newest block number one may be; older fragments, and those of finished blocks, are dropped."""

_MODULUS = 1 << 32
_HALF = 1 << 31


class IncomingBlocks:
    """All blocks of which some fragments have come; ``fragments_late`` counts those that nobody needed any more."""

    def __init__(self) -> None:
        self.fragments_late = 0
        self._assemblers: dict[int, Assembler] = {}
        self._sizes: dict[int, int] = {}
        self._bytes = 0
        self._newest: int | None = None
        # Bit n: the block n numbers before the newest is finished or given up.
        self._finished = 0

    def receive(self, fragment: Fragment) -> bytes | None:
        """Take a fragment; gives the message when it is the last that was missing.

        Raises:
            RemoteProtocolError: it contradicts another one of its block.
        """
        number = fragment.block_number
        if not self._is_open(number):
            self.fragments_late += 1
            return None
        assembler = self._assemblers.get(number)
        if assembler is None:
            assembler = Assembler(fragment.data_count, fragment.message_length)
            self._assemblers[number] = assembler
            self._sizes[number] = 0
        else:
            assembler.check(fragment.data_count, fragment.message_length)
        size = len(fragment.payload)
        self._sizes[number] += size
        self._bytes += size
        message = assembler.add(fragment.index, fragment.payload)
        if message is not None:
            self._finish(number)
        else:
            self._make_room()
        return message

    def _is_open(self, number: int) -> bool:
        """Whether fragments of that block are still of use; a new number moves the history."""
        if self._newest is None:
            self._newest = number
            return True
        step = (number - self._newest) % _MODULUS
        if 0 < step < _HALF:
            self._finished = self._finished << step & ((1 << HISTORY) - 1) if step < HISTORY else 0
            self._newest = number
            return True
        age = (self._newest - number) % _MODULUS
        return age < HISTORY and not self._finished >> age & 1

    def _finish(self, number: int) -> None:
        del self._assemblers[number]
        self._bytes -= self._sizes.pop(number)
        age = ((self._newest or 0) - number) % _MODULUS
        if age < HISTORY:
            self._finished |= 1 << age

    def _make_room(self) -> None:
        while len(self._assemblers) > MAX_BLOCKS or self._bytes > MAX_BYTES:
            newest = self._newest or 0
            self._finish(max(self._assemblers, key=lambda number: (newest - number) % _MODULUS))
