"""Many asks for a keyframe, few requests: the first goes at once, the rest share one at the end of the interval.

A keyframe is ten frames long, so a request per lost packet or per subscriber would choke the very link that lost them.
Rooms use this per published track, and interworking towards the publishing client.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from wsmedia.clock import Clock

KEYFRAME_REQUEST_INTERVAL = 0.5
"""Seconds between two requests for the same track (PROTOCOL.md §3.3)."""


class Scheduled(Protocol):
    """A callback that waits for its time."""

    def cancel(self) -> None:
        """Forget the callback; harmless after it ran."""


CallLater = Callable[[float, Callable[[], None]], Scheduled]
"""Run a callback once after so many seconds; an event loop's ``call_later`` is one."""


class KeyframeRequests:
    """Coalesce the keyframe requests for one track.

    Args:
        send: passes one request on.
        clock: gives monotonic seconds.
        call_later: wakes the deferred request.
        interval: least seconds between two calls of ``send``.
    """

    def __init__(
        self,
        send: Callable[[], None],
        clock: Clock,
        call_later: CallLater,
        interval: float = KEYFRAME_REQUEST_INTERVAL,
    ) -> None:
        self._send = send
        self._clock = clock
        self._call_later = call_later
        self._interval = interval
        self._sent_at: float | None = None
        self._deferred: Scheduled | None = None

    def request(self) -> None:
        """Somebody needs a keyframe: ask now, or when the interval since the last request is over."""
        if self._deferred is not None:
            return
        now = self._clock.monotonic()
        wait = 0.0 if self._sent_at is None else self._sent_at + self._interval - now
        if wait <= 0.0:
            self._sent_at = now
            self._send()
        else:
            self._deferred = self._call_later(wait, self._send_deferred)

    def keyframe_passed(self) -> None:
        """A keyframe went to everybody who waits, so that a deferred request has nothing left to ask for."""
        self.cancel()

    def cancel(self) -> None:
        """Drop a deferred request, as when the track ends."""
        if self._deferred is not None:
            self._deferred.cancel()
            self._deferred = None

    def _send_deferred(self) -> None:
        self._deferred = None
        self._sent_at = self._clock.monotonic()
        self._send()
