"""Coalesces keyframe requests: a storm of them becomes one, and one that goes unanswered is repeated."""

from __future__ import annotations


class KeyframeRequests:
    """Decides when a wish for a keyframe is passed on.

    Args:
        interval: seconds between two requests that are passed on, at least.
        repeat: whether a request is repeated until a keyframe comes (a receiver's), or stands once (a sender's: the
            peer repeats its own).
        guard: seconds after a keyframe in which wishes are ignored: they crossed it on the way.
    """

    __slots__ = ("_guard", "_interval", "_keyframe_at", "_passed_at", "_repeat", "_wanted")

    def __init__(self, interval: float, *, repeat: bool, guard: float = 0.0) -> None:
        self._interval = interval
        self._repeat = repeat
        self._guard = guard
        self._wanted = False
        self._passed_at = -1e9
        self._keyframe_at = -1e9

    def want(self, now: float) -> bool:
        """Note a wish; True if it is to be passed on at once."""
        if now - self._keyframe_at < self._guard:
            return False
        self._wanted = True
        return self.due(now)

    def due(self, now: float) -> bool:
        """Whether a wish is to be passed on now, which it then counts as."""
        if not self._wanted or now - self._passed_at < self._interval:
            return False
        self._passed_at = now
        self._wanted = self._repeat
        return True

    def keyframe(self, now: float) -> None:
        """A keyframe has come: every wish before it is granted."""
        self._wanted = False
        self._keyframe_at = now

    def next_timeout(self) -> float | None:
        """When to ask ``due`` again; None when nothing is wanted."""
        return self._passed_at + self._interval if self._wanted else None
