"""Buckets by address and one for all."""

from __future__ import annotations

import pytest

from wsmedia.limits import AddressRates


def test_a_burst_is_given_and_then_the_rate() -> None:
    rates = AddressRates(per_second=2, burst=3, overall_per_second=100, overall_burst=100)
    assert [rates.take("a", 1, 10.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert rates.take("a", 1, 10.0) == pytest.approx(0.5)
    assert rates.take("b", 1, 10.0) == 0.0
    assert rates.take("a", 1, 10.5) == 0.0
    assert rates.take("a", 1, 10.5) > 0.0


def test_all_together_are_bounded_and_a_refusal_takes_nothing() -> None:
    rates = AddressRates(per_second=1, burst=10, overall_per_second=1, overall_burst=2)
    assert rates.take("a", 1, 0.0) == 0.0
    assert rates.take("b", 1, 0.0) == 0.0
    assert rates.take("c", 1, 0.0) == pytest.approx(1.0)
    assert rates.take("a", 9, 0.0) == pytest.approx(9.0)
    assert rates.take("c", 1, 1.0) == 0.0


def test_the_table_of_addresses_is_bounded() -> None:
    rates = AddressRates(per_second=0.001, burst=1, overall_per_second=1e6, overall_burst=1e6, max_addresses=2)
    for address in ("a", "b", "c"):
        assert rates.take(address, 1, 0.0) == 0.0
    assert rates.take("c", 1, 0.0) > 0.0
    assert rates.take("a", 1, 0.0) == 0.0  # forgotten meanwhile
