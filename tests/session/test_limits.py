"""Token buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.session import SessionLimits
from wsmedia.session.limits import IncomingRates, TokenBucket


def test_a_bucket_is_full_at_first_and_fills_again():
    bucket = TokenBucket(10, 20, 0.0)
    assert bucket.take(20, 0.0)
    assert not bucket.take(1, 0.0)
    assert bucket.take(10, 1.0)
    assert not bucket.take(1, 1.0)
    assert bucket.take(20, 100.0)
    assert not bucket.take(1, 100.0)


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 30)), max_size=50))
def test_no_more_than_rate_and_burst_is_ever_taken(steps):
    bucket = TokenBucket(10, 20, 0.0)
    now = taken = 0.0
    for wait, amount in steps:
        now += wait
        if bucket.take(amount, now):
            taken += amount
    assert taken <= 20 + 10 * now + 1e-6


def test_the_largest_message_always_fits():
    rates = IncomingRates(SessionLimits(max_bytes_per_second=10, max_message_bytes=5000), 0.0)
    rates.admit(5000, 0.0)
    with pytest.raises(RemoteProtocolError) as caught:
        rates.admit(5000, 1.0)
    assert caught.value.code == CloseCode.RATE_LIMITED
