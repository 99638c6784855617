"""ICE candidates as text."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.sdp.strategies import candidates
from wsmedia.errors import SdpError
from wsmedia.sdp import Candidate, format_candidate, parse_candidate


@given(candidates)
def test_round_trip(candidate: Candidate) -> None:
    assert parse_candidate(format_candidate(candidate)) == candidate


def test_extensions_are_skipped() -> None:
    text = "candidate:1 1 UDP 2130706431 192.0.2.1 3478 typ host generation 0 ufrag abcd network-cost 999"
    assert parse_candidate(text) == Candidate("1", 1, "udp", 2130706431, "192.0.2.1", 3478, "host")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "candidate:",
        "1 1 udp 1 192.0.2.1 1 type host",
        "1 -1 udp 1 192.0.2.1 1 typ host",
        "1 1 udp 99999999999 192.0.2.1 1 typ host",
        "1 1 udp 1 192.0.2.1 65536 typ host",
        "1 1 udp 1 192.0.2.1 1 typ srflx raddr 10.0.0.1 rport x",
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(SdpError):
        parse_candidate(text)
