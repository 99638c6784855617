from hypothesis import given
from hypothesis import strategies as st

from wsmedia.rtp.arrivals import ArrivalRecorder
from wsmedia.rtp.rtcp import parse


def reported(recorder):
    """What a sender learns: transport-wide number → arrival in µs; None for missing."""
    result = {}
    for feedback in recorder.build():
        data = feedback.serialize()
        assert len(data) <= 1200
        assert parse(data) == [feedback]
        result |= dict(feedback.arrivals())
    return result


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.tuples(st.integers(1, 20), st.floats(0, 12.0)), min_size=1, max_size=80),
    st.floats(0, 100_000),
)
def test_every_arrival_is_told_to_a_quarter_of_a_millisecond(start, steps, now):
    recorder = ArrivalRecorder(1, 2)
    number = start
    expected = {}
    for index, (step, pause) in enumerate(steps):
        number = number + (step if index else 0)
        now += pause
        recorder.record(number & 0xFFFF, now)
        expected[number & 0xFFFF] = now
    got = reported(recorder)
    # 24 bits of 64 ms wrap about every 12 days.
    for number, arrival in expected.items():
        assert 0 <= arrival * 1e6 - got[number] <= 251
    assert {number for number, arrival in got.items() if arrival is not None} == set(expected)
    assert recorder.build() == []


def test_each_feedback_continues_where_the_one_before_ended():
    recorder = ArrivalRecorder(1)
    recorder.record(65534, 1.0)
    recorder.record(65535, 1.0)
    (first,) = recorder.build()
    recorder.record(1, 1.1)
    (second,) = recorder.build()
    assert (first.base_sequence_number, first.feedback_count) == (65534, 0)
    assert (second.base_sequence_number, second.feedback_count) == (0, 1)
    assert [arrival is None for _, arrival in second.arrivals()] == [True, False]


def test_a_late_packet_is_told_by_itself():
    recorder = ArrivalRecorder(1)
    for number in (1, 3):
        recorder.record(number, 1.0)
    recorder.build()
    recorder.record(2, 1.1)
    recorder.record(4, 1.1)
    late, regular = recorder.build()
    assert (late.base_sequence_number, len(late.deltas)) == (2, 1)
    assert (regular.base_sequence_number, len(regular.deltas)) == (4, 1)


def test_a_jump_of_the_counter_starts_over():
    recorder = ArrivalRecorder(1, max_span=100)
    recorder.record(1, 1.0)
    recorder.record(5000, 1.1)
    (feedback,) = recorder.build()
    assert (feedback.base_sequence_number, len(feedback.deltas)) == (5000, 1)


def test_a_repeated_number_keeps_its_first_arrival():
    recorder = ArrivalRecorder(1)
    recorder.record(1, 1.0)
    recorder.record(1, 2.0)
    assert reported(recorder) == {1: 1_000_000}


def test_memory_is_bounded():
    recorder = ArrivalRecorder(1, max_span=64)
    recorder.record(1000, 1.0)
    recorder.build()
    for number in range(500):
        recorder.record(number, 2.0)
    assert len(recorder.build()) == 32


def test_much_is_told_in_several_packets():
    recorder = ArrivalRecorder(1)
    for number in range(0, 2000, 2):
        recorder.record(number, number / 100)
    got = reported(recorder)
    assert [number for number, arrival in got.items() if arrival is not None] == list(range(0, 2000, 2))
