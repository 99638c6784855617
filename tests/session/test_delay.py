"""What acknowledgements say about the path."""

from wsmedia.session.delay import DeliveredRate, QueueingDelay, RecentMinimum


def fed(delays, interval=0.02, start=0.0):
    queueing = QueueingDelay()
    for step, delay in enumerate(delays):
        queueing.add(delay, start + step * interval)
    return queueing


def test_the_offset_of_the_clocks_does_not_matter():
    assert fed([-1234.5] * 20).least == 0.0


def test_few_samples_say_nothing():
    assert fed([0.0, 0.0]).least is None
    assert fed([0.0] * 3).least is None


def test_the_end_of_a_stall_is_a_low_sample():
    assert fed([0.0] * 20 + [0.2] * 5 + [0.0]).least == 0.0


def test_a_standing_queue_shows_after_the_window():
    queueing = fed([0.0] * 20 + [0.1] * 15)
    assert queueing.least == 0.1
    assert not queueing.is_draining


def test_a_falling_delay_is_draining():
    assert fed([0.0] * 20 + [0.5 - 0.03 * step for step in range(15)]).is_draining


def test_sparse_samples_count_however_old():
    assert fed([0.0, 0.0, 0.3, 0.4, 0.5], interval=0.15).least == 0.3


def test_a_changed_route_is_forgiven():
    assert fed([0.0] * 10 + [0.1] * 1100).least == 0.0


def test_the_minimum_is_of_the_last_one_to_two_periods():
    minimum = RecentMinimum(10)
    assert minimum.add(5, 0) == 5
    assert minimum.add(7, 9) == 5
    assert minimum.add(8, 11) == 5
    assert minimum.add(8, 22) == 8
    assert minimum.add(9, 100) == 9


def test_the_rate_is_measured_on_the_far_ends_clock():
    rate = DeliveredRate()
    for step in range(40):
        # All ACKs arrive at once: what counts is when they were sent.
        rate.add(1000, step * 0.02, 5.0)
    assert rate.bps == 400_000
    assert rate.peak_bps == 400_000
    rate.add(10_000, 0.1, 5.0)
    assert rate.bps == 400_000
