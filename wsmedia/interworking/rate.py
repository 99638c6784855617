"""Bitrates across the gateway: what a publisher is told, and how a subscriber's path is shared among tracks."""

from __future__ import annotations

from collections.abc import Callable

from wsmedia.clock import Clock
from wsmedia.limits import CallLater
from wsmedia.limits.keyframe_requests import Scheduled

AUDIO_RESERVE_BPS = 48_000
"""Kept free of video for each audio track: Opus voice with its headers."""

MEANINGFUL_CHANGE = 0.05
"""Encoders lose more by being reconfigured than they gain from a smaller step than this share."""

_LESS_INTERVAL = 0.1
_MORE_INTERVAL = 1.0


class TargetBitrate:
    """Tells a publisher its target bitrate: less soon, more calmly, and nothing that would not matter.

    Args:
        send: passes a target on, in bits per second.
        clock, call_later: time for what has to wait.
    """

    def __init__(self, send: Callable[[int], None], clock: Clock, call_later: CallLater) -> None:
        self._send = send
        self._clock = clock
        self._call_later = call_later
        self._wanted = 0
        self._told: int | None = None
        self._told_at = 0.0
        self._scheduled: Scheduled | None = None

    def change(self, bitrate_bps: int) -> None:
        """The target is ``bitrate_bps`` now; the publisher hears of it when it should."""
        self._wanted = bitrate_bps
        self.cancel()
        now = self._clock.monotonic()
        if self._told is None:
            self._tell(now)
            return
        if abs(bitrate_bps - self._told) < MEANINGFUL_CHANGE * self._told:
            return
        interval = _LESS_INTERVAL if bitrate_bps < self._told else _MORE_INTERVAL
        wait = self._told_at + interval - now
        if wait <= 0.0:
            self._tell(now)
        else:
            self._scheduled = self._call_later(wait, self._tell_later)

    def cancel(self) -> None:
        """Forget what waits, as when the track ends."""
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None

    def _tell_later(self) -> None:
        self._scheduled = None
        self._tell(self._clock.monotonic())

    def _tell(self, now: float) -> None:
        self._told = self._wanted
        self._told_at = now
        self._send(self._wanted)


def video_share(path_bps: int, audio_tracks: int, video_tracks: int) -> int:
    """What each video track may use of a path that also carries audio.

    Args:
        path_bps: what the path carries, bits per second.
        audio_tracks: each keeps ``AUDIO_RESERVE_BPS``.
        video_tracks: those that are not muted; equal shares.
    Returns:
        Bits per second for one video track, never negative.
    """
    return max(0, path_bps - audio_tracks * AUDIO_RESERVE_BPS) // max(1, video_tracks)
