"""Remembers when packets with transport-wide sequence numbers arrived, and turns that into feedback packets.

One recorder serves one transport, all its SSRCs together. The peer core calls ``record`` for every packet and
``build`` about every 50 to 100 ms.
"""

from __future__ import annotations

from wsmedia.rtp.twcc import TICK_US, TICKS_PER_REFERENCE, TransportFeedback
from wsmedia.rtp.wraparound import Unwrapper

_TICKS_PER_SECOND = 1_000_000 // TICK_US
_MAX_DELTA = 0x7FFF
_MAX_LATE = 32
"""Packets told late between two calls of ``build``, each in a feedback packet of its own."""
_MAX_STATUSES = 500
"""Statuses in one feedback packet: even with two octets of delta each it fits into a datagram."""


class ArrivalRecorder:
    """Arrival times since the last feedback.

    Args:
        sender_ssrc, media_ssrc: written into the feedback.
        max_span: sequence numbers, received or not, that are kept between two calls of ``build``; a packet further
            ahead makes the recorder start over at it (a jump of the counter, or ``build`` is not called).
    """

    __slots__ = (
        "_arrivals",
        "_feedback_count",
        "_late",
        "_max_span",
        "_next",
        "_unwrapper",
        "media_ssrc",
        "sender_ssrc",
    )

    def __init__(self, sender_ssrc: int, media_ssrc: int = 0, *, max_span: int = 4096) -> None:
        self.sender_ssrc = sender_ssrc
        self.media_ssrc = media_ssrc
        self._max_span = max_span
        self._unwrapper = Unwrapper(16)
        self._arrivals: dict[int, int] = {}
        self._late: dict[int, int] = {}
        self._next: int | None = None
        self._feedback_count = 0

    def record(self, transport_sequence_number: int, now: float) -> None:
        """Note one packet.

        Args:
            transport_sequence_number: 0 … 65535, from the header extension.
            now: monotonic seconds of its arrival.
        """
        number = self._unwrapper.unwrap(transport_sequence_number)
        if self._next is None:
            self._next = number
        ticks = int(now * _TICKS_PER_SECOND)
        if number < self._next:
            if len(self._late) < _MAX_LATE:
                self._late[number] = ticks
        elif number - self._next >= self._max_span:
            self._arrivals = {number: ticks}
            self._next = number
        else:
            self._arrivals.setdefault(number, ticks)

    def build(self) -> list[TransportFeedback]:
        """Give feedback about everything since the last call: none, one, or several when much or odd has happened.

        A packet that arrives after it was reported missing is told in a feedback packet of its own, up to 32 of them.
        """
        feedback = [self._feedback(number, [ticks]) for number, ticks in sorted(self._late.items())]
        self._late = {}
        if self._arrivals and self._next is not None:
            statuses: list[int | None] = []
            base = number = self._next
            previous: int | None = None
            for number in range(self._next, max(self._arrivals) + 1):
                ticks = self._arrivals.get(number)
                too_far = ticks is not None and previous is not None and abs(ticks - previous) > _MAX_DELTA
                if len(statuses) >= _MAX_STATUSES or too_far:
                    if previous is not None:
                        feedback.append(self._feedback(base, statuses))
                    statuses, base, previous = [], number, None
                statuses.append(ticks)
                if ticks is not None:
                    previous = ticks
            feedback.append(self._feedback(base, statuses))
            self._next = number + 1
            self._arrivals = {}
        return feedback

    def _feedback(self, base: int, statuses: list[int | None]) -> TransportFeedback:
        first = next(ticks for ticks in statuses if ticks is not None)
        reference = first // TICKS_PER_REFERENCE
        previous = reference * TICKS_PER_REFERENCE
        deltas: list[int | None] = []
        for ticks in statuses:
            deltas.append(None if ticks is None else ticks - previous)
            if ticks is not None:
                previous = ticks
        count = self._feedback_count
        self._feedback_count = count + 1 & 0xFF
        reference = (reference + 0x800000 & 0xFFFFFF) - 0x800000
        return TransportFeedback(self.sender_ssrc, self.media_ssrc, base & 0xFFFF, reference, count, tuple(deltas))
