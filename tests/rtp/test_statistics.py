import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rtp.support import u16
from wsmedia.rtp.rtcp import ReportBlock, SenderReport
from wsmedia.rtp.statistics import ReceiveStatistics, SendStatistics, round_trip_time
from wsmedia.rtp.timeline import ntp_from_unix_us


def receive(statistics, numbers):
    for number in numbers:
        statistics.received(number & 0xFFFF, 0, 100, 0.0)


def test_nothing_received_is_nothing_to_report():
    assert ReceiveStatistics(1, 90000).report_block(0.0) is None
    assert ReceiveStatistics(1, 90000).packets_lost == 0


@given(u16, st.sets(st.integers(1, 400), max_size=100))
def test_losses_are_counted_across_the_wrap(start, missing):
    statistics = ReceiveStatistics(1, 90000)
    receive(statistics, [start + offset for offset in range(402) if offset not in missing])
    block = statistics.report_block(0.0)
    assert block.packets_lost == len(missing) == statistics.packets_lost
    assert block.fraction_lost == len(missing) * 256 // 402
    assert block.highest_sequence_number == start + 401
    assert (statistics.packets_received, statistics.octets_received) == (402 - len(missing), 100 * (402 - len(missing)))


def test_each_report_tells_of_its_own_interval():
    statistics = ReceiveStatistics(1, 90000)
    receive(statistics, [0, 2])
    assert statistics.report_block(0.0).fraction_lost == 256 // 3
    receive(statistics, [3, 4])
    block = statistics.report_block(0.0)
    assert (block.fraction_lost, block.packets_lost) == (0, 1)


def test_repetitions_make_losses_negative_but_no_fraction():
    statistics = ReceiveStatistics(1, 90000)
    receive(statistics, [1, 1, 1])
    block = statistics.report_block(0.0)
    assert (block.fraction_lost, block.packets_lost) == (0, -2)


def test_a_wholly_lost_interval_stays_below_256():
    statistics = ReceiveStatistics(1, 90000)
    receive(statistics, [0])
    statistics.report_block(0.0)
    receive(statistics, [2900])
    assert statistics.report_block(0.0).fraction_lost == 255


def test_a_restarted_source_starts_over_at_its_second_packet():
    statistics = ReceiveStatistics(1, 90000)
    receive(statistics, [30000, 30001, 5])
    assert statistics.highest_sequence_number == 30001
    receive(statistics, [6])
    assert statistics.highest_sequence_number == 6
    assert statistics.packets_lost == 0


def test_jitter_follows_the_variation_of_transit_times():
    statistics = ReceiveStatistics(1, 90000)
    timestamp = 2**32 - 90000
    for index in range(200):
        late = 0.01 if index % 2 else 0.0
        statistics.received(index, (timestamp + 3000 * index) & 0xFFFFFFFF, 1, 1000 + index / 30 + late)
    assert statistics.jitter_seconds == pytest.approx(0.01, rel=0.01)
    assert statistics.report_block(0.0).jitter == pytest.approx(900, rel=0.01)


def test_steady_arrival_has_no_jitter():
    statistics = ReceiveStatistics(1, 48000)
    for index in range(100):
        statistics.received(index, 960 * index, 1, 5 + index / 50)
    assert statistics.report_block(0.0).jitter <= 1


def test_a_round_trip_is_measured_with_both_ends():
    receiver = ReceiveStatistics(1, 90000)
    receiver.received(1, 0, 1, 10.0)
    sent_us = 1_700_000_000_000_000
    receiver.sender_report_received(SenderReport(1, ntp_from_unix_us(sent_us), 0, 0, 0), 10.0)
    block = receiver.report_block(12.5)
    assert block.delay_since_last_sender_report == int(2.5 * 65536)

    sender = SendStatistics()
    sender.sent(1000)
    sender.report_received(block, ntp_from_unix_us(sent_us + 2_580_000))
    assert sender.round_trip_time == pytest.approx(0.08, abs=1e-4)
    assert (sender.packets_sent, sender.octets_sent) == (1, 1000)


def test_fractions_are_told_as_shares():
    sender = SendStatistics()
    sender.report_received(ReportBlock(1, 64, 10, 5, 90, 0, 0), 0)
    assert (sender.fraction_lost, sender.jitter, sender.round_trip_time) == (0.25, 90, None)


@pytest.mark.parametrize("claimed_seconds", [-70.0, -1.5, 61.0])
def test_absurd_round_trips_are_not_believed(claimed_seconds):
    now = 12345 << 32
    last = (now >> 16) - int(claimed_seconds * 65536) & 0xFFFFFFFF
    assert round_trip_time(ReportBlock(1, 0, 0, 0, 0, last, 0), now) is None


def test_a_peer_whose_clock_is_a_little_off_gives_zero():
    now = 12345 << 32
    assert round_trip_time(ReportBlock(1, 0, 0, 0, 0, now >> 16 & 0xFFFFFFFF, 100), now) == 0.0
