from __future__ import annotations

from tests.support.virtual_time import VirtualTime
from wsmedia.limits import KeyframeRequests


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
