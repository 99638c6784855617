"""One request out of many, repeated only while it matters."""

from __future__ import annotations

from wsmedia.peer.keyframe_requests import KeyframeRequests


def test_many_wishes_are_one_request() -> None:
    requests = KeyframeRequests(0.3, repeat=False)
    assert requests.want(1.0)
    assert [requests.want(1.0 + step / 100) for step in range(1, 20)] == [False] * 19
    # The last wish was not heard yet: it is passed on when the interval is over, once.
    assert requests.next_timeout() == 1.3
    assert not requests.due(1.29)
    assert requests.due(1.3)
    assert not requests.due(2.0)
    assert requests.next_timeout() is None


def test_a_keyframe_grants_every_wish() -> None:
    requests = KeyframeRequests(0.3, repeat=True)
    assert requests.want(1.0)
    assert requests.due(1.3)
    assert requests.due(1.6)
    requests.keyframe(1.7)
    assert not requests.due(5.0)
    assert requests.want(5.0)


def test_wishes_that_cross_a_keyframe_are_ignored() -> None:
    requests = KeyframeRequests(0.3, repeat=False, guard=0.1)
    requests.keyframe(1.0)
    assert not requests.want(1.05)
    assert requests.want(1.11)
