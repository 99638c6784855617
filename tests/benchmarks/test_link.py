"""The link emulator: what its model does to packets, and that a link between two namespaces does the same."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.link import (
    Bursts,
    ConditionError,
    Link,
    LinkConfig,
    LinkError,
    OneWay,
    Way,
    unavailable_reason,
)
from benchmarks.link.model import MOST_PACKETS
from benchmarks.link.traffic import bulk, flood, ping


def carry(
    way: Way, count: int, interval: float, *, size: int = 1000, seed: int = 1, changes: dict[int, Way] | None = None
) -> dict[int, float]:
    """Offer packets at a steady pace; gives when each was due at the far end, by number, in order of arrival."""
    link: OneWay[int] = OneWay(way, seed, 0.0)
    due: dict[int, float] = {}
    for number in range(count):
        now = number * interval
        while (at := link.next_due()) is not None and at <= now:
            due |= {packet: when for when, packet in link.take(at)}
        if changes and number in changes:
            link.change(now, changes[number])
        link.offer(now, size, number)
    while (at := link.next_due()) is not None:
        due |= {packet: when for when, packet in link.take(at)}
    counters = link.counters
    assert counters.packets == count
    assert counters.octets == count * size
    assert counters.delivered_packets == len(due) == count - counters.lost - counters.queue_dropped
    assert counters.delivered_octets == len(due) * size
    return due


def lost_in(due: dict[int, float], count: int) -> list[bool]:
    return [number not in due for number in range(count)]


def test_a_delay_alone_is_exact() -> None:
    due = carry(Way(delay_ms=40), 1000, 0.01)
    assert [due[number] - number * 0.01 for number in range(1000)] == pytest.approx([0.04] * 1000)


def test_jitter_spreads_the_delay_and_keeps_the_order() -> None:
    due = carry(Way(delay_ms=40, jitter_ms=30), 5000, 0.005)
    assert list(due) == sorted(due)
    delays = [at - number * 0.005 for number, at in due.items()]
    assert min(delays) >= 0.04
    assert max(delays) <= 0.07 + 1e-9
    assert min(delays) < 0.043
    assert max(delays) > 0.067


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.5])
def test_random_loss_is_as_often_as_asked(loss: float) -> None:
    count = 20_000
    lost = sum(lost_in(carry(Way(loss=loss), count, 0.001), count))
    deviation = (count * loss * (1 - loss)) ** 0.5
    assert abs(lost - count * loss) < 4 * deviation


def test_bursts_take_their_share_of_time_in_periods_of_their_length() -> None:
    count, interval = 400_000, 0.002
    bursts = Bursts(mean_ms=60, share=0.05, loss=1.0)
    lost = lost_in(carry(Way(bursts=bursts), count, interval), count)
    # 800 s hold about 670 bursts: 4 deviations of the share and of the mean are about a sixth.
    assert sum(lost) / count == pytest.approx(0.05, rel=0.2)
    lengths = [len(list(run)) * interval for is_lost, run in itertools.groupby(lost) if is_lost]
    # A period that holds no packet is not seen, which makes the seen ones a little longer.
    assert sum(lengths) / len(lengths) == pytest.approx(0.061, rel=0.2)


def test_a_thin_flow_does_not_stay_in_a_burst() -> None:
    """The periods pass with time, not with packets: one packet a second is hit as often as any other."""
    count = 20_000
    lost = lost_in(carry(Way(bursts=Bursts(mean_ms=60, share=0.05, loss=0.5)), count, 1.0), count)
    assert sum(lost) / count == pytest.approx(0.025, rel=0.25)
    pairs = sum(one and other for one, other in itertools.pairwise(lost))
    assert pairs / count < 0.003


def test_a_rate_spaces_packets_and_the_queue_is_bounded() -> None:
    # 1000 octets each ms are 8 Mb/s into a link of 4: half must go, and none waits longer than the queue's bound.
    count = 4000
    due = carry(Way(delay_ms=10, rate_bps=4e6, queue_ms=50), count, 0.001)
    arrivals = list(due.values())
    gaps = [later - earlier for earlier, later in itertools.pairwise(arrivals)]
    assert gaps == pytest.approx([0.002] * len(gaps))
    assert len(due) == pytest.approx(count / 2 + 25, abs=2)
    delays = [at - number * 0.001 for number, at in due.items()]
    assert max(delays) == pytest.approx(0.06, abs=0.003)


def test_a_queue_may_be_bounded_in_octets() -> None:
    due = carry(Way(rate_bps=8e6, queue_octets=5000), 100, 0.0)
    assert list(due) == [0, 1, 2, 3, 4]
    assert list(due.values()) == pytest.approx([0.001, 0.002, 0.003, 0.004, 0.005])


def test_a_packet_larger_than_the_queue_still_gets_through_when_it_is_empty() -> None:
    assert len(carry(Way(rate_bps=8e6, queue_octets=100), 10, 0.01)) == 10


def test_a_link_without_a_rate_holds_no_more_than_its_most() -> None:
    assert len(carry(Way(delay_ms=1000), MOST_PACKETS + 500, 0.0)) == MOST_PACKETS


def test_what_waits_goes_on_at_the_new_rate() -> None:
    fast, slow = Way(rate_bps=8e6, queue_ms=1000), Way(rate_bps=8e5, queue_ms=1000)
    link: OneWay[int] = OneWay(fast, 1, 0.0)
    for number in range(4):
        link.offer(0.0, 1000, number)
    link.change(0.0015, slow)  # half of the second packet is out
    link.change(0.0115, fast)  # in 10 ms, the slow link got another 1000 octets through: half of it, and half the third
    assert [at for at, _ in link.take(1.0)] == pytest.approx([0.001, 0.0065, 0.012, 0.013])


def test_conditions_change_in_their_time() -> None:
    good, bad = Way(delay_ms=10), Way(delay_ms=30, loss=1.0)
    due = carry(good, 300, 0.01, changes={100: bad, 200: replace(bad, loss=0.0)})
    assert list(due) == [*range(100), *range(200, 300)]
    assert due[99] == pytest.approx(1.0)
    assert due[250] == pytest.approx(2.53)


def test_a_shorter_delay_does_not_let_packets_overtake() -> None:
    due = carry(Way(delay_ms=100), 30, 0.01, changes={10: Way(delay_ms=0)})
    assert list(due) == list(range(30))
    assert list(due.values()) == sorted(due.values())


def test_the_same_seed_loses_the_same_packets() -> None:
    way = Way(delay_ms=40, jitter_ms=20, loss=0.05, bursts=Bursts())
    assert carry(way, 5000, 0.002, seed=7) == carry(way, 5000, 0.002, seed=7)
    assert carry(way, 5000, 0.002, seed=7) != carry(way, 5000, 0.002, seed=8)


def test_jitter_does_not_change_which_packets_are_lost() -> None:
    still, restless = Way(loss=0.05), Way(loss=0.05, jitter_ms=20)
    assert lost_in(carry(still, 2000, 0.01), 2000) == lost_in(carry(restless, 2000, 0.01), 2000)


@pytest.mark.parametrize(
    ("figure", "value"),
    [("loss", 2), ("loss", -0.1), ("delay_ms", -1), ("jitter_ms", -1), ("rate_bps", 0), ("queue_ms", 0)],
)
def test_conditions_that_cannot_be_are_refused(figure: str, value: float) -> None:
    with pytest.raises(ConditionError, match=f"not {value:g}"):
        replace(Way(), **{figure: value})  # type: ignore[arg-type]


def test_bursts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConditionError, match="share of time"):
        Bursts(share=1.0)


@pytest.fixture
def _namespaces() -> None:
    if (reason := unavailable_reason()) is not None:
        pytest.skip(reason)


@pytest.mark.alone
@pytest.mark.usefixtures("_namespaces")
def test_a_link_between_namespaces_delays_and_loses_as_asked() -> None:
    count = 1500
    with Link(LinkConfig(up=Way(delay_ms=20, loss=0.1), down=Way(delay_ms=5))) as link:
        delays = flood(link, count, 0.001)
        figures = link.statistics()
    came = sorted(delay for delay in delays if delay is not None)
    assert came[0] >= 0.02
    assert came[len(came) // 2] < 0.03
    deviation = (count * 0.1 * 0.9) ** 0.5
    assert abs(count - len(came) - count * 0.1) < 4 * deviation
    assert figures["up"]["octets"] == count * (100 + 28)
    assert figures["up"]["lost"] == count - len(came)
    assert figures["down"]["packets"] == 0


@pytest.mark.alone
@pytest.mark.usefixtures("_namespaces")
def test_echoes_take_both_delays() -> None:
    with Link(LinkConfig(up=Way(delay_ms=20), down=Way(delay_ms=5))) as link:
        round_trips = sorted(took for took in ping(link, 100, 0.002) if took is not None)
    assert len(round_trips) == 100
    assert round_trips[0] >= 0.025
    assert round_trips[50] < 0.035


@pytest.mark.alone
@pytest.mark.usefixtures("_namespaces")
def test_a_bulk_flow_gets_the_rate_and_no_super_packets() -> None:
    way = Way(delay_ms=5, rate_bps=8e6, queue_ms=20)
    with Link(LinkConfig(up=way, down=way)) as link:
        rate_bps = bulk(link, 1.0, settle=0.5)
        up = link.statistics()["up"]
    assert rate_bps == pytest.approx(8e6 * 1448 / 1500, rel=0.1)
    assert up["octets"] / up["packets"] < 1500.5
    assert up["queue_dropped"] > 0
    assert up["queue_ms_max"] <= 20


@pytest.mark.alone
@pytest.mark.usefixtures("_namespaces")
def test_programs_at_both_ends_are_in_networks_of_their_own() -> None:
    with Link(LinkConfig()) as link:
        for place in (link.client, link.server):
            shown = place.run(["ip", "-o", "-4", "address"], capture_output=True, text=True, check=True).stdout
            assert place.address in shown
            control = place.run(["sysctl", "-n", "net.ipv4.tcp_congestion_control"], capture_output=True, text=True)
            assert control.stdout.strip() == "cubic"


@pytest.mark.alone
@pytest.mark.usefixtures("_namespaces")
def test_a_link_changes_while_it_is_up() -> None:
    with Link(LinkConfig(up=Way(loss=1.0))) as link:
        assert flood(link, 20, 0.002) == [None] * 20
        link.change(up=Way(delay_ms=30))
        delays = [delay for delay in flood(link, 20, 0.002) if delay is not None]
        assert len(delays) == 20
        assert min(delays) >= 0.03


@pytest.mark.alone
@pytest.mark.usefixtures("_namespaces")
def test_nothing_is_left_of_a_link_whose_user_failed() -> None:
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(ZeroDivisionError), Link(LinkConfig()) as link:  # noqa: PT012
        assert link._process is not None
        forwarder = Path(f"/proc/{link._process.pid}")
        assert forwarder.exists()
        assert link.client.run(["true"]).returncode == 0
        raise ZeroDivisionError
    assert not forwarder.exists()
    assert set(os.listdir("/proc/self/fd")) == before
    with pytest.raises(LinkError, match="not up"):
        link.statistics()
