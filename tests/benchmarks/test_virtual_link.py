"""The link in memory: what a lost segment costs a lane, what a lane can carry, and that it is always the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.link.model import Bursts, Way
from benchmarks.link.virtual import MESSAGE_OVERHEAD, TcpDirection, VirtualClock, VirtualTcpLink

RTT = 0.08
CLEAN = Way(delay_ms=40)


class Ends:
    """Both ends of a virtual link: what arrived there, and when, for each lane."""

    def __init__(self, up: Way = CLEAN, down: Way = CLEAN, *, seed: int = 1, **options: int) -> None:
        self.clock = VirtualClock()
        self.began = self.clock.now
        self.arrived: dict[int, list[tuple[float, bytes]]] = {}
        self.answers: dict[int, list[tuple[float, bytes]]] = {}
        self.up = TcpDirection(up, seed=f"{seed}/up", **options)
        self.down = TcpDirection(down, seed=f"{seed}/down", **options)
        self.link = VirtualTcpLink(
            self.clock,
            self.up,
            self.down,
            to_server=lambda lane, data: self.arrived.setdefault(lane, []).append((self.now, data)),
            to_client=lambda lane, data: self.answers.setdefault(lane, []).append((self.now, data)),
        )

    @property
    def now(self) -> float:
        return self.clock.now - self.began

    def every(self, interval: float, count: int, lane: int, size: int, start: float = 0.0) -> None:
        """Write that many messages up a lane; each begins with its number."""
        for number in range(count):
            message = number.to_bytes(4, "big") + bytes(size - 4)
            self.clock.at(self.began + start + number * interval, lambda message=message: self.up.write(lane, message))

    def lose(self, begin: float, end: float) -> None:
        """Nothing that the client sends in that time arrives."""
        way = self.up.way
        self.clock.at(self.began + begin, lambda: self.up.change(replace(way, loss=1.0)))
        self.clock.at(self.began + end, lambda: self.up.change(way))

    def latencies(self, lane: int, interval: float, start: float = 0.0) -> list[float]:
        return [at - start - int.from_bytes(data[:4], "big") * interval for at, data in self.arrived.get(lane, [])]


def test_messages_arrive_whole_in_order_after_the_delay() -> None:
    ends = Ends()
    messages = [bytes([number]) * size for number, size in enumerate((1, 100, 1420, 1421, 5000))]
    for message in messages:
        ends.up.write(7, message)
    ends.down.write(7, b"answer")
    ends.clock.run(1)

    assert [data for _, data in ends.arrived[7]] == messages
    assert [at for at, _ in ends.arrived[7]] == pytest.approx([0.04] * 5)
    assert [data for _, data in ends.answers[7]] == [b"answer"]


def test_a_lost_segment_stalls_only_its_lane_and_for_about_a_round_trip() -> None:
    ends = Ends()
    # Both lanes carry something every 20 ms; the other one half of that later.
    ends.every(0.02, 100, 1, 1000)
    ends.every(0.02, 100, 2, 1000, start=0.01)
    ends.lose(0.999, 1.001)
    ends.clock.run(4)

    stalled, other = ends.latencies(1, 0.02), ends.latencies(2, 0.02, start=0.01)
    assert len(stalled) == len(other) == 100
    assert other == pytest.approx([0.04] * 100)
    # Known as lost when the next one was acknowledged, which was sent 20 ms later; then it was sent again.
    assert max(stalled) == pytest.approx(0.04 + RTT + 0.02, abs=0.001)
    assert stalled.index(max(stalled)) == 50
    # What came behind it waited for it, then all was as before.
    behind = [latency for latency in stalled if latency > 0.041]
    assert behind == sorted(behind, reverse=True)
    assert len(behind) == pytest.approx((RTT + 0.02) / 0.02, abs=1)
    assert ends.up.sender(1).retransmissions == 1
    assert ends.up.sender(1).time_outs == ends.up.sender(1).probes == 0


def test_the_last_segment_before_a_pause_costs_a_probe() -> None:
    ends = Ends()
    ends.every(0.5, 6, 1, 1000)
    ends.lose(1.999, 2.001)
    ends.clock.run(5)

    latencies = ends.latencies(1, 0.5)
    assert latencies[:4] == latencies[5:] + [pytest.approx(0.04)] * 3
    # Alone in flight: the probe waits 200 ms beyond a round trip, which seems up to 40 ms longer to the sender than it
    # is, because nothing but a delayed acknowledgement answers.
    assert 0.04 + RTT + 0.2 <= latencies[4] <= 0.04 + RTT + 0.04 + 0.2
    assert ends.up.sender(1).probes == 1
    assert ends.up.sender(1).time_outs == 0


def test_the_end_of_a_frame_is_probed_for_after_two_round_trips() -> None:
    ends = Ends()
    ends.up.write(1, bytes(10_000))
    ends.clock.run(2)
    # The last of seven segments is lost: those before it are acknowledged, and no later ones follow.
    ends.up.change(replace(CLEAN, rate_bps=12_000_000))
    ends.lose(2.0065, 2.5)
    ends.up.write(1, bytes(10_000))
    ends.clock.run(0.15)
    assert len(ends.arrived[1]) == 1
    ends.up.change(CLEAN)
    ends.clock.run(2)

    assert 2.2 < ends.arrived[1][1][0] < 2.5
    assert ends.up.sender(1).probes >= 1


def test_repeated_losses_double_the_time_out() -> None:
    ends = Ends()
    ends.every(0.5, 3, 1, 1000)
    ends.lose(0.999, 2.2)
    ends.clock.run(8)

    # Probed after one time-out, repeated one later, then two, then four; all but the last are lost.
    sender = ends.up.sender(1)
    assert (sender.probes, sender.time_outs) == (1, 3)
    assert 0.04 + 8 * (RTT + 0.2) <= ends.latencies(1, 0.5)[2] <= 0.04 + 8 * (RTT + 0.04 + 0.2)


@pytest.mark.parametrize(("rtt", "rate"), [(0.03, 20e6), (0.08, 20e6), (0.15, 3e6), (0.08, 1.2e6)])
def test_one_lane_fills_a_clean_link(rtt: float, rate: float) -> None:
    way = Way(delay_ms=rtt * 500, rate_bps=rate, queue_ms=200)
    ends = Ends(way, Way(delay_ms=rtt * 500))

    def fill() -> None:
        while ends.up.is_writable(1):
            ends.up.write(1, bytes(10_000))
        ends.clock.at(ends.clock.now + 0.005, fill)

    ends.clock.at(ends.clock.now, fill)
    ends.clock.run(4)
    before = len(ends.arrived[1])
    ends.clock.run(6)
    goodput = (len(ends.arrived[1]) - before) * 10_000 * 8 / 6
    assert 0.85 * rate < goodput < rate * 1448 / 1500


def test_a_lane_holds_no_more_unsent_than_its_buffer() -> None:
    ends = Ends(Way(delay_ms=40, rate_bps=1e6), buffer=30_000)
    written = 0
    while ends.up.is_writable(1):
        ends.up.write(1, bytes(1000))
        written += 1
    # A window of ten segments is in flight already, one for each message as they came; the rest waits.
    assert written == pytest.approx(10 + 30_000 / (1000 + MESSAGE_OVERHEAD), abs=1)
    assert ends.up.is_writable(2)
    ends.clock.run(0.5)
    assert ends.up.is_writable(1)


def test_a_loss_cuts_the_window_by_three_tenths_and_a_time_out_to_one() -> None:
    ends = Ends()
    ends.every(0.005, 200, 1, 1000)
    ends.lose(0.499, 0.501)
    ends.clock.run(0.5)
    before = ends.up.sender(1).cubic.window
    ends.clock.run(0.3)
    assert ends.up.sender(1).cubic.window == pytest.approx(0.7 * before, rel=0.1)

    ends = Ends()
    ends.every(0.005, 100, 1, 1000)
    ends.lose(0.3, 30)
    ends.clock.run(1.5)
    assert ends.up.sender(1).cubic.window == 1


def test_acknowledgements_are_lost_and_delayed_too() -> None:
    ends = Ends(CLEAN, Way(delay_ms=40, loss=0.3))
    ends.every(0.01, 500, 1, 1000)
    ends.clock.run(8)
    # A later acknowledgement says what a lost one would have: nothing is late.
    assert len(ends.arrived[1]) == 500
    assert sum(latency > 0.05 for latency in ends.latencies(1, 0.01)) < 10


def test_two_lanes_share_the_rate() -> None:
    ends = Ends(Way(delay_ms=20, rate_bps=4e6, queue_ms=100))

    def fill() -> None:
        for lane in (1, 2):
            while ends.up.is_writable(lane):
                ends.up.write(lane, bytes(5000))
        ends.clock.at(ends.clock.now + 0.005, fill)

    ends.clock.at(ends.clock.now, fill)
    ends.clock.run(30)
    one, two = len(ends.arrived[1]), len(ends.arrived[2])
    assert (one + two) * 5000 * 8 / 30 > 0.85 * 4e6
    assert 0.4 < one / (one + two) < 0.6


@pytest.mark.parametrize("way", [Way(40, loss=0.05), Way(40, 10, bursts=Bursts(), rate_bps=2e6)])
def test_the_same_seed_gives_the_same_run(way: Way) -> None:
    def run(seed: int) -> dict[int, list[tuple[float, bytes]]]:
        ends = Ends(way, way, seed=seed)
        for lane in range(4):
            ends.every(0.02, 300, lane, 700, start=lane * 0.005)
        ends.clock.run(15)
        assert all(len(ends.arrived[lane]) == 300 for lane in range(4))
        return ends.arrived

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_nothing_arrives_on_a_lane_that_was_cut() -> None:
    ends = Ends()
    ends.up.write(1, b"one")
    ends.up.write(2, b"two")
    ends.link.cut(1)
    ends.up.write(1, b"late")
    ends.clock.run(1)
    assert list(ends.arrived) == [2]
