"""Credentials of the shared-secret scheme."""

from __future__ import annotations

import pytest

from wsmedia.auth import issue_turn_credentials, turn_expiry, turn_password


def test_they_are_what_coturn_makes_of_the_same() -> None:
    # echo -n 1800000000:alice | openssl dgst -binary -sha1 -hmac north | openssl base64
    credentials = issue_turn_credentials("north", "alice", 1_800_000_000)
    assert credentials.username == "1800000000:alice"
    assert credentials.password == turn_password("north", "1800000000:alice") == "sIm7pn/teO7y3AyXGeXl/xAQR6Q="
    assert turn_expiry(credentials.username) == 1_800_000_000


@pytest.mark.parametrize(
    "username", ["", "alice", ":alice", "1800000000", "1800000000:", "-1:a", "1e9:a", "1:a b", "1:ä", "1" * 13 + ":a"]
)
def test_other_names_have_no_time(username: str) -> None:
    assert turn_expiry(username) is None
