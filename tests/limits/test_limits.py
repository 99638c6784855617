from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.virtual_time import VirtualTime
from wsmedia.limits import KeyframeRequests, TokenBucket


def test_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = TokenBucket(rate=2.0, burst=3.0, now=0.0)
    assert [bucket.take(1.0, 0.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(1.0, 0.4)
    assert bucket.take(1.0, 0.6)
    assert not bucket.is_full(0.7)
    assert bucket.is_full(60.0)
    assert [bucket.take(1.0, 60.0) for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.floats(0.0, 2.0), min_size=1, max_size=200))
def test_bucket_never_exceeds_rate_plus_burst(pauses: list[float]) -> None:
    now, taken = 0.0, 0
    bucket = TokenBucket(rate=5.0, burst=4.0, now=now)
    for pause in pauses:
        now += pause
        taken += bucket.take(1.0, now)
    assert taken <= 4.0 + 5.0 * now + 1e-6


def test_first_keyframe_request_goes_at_once_and_the_rest_share_one() -> None:
    time = VirtualTime()
    sent: list[float] = []
    requests = KeyframeRequests(lambda: sent.append(time.now), time, time.call_later)
    for _ in range(5):
        requests.request()
    assert sent == [1000.0]
    time.advance(0.2)
    requests.request()
    time.advance(1.0)
    assert sent == [1000.0, 1000.5]
    time.advance(10.0)
    assert sent == [1000.0, 1000.5]
    requests.request()
    assert len(sent) == 3


def test_a_keyframe_satisfies_the_deferred_request() -> None:
    time = VirtualTime()
    sent: list[float] = []
    requests = KeyframeRequests(lambda: sent.append(time.now), time, time.call_later)
    requests.request()
    requests.request()
    requests.keyframe_passed()
    time.advance(5.0)
    assert sent == [1000.0]
