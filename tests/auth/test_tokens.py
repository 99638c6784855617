from __future__ import annotations

from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.auth import EVERYTHING, Grant, TokenVerifier, issue_token
from wsmedia.errors import AdmissionError, CloseCode

KEY = "k" * 32
OTHER = "o" * 40
NOW = 1_800_000_000.0


def signed(claims: dict[str, Any], key: str = KEY, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key, algorithm=algorithm)


def test_a_token_opens_its_room() -> None:
    verifier = TokenVerifier([OTHER, KEY])
    token = issue_token(KEY, "standup", NOW + 60, name="Alice")
    assert verifier.verify(token, "standup", NOW) == Grant(name="Alice")
    assert verifier.verify(issue_token(OTHER, "*", NOW + 60), "anything", NOW) == EVERYTHING
    listen_only = issue_token(KEY, "standup", NOW + 60, publish=False)
    assert verifier.verify(listen_only, "standup", NOW) == Grant(publish=False)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (None, CloseCode.UNAUTHORIZED),
        ("", CloseCode.UNAUTHORIZED),
        ("nonsense", CloseCode.UNAUTHORIZED),
        ("a.b.c", CloseCode.UNAUTHORIZED),
        ("x" * 100_000, CloseCode.UNAUTHORIZED),
        (issue_token(OTHER, "r", NOW + 60), CloseCode.UNAUTHORIZED),
        (issue_token(KEY, "r", NOW + 60, name="x" * 65), CloseCode.UNAUTHORIZED),
        (issue_token(KEY, "r", NOW + 60, name="Alice\n"), CloseCode.UNAUTHORIZED),
        (issue_token(KEY, "r", NOW - 60), CloseCode.UNAUTHORIZED),
        (signed({"room": "r"}), CloseCode.UNAUTHORIZED),
        (signed({"exp": NOW + 60}), CloseCode.UNAUTHORIZED),
        (signed({"room": "r", "exp": "soon"}), CloseCode.UNAUTHORIZED),
        (signed({"room": "r", "exp": True}), CloseCode.UNAUTHORIZED),
        (signed({"room": "r", "exp": NOW + 60}, key="k" * 64, algorithm="HS512"), CloseCode.UNAUTHORIZED),
        (jwt.encode({"room": "r", "exp": NOW + 60}, None, algorithm="none"), CloseCode.UNAUTHORIZED),
        (issue_token(KEY, "another", NOW + 60), CloseCode.FORBIDDEN),
        (signed({"room": ["r"], "exp": NOW + 60}), CloseCode.FORBIDDEN),
        (issue_token(KEY, "r", NOW + 60, publish=False, subscribe=False), CloseCode.FORBIDDEN),
        (signed({"room": "r", "exp": NOW + 60, "publish": "false", "subscribe": 1}), CloseCode.FORBIDDEN),
    ],
)
def test_what_is_refused_and_why(token: str | None, code: CloseCode) -> None:
    with pytest.raises(AdmissionError) as refusal:
        TokenVerifier([KEY]).verify(token, "r", NOW)
    assert refusal.value.code is code
    assert token is None or len(token) < 4 or token not in str(refusal.value)


@given(st.text())
def test_no_text_raises_anything_else(token: str) -> None:
    with pytest.raises(AdmissionError):
        TokenVerifier([KEY]).verify(token, "r", NOW)


def test_clocks_may_differ_a_little() -> None:
    token = issue_token(KEY, "r", NOW)
    assert TokenVerifier([KEY]).verify(token, "r", NOW + 4) == EVERYTHING
    with pytest.raises(AdmissionError):
        TokenVerifier([KEY]).verify(token, "r", NOW + 6)
