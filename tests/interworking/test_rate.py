"""What a publisher is told of bitrates, and when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.virtual_time import VirtualTime
from wsmedia.interworking.rate import AUDIO_RESERVE_BPS, TargetBitrate, video_share


def told(time: VirtualTime) -> tuple[TargetBitrate, list[tuple[float, int]]]:
    sent: list[tuple[float, int]] = []
    return TargetBitrate(lambda bps: sent.append((round(time.now - 1000, 3), bps)), time, time.call_later), sent


def test_the_first_target_is_told_at_once_and_small_changes_never() -> None:
    time = VirtualTime()
    target, sent = told(time)
    target.change(1_000_000)
    time.advance(5)
    target.change(1_040_000)
    target.change(960_000)
    time.advance(5)
    assert sent == [(0, 1_000_000)]


def test_less_is_told_soon_and_more_calmly() -> None:
    time = VirtualTime()
    target, sent = told(time)
    target.change(1_000_000)
    target.change(500_000)
    time.advance(0.05)
    target.change(400_000)
    time.advance(0.1)
    target.change(800_000)
    time.advance(0.5)
    target.change(900_000)
    time.advance(1.0)
    assert sent == [(0, 1_000_000), (0.1, 400_000), (1.1, 900_000)]


def test_a_dip_that_is_over_before_it_was_told_is_not_told() -> None:
    time = VirtualTime()
    target, sent = told(time)
    target.change(1_000_000)
    target.change(500_000)
    target.change(1_000_000)
    time.advance(5)
    assert sent == [(0, 1_000_000)]


def test_nothing_is_told_after_the_end() -> None:
    time = VirtualTime()
    target, sent = told(time)
    target.change(1_000_000)
    target.change(100_000)
    target.cancel()
    time.advance(5)
    assert len(sent) == 1


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 10**9)), min_size=1, max_size=50))
def test_what_is_told_last_is_near_what_is_wanted_last(changes: list[tuple[float, int]]) -> None:
    time = VirtualTime()
    target, sent = told(time)
    for pause, bps in changes:
        time.advance(pause)
        target.change(bps)
    time.advance(2)
    wanted = changes[-1][1]
    assert abs(sent[-1][1] - wanted) <= 0.06 * max(wanted, sent[-1][1])


@given(st.integers(0, 10**10), st.integers(0, 100), st.integers(0, 100))
def test_shares_never_exceed_the_path(path_bps: int, audio: int, video: int) -> None:
    share = video_share(path_bps, audio, video)
    assert share >= 0
    assert share * video <= max(0, path_bps - audio * AUDIO_RESERVE_BPS)
