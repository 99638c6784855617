"""Neighbours have the same word, others another one."""

from __future__ import annotations

import re

import pytest

from wsmedia.app.networks import network_of


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("2001:db8:1:2::3", "2001:db8:1:ffff::9", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
    ],
)
def test_neighbours_are_known_by_one_word(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same
    assert re.fullmatch("[0-9a-f]{8}", network_of(one))


@pytest.mark.parametrize("address", [None, "", "unix", "fe80::1%eth0%"])
def test_what_is_no_address_has_none(address: str | None) -> None:
    assert network_of(address) == ""
