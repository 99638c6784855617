"""Who may be reached through the relay: nobody that was not named, and some addresses never."""

from __future__ import annotations

import pytest

from wsmedia.turn import PeerList


@pytest.mark.parametrize(
    ("rule", "peer", "admitted"),
    [
        ("10.0.0.5", ("10.0.0.5", 1), True),
        ("10.0.0.5", ("10.0.0.6", 1), False),
        ("10.0.0.5:20000", ("10.0.0.5", 20000), True),
        ("10.0.0.5:20000", ("10.0.0.5", 20001), False),
        ("10.0.0.0/24:10000-20000", ("10.0.0.255", 15000), True),
        ("10.0.0.0/24:10000-20000", ("10.0.0.255", 9999), False),
        ("10.0.0.0/24:10000-20000", ("10.0.1.0", 15000), False),
        ("[2001:db8::5]:3478", ("2001:db8::5", 3478), True),
        ("[2001:db8::/32]", ("2001:db8:ffff::1", 1), True),
        ("[2001:db8::/32]", ("2001:db9::1", 1), False),
        ("127.0.0.1:5000", ("127.0.0.1", 5000), True),
        ("127.0.0.1:5000", ("127.0.0.1", 22), False),
        # What is never reached, even where a rule has it.
        ("0.0.0.0/0", ("224.0.0.251", 5353), False),
        ("0.0.0.0/0", ("255.255.255.255", 9), False),
        ("0.0.0.0/0", ("0.0.0.0", 9), False),
        ("[::/0]", ("::", 9), False),
        ("[::/0]", ("ff02::1", 9), False),
        ("[::/0]", ("::ffff:10.0.0.5", 9), False),
        ("[::/0]", ("::10.0.0.5", 9), False),
        ("[::/0]", ("64:ff9b::a00:5", 9), False),
        ("[::/0]", ("2002:a00:5::1", 9), False),
        ("[::/0]", ("2001:0:a00:5::1", 9), False),
        ("[::/0]", ("fe80::1%eth0", 9), False),
        ("0.0.0.0/0", ("::ffff:10.0.0.5", 9), False),
        ("0.0.0.0/0", ("localhost", 9), False),
        ("0.0.0.0/0", ("10.0.0.5", 0), False),
    ],
)
def test_rules(rule: str, peer: tuple[str, int], admitted: bool) -> None:
    peers = PeerList([rule])
    assert peers.admits(peer) is admitted
    assert peers.admits(peer) is admitted  # remembered


def test_a_host_is_admitted_when_one_of_its_ports_is() -> None:
    peers = PeerList(["10.0.0.5:20000"])
    assert peers.admits_host("10.0.0.5")
    assert not peers.admits_host("10.0.0.6")
    assert not peers.admits_host("example.org")


def test_without_rules_nobody_is_reached() -> None:
    peers = PeerList([])
    assert not peers
    assert not peers.admits_host("10.0.0.5")
    assert not peers.admits(("127.0.0.1", 80))
    assert peers.example is None


def test_an_example_finds_the_way() -> None:
    assert PeerList(["10.1.0.0/16:1-2"]).example == "10.1.0.1"
    assert PeerList(["10.1.2.3"]).example == "10.1.2.3"


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("example.org", "addresses as"),
        ("", "addresses as"),
        ("10.0.0.5:", "addresses as"),
        ("10.0.0.5:1-", "addresses as"),
        ("10.0.0.5/24", "first"),
        ("10.0.0.500", "first"),
        ("10.0.0.5:0", "ports from 1"),
        ("10.0.0.5:9-3", "ports from 1"),
        ("10.0.0.5:70000", "ports from 1"),
        ("2001:db8::5", "addresses as"),
        ("[2001:db8::5", "addresses as"),
    ],
)
def test_what_is_no_rule(rule: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        PeerList([rule])
