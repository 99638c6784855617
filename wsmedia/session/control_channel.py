"""CONTROL over lanes that come and go: numbered, in order, once, and never lost (PROTOCOL.md §3.3).

The sender keeps every message until it is acknowledged, and knows which lane carried it, so that the loss of a lane
sends exactly its unacknowledged messages again. The receiver drops what it has seen and holds back what came early.
"""

from __future__ import annotations

from collections import deque

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.wire import Control, ControlMessage, KnownControl, encode_control

MAX_UNACKNOWLEDGED = 1024
"""A sender whose application queues more has a far end that does not keep up; the session ends with ``overloaded``."""
MAX_AHEAD = 256
"""How far above the last number in order another may be, sent or received; bounds what the receiver holds back."""


class _Entry:
    __slots__ = ("data", "lane_id", "sequence_number")

    def __init__(self, sequence_number: int, data: bytes) -> None:
        self.sequence_number = sequence_number
        self.data = data
        self.lane_id: int | None = None


class ControlSender:
    """Our direction: messages from the application until the far end acknowledges them."""

    def __init__(self) -> None:
        self._acknowledged = 0
        self._highest_sent = 0
        self._last_queued = 0
        self._kept: deque[_Entry] = deque()
        self._to_send: deque[_Entry] = deque()

    def send(self, message: KnownControl) -> None:
        """Queue one message.

        Raises:
            RemoteProtocolError: too many are unacknowledged: the promise to deliver cannot be kept; ``overloaded``.
        """
        if len(self._kept) >= MAX_UNACKNOWLEDGED:
            raise RemoteProtocolError("the far end does not take our CONTROL messages", CloseCode.OVERLOADED)
        self._last_queued += 1
        entry = _Entry(self._last_queued, encode_control(self._last_queued, message))
        self._kept.append(entry)
        self._to_send.append(entry)

    @property
    def is_waiting(self) -> bool:
        """Whether a message waits for a lane."""
        return bool(self._to_send)

    def next_message(self, lane_id: int) -> bytes | None:
        """The next message for that lane, or None."""
        while self._to_send:
            entry = self._to_send[0]
            if entry.sequence_number > self._acknowledged + MAX_AHEAD:
                return None
            self._to_send.popleft()
            # WELCOME may have acknowledged what a lost lane made us want to repeat.
            if entry.sequence_number > self._acknowledged:
                entry.lane_id = lane_id
                self._highest_sent = max(self._highest_sent, entry.sequence_number)
                return entry.data
        return None

    def acknowledge(self, control_received: int) -> None:
        """The far end has everything up to this number.

        Raises:
            RemoteProtocolError: the number was never sent.
        """
        if control_received > self._highest_sent:
            raise RemoteProtocolError("CONTROL acknowledged that was never sent")
        self._acknowledged = max(self._acknowledged, control_received)
        while self._kept and self._kept[0].sequence_number <= self._acknowledged:
            self._kept.popleft()

    def lane_lost(self, lane_id: int) -> None:
        """Queue again, in order, what only that lane carried."""
        for entry in self._kept:
            if entry.lane_id == lane_id:
                entry.lane_id = None
        self._to_send = deque(entry for entry in self._kept if entry.lane_id is None)


class ControlReceiver:
    """The far end's direction."""

    def __init__(self) -> None:
        self.received = 0
        """The highest number below which nothing is missing."""
        self._early: dict[int, ControlMessage] = {}

    def receive(self, control: Control) -> list[ControlMessage]:
        """Take one CONTROL from any lane.

        Returns:
            What the application gets now, in order: nothing for a repetition or an early one.
        Raises:
            RemoteProtocolError: the number is too far ahead.
        """
        number = control.sequence_number
        if number <= self.received or number in self._early:
            return []
        if number > self.received + MAX_AHEAD:
            raise RemoteProtocolError("CONTROL too far ahead", CloseCode.MALFORMED)
        self._early[number] = control.message
        ready: list[ControlMessage] = []
        while (message := self._early.pop(self.received + 1, None)) is not None:
            self.received += 1
            ready.append(message)
        return ready
