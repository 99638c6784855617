"""Puts one participant's frames on one time axis, even if their clock jumps.

Capture times are the truth about the sync of picture and sound, so they are kept. But the clock behind them may change:
a page is reloaded, a machine's clock is set, or a gateway learns a native peer's clock only from its first sender
report, for each track at another moment. So capture times are compared with arrival: a frame that is implausibly early
or late begins a new epoch, whose offset is taken from that frame's arrival and then holds for all tracks.
"""

from __future__ import annotations

from dataclasses import dataclass

_EARLIEST_US = 2_000_000
"""Network delay does not shrink by more than this: such a frame has another clock."""
_LATEST_US = 40_000_000
"""A connection may stall for the whole resume window; more than that is another clock."""
_DRIFT_PER_SECOND_US = 200
"""How fast clocks drift apart, with a wide margin."""
_MAX_EPOCHS = 8


@dataclass(slots=True)
class _Epoch:
    offset_us: int
    """Capture time minus recording time."""
    lead_us: float
    """Recording time minus arrival time of the frame that came through fastest."""
    seen_us: int


class RecordingTimeline:
    """The time axis of one participant: microseconds of arrival time, as if every frame had the first one's delay."""

    def __init__(self) -> None:
        self._epochs: list[_Epoch] = []  # the newest first; at most _MAX_EPOCHS, then the oldest is forgotten
        self._last_us: dict[object, int] = {}

    def place(self, track: object, capture_time_us: int, arrived_us: int) -> int:
        """Give a frame's time.

        Args:
            track: any key of the track; its times never fall.
            capture_time_us: on the participant's clock.
            arrived_us: on ours; any origin, never falling.
        """
        epoch = next((one for one in self._epochs if self._plausible(one, capture_time_us, arrived_us)), None)
        if epoch is None:
            epoch = _Epoch(capture_time_us - arrived_us, 0.0, arrived_us)
            self._epochs = [epoch, *self._epochs[: _MAX_EPOCHS - 1]]
        time_us = capture_time_us - epoch.offset_us
        drift = (arrived_us - epoch.seen_us) * _DRIFT_PER_SECOND_US / 1_000_000
        epoch.lead_us = max(time_us - arrived_us, epoch.lead_us - drift)
        epoch.seen_us = arrived_us
        time_us = max(time_us, self._last_us.get(track, time_us))
        self._last_us[track] = time_us
        return time_us

    @staticmethod
    def _plausible(epoch: _Epoch, capture_time_us: int, arrived_us: int) -> bool:
        lead_us = capture_time_us - epoch.offset_us - arrived_us
        return epoch.lead_us - _LATEST_US < lead_us < epoch.lead_us + _EARLIEST_US
