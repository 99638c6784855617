"""Arrival times as a slower link would have them."""

from __future__ import annotations

import pytest

from wsmedia.peer.virtual_link import MAX_EXTRA_DELAY, VirtualLink


def test_without_a_capacity_nothing_changes() -> None:
    assert VirtualLink().arrival(1200, 5.0) == 5.0


def test_packets_leave_one_after_another() -> None:
    link = VirtualLink()
    link.capacity_bps = 8000
    assert [link.arrival(10, 5.0) for _ in range(3)] == pytest.approx([5.01, 5.02, 5.03])
    assert link.arrival(10, 6.0) == pytest.approx(6.01)


def test_the_queue_is_bounded() -> None:
    link = VirtualLink()
    link.capacity_bps = 8
    assert max(link.arrival(1200, 5.0) for _ in range(100)) == 5.0 + MAX_EXTRA_DELAY
