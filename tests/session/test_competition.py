"""Whose queue it is: a call yields to one of its own, and holds a share beside somebody who fills it."""

import pytest

from benchmarks.link.model import Way
from tests.session.media import CAMERA
from tests.session.test_lossy_network import LossyCall
from wsmedia.session import FrameReceived
from wsmedia.session.competition import FAIR_SHARE, MORE_DELAY, PATIENCE, PROBATION, Competition

BULK_LANE = 5000
"""The id, at the link, of the connection that is none of the session's."""


def behind_a_queue(delay, lasting, competition=None, since=10.0):
    """A queue that stays for so many seconds, though the estimate is cut three times a second."""
    competition = competition or Competition()
    for step in range(int(lasting * 30) + 1):
        if step % 10 == 9:
            competition.cut()
        competition.queue_stays(delay, 2_000_000, since + step / 30)
    return competition


def test_a_share_is_held_behind_a_queue_that_stays_however_little_is_sent():
    assert not behind_a_queue(0.2, PATIENCE - 0.1).is_on
    competition = behind_a_queue(0.2, PATIENCE + 0.1)
    assert competition.is_on
    assert competition.share_bps == 2_000_000 * FAIR_SHARE


def test_a_queue_that_empties_is_ours():
    competition = behind_a_queue(0.2, PATIENCE - 0.1)
    competition.queue_stays(0.09, 0, 12.1)
    assert not competition.is_on


def test_a_queue_that_still_grows_is_not_full():
    competition = Competition()
    for step in range(100):
        competition.cut()
        competition.queue_stays(0.1 + step * 0.01, 2_000_000, 10 + step / 20)
        assert not competition.is_on


def test_nothing_is_held_before_anything_was_given_up():
    competition = Competition()
    competition.queue_stays(0.2, 1_000_000, 10.0)
    competition.queue_stays(0.2, 1_000_000, 15.0)
    assert not competition.is_on


def test_it_ends_with_the_queue_and_begins_afresh():
    competition = behind_a_queue(0.2, 3)
    competition.queue_is_gone()
    assert not competition.is_on
    assert not behind_a_queue(0.2, PATIENCE - 0.1, competition, 20.0).is_on


def test_a_queue_that_grows_with_ours_is_ours_for_a_while():
    competition = behind_a_queue(0.2, 3)
    competition.queue_stays(0.21 + MORE_DELAY, 2_000_000, 13.1)
    assert not competition.is_on
    assert not behind_a_queue(0.3, PROBATION - 1, competition, 13.2).is_on
    assert behind_a_queue(0.3, 3, competition, 23.2).is_on


@pytest.mark.parametrize("lanes", [2, 16])
def test_a_call_beside_a_download_that_fills_the_queue_leaves_it_the_larger_part_and_keeps_its_picture(lanes):
    lossy_call = LossyCall(Way(delay_ms=40, rate_bps=3e6), lanes=lanes, max_bitrate=2_500_000)
    link, up = lossy_call.link, lossy_call.up
    link.run(4)
    octets = {"call": 0, "download": 0}
    deliver, tell = up._deliver, link.on_gateway_event

    def divert(lane_id, data):
        if lane_id == BULK_LANE:
            octets["download"] += len(data)
        else:
            deliver(lane_id, data)

    def note(event):
        if isinstance(event, FrameReceived) and event.track_id == CAMERA.track_id:
            octets["call"] += len(event.frame.data)
        tell(event)

    def download():
        while up.is_writable(BULK_LANE):
            up.write(BULK_LANE, bytes(1400))

    up._deliver, link.on_gateway_event = divert, note
    link.every(0.005, download)
    link.run(8)
    octets.update(call=0, download=0)
    link.run(10)

    # It was 60 kb/s of a possible 2700: the least that there is.
    assert octets["call"] * 8 / 10 > 400_000
    assert octets["download"] * 8 / 10 > 1_350_000
