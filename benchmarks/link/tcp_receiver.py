"""The receiving end of one direction of a virtual TCP connection: puts segments in order, and says when to acknowledge.

``virtual`` owns one for each lane and direction.
"""

from __future__ import annotations

from typing import NamedTuple

SEGMENT = 1448
"""Octets of data in a full segment: 1500 less the headers of IP and TCP, with time stamps."""
DELAYED_ACK = 0.04
"""Seconds; Linux' least."""


class Ack(NamedTuple):
    """What a receiver says: all octets before ``upto``, and the segments that begin at ``beyond``; whether the last one
    had come before (D-SACK, RFC 2883)."""

    upto: int
    beyond: frozenset[int]
    repeated: bool


class TcpReceiver:
    """In-order delivery, SACK, and delayed acknowledgements.

    Attributes:
        upto: octets that came without a gap.
        ack_at: when an acknowledgement leaves at the latest; None: nothing to acknowledge.
    """

    __slots__ = ("_beyond", "_repeated", "_unacknowledged", "ack_at", "upto")

    def __init__(self) -> None:
        self.upto = 0
        self.ack_at: float | None = None
        self._beyond: dict[int, int] = {}
        self._unacknowledged = 0
        self._repeated = False

    def receive(self, start: int, end: int, now: float) -> None:
        """The octets from ``start`` to ``end`` arrived."""
        if start < self.upto or start in self._beyond:
            self._repeated = True
            self.ack_at = now
        elif start > self.upto:
            self._beyond[start] = end
            self.ack_at = now
        else:
            fills_gap = bool(self._beyond)
            self.upto = end
            while (end_of_next := self._beyond.pop(self.upto, None)) is not None:
                self.upto = end_of_next
            self._unacknowledged += end - start
            if fills_gap or self._unacknowledged > SEGMENT:
                self.ack_at = now
            elif self.ack_at is None:
                self.ack_at = now + DELAYED_ACK

    def take_ack(self) -> Ack:
        """The acknowledgement that leaves now, alone or with data."""
        ack = Ack(self.upto, frozenset(self._beyond), self._repeated)
        self.ack_at = None
        self._unacknowledged = 0
        self._repeated = False
        return ack
