"""A whole call over a link that becomes narrow and wide again: how long pictures stand still, how soon they recover."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from benchmarks.link.model import Way
from tests.session.media import CAMERA
from tests.session.test_lossy_network import LossyCall
from wsmedia.session import Event, FrameReceived

THIRD = 6.0
WIDE = Way(delay_ms=40, rate_bps=3e6)
NARROW = replace(WIDE, rate_bps=0.6e6)


@dataclass
class Arrival:
    at: float
    size: int


def call_through_a_narrow_time(seed: int) -> tuple[list[Arrival], float]:
    """What came of a camera of 1 Mb/s, and when the link became narrow, for ``THIRD`` seconds."""
    lossy_call = LossyCall(WIDE, seed)
    link = lossy_call.link
    arrivals: list[Arrival] = []
    tell = link.on_gateway_event

    def note(event: Event) -> None:
        if isinstance(event, FrameReceived) and event.track_id == CAMERA.track_id:
            arrivals.append(Arrival(link.now, len(event.frame.data)))
        tell(event)

    link.on_gateway_event = note
    # The link changes at another place of the encoder's period each time.
    link.run(5 + 0.4 * seed)
    narrow_at = link.now
    for at, way in ((narrow_at, NARROW), (narrow_at + THIRD, WIDE)):
        link.at(at, lambda way=way: [direction.change(way) for direction in (lossy_call.up, lossy_call.down)])
    link.run(2 * THIRD)
    return arrivals, narrow_at


def frozen(arrivals: list[Arrival], since: float, until: float) -> float:
    """Seconds of all gaps of more than a fifth of one."""
    times = [arrival.at for arrival in arrivals if since <= arrival.at <= until]
    return sum(after - before for before, after in pairwise(times) if after - before > 0.2)


def kbps(arrivals: list[Arrival], since: float, seconds: float) -> float:
    return sum(a.size for a in arrivals if since <= a.at < since + seconds) * 8 / 1000 / seconds


def test_pictures_stand_still_for_a_moment_only_where_a_link_becomes_five_times_narrower():
    calls = [call_through_a_narrow_time(seed) for seed in range(1, 6)]

    assert median(frozen(arrivals, at - 0.1, at + 3) for arrivals, at in calls) < 0.75
    # They go on, and not at the least that there is.
    assert median(kbps(arrivals, at + 2, THIRD - 2) for arrivals, at in calls) > 200


def test_four_seconds_after_the_link_is_wide_again_the_picture_is_as_good_as_before():
    arrivals, narrow_at = call_through_a_narrow_time(1)

    assert kbps(arrivals, narrow_at + THIRD + 4, 2) > 0.9 * kbps(arrivals, narrow_at - 4, 4)
