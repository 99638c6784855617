import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.rtp.support import numbered, u16
from wsmedia.rtp.reorder import ReorderBuffer


def push(buffer, *numbers, now=0.0):
    return [packet.sequence_number for number in numbers for packet in buffer.push(numbered(number), now)]


@given(u16)
def test_packets_in_order_leave_at_once(start):
    buffer = ReorderBuffer()
    for offset in range(5):
        assert push(buffer, start + offset) == [(start + offset) & 0xFFFF]
    assert buffer.next_timeout() is None


@given(u16, st.permutations(range(1, 20)))
def test_any_order_comes_out_in_order(start, order):
    buffer = ReorderBuffer()
    out = push(buffer, start, *(start + offset for offset in order))
    assert out == [(start + offset) & 0xFFFF for offset in range(20)]


def test_a_gap_is_skipped_after_the_wait():
    buffer = ReorderBuffer(max_wait=0.2)
    push(buffer, 1)
    assert push(buffer, 3, now=1.0) == []
    assert push(buffer, 6, now=1.1) == []
    assert buffer.next_timeout() == 1.2
    assert not buffer.poll(1.19)
    assert [packet.sequence_number for packet in buffer.poll(1.2)] == [3]
    assert buffer.take_skipped() == [2]
    assert [packet.sequence_number for packet in buffer.poll(1.3)] == [6]
    assert buffer.take_skipped() == [4, 5]
    assert buffer.take_skipped() == []
    assert buffer.poll(9.0) == ()


def test_late_and_repeated_packets_are_counted_and_dropped():
    buffer = ReorderBuffer(max_wait=0.2)
    assert push(buffer, 5, 6, 5, 4) == [5, 6]
    assert push(buffer, 8, 8) == []
    assert buffer.packets_late == 3


def test_without_wait_gaps_are_skipped_at_once():
    buffer = ReorderBuffer(max_wait=0)
    assert push(buffer, 1, 3, 2, 4) == [1, 3, 4]
    assert buffer.take_skipped() == [2]


def test_the_buffer_is_bounded():
    buffer = ReorderBuffer(max_packets=4)
    assert push(buffer, 0, 2, 4) == [0]
    assert push(buffer, 6) == [2]
    assert push(buffer, 7) == [4]
    assert buffer.take_skipped() == [1, 3]
    assert push(buffer, 5) == [5, 6, 7]


def test_a_jump_ahead_goes_on_from_there():
    buffer = ReorderBuffer(max_packets=16)
    assert push(buffer, 0, 2, 1000, 1001) == [0, 2, 1000, 1001]


def test_a_restarted_source_is_followed_at_its_second_packet():
    buffer = ReorderBuffer()
    assert push(buffer, 30000, 30002, 5, 6, 7) == [30000, 30002, 6, 7]


def test_a_single_stray_packet_changes_nothing():
    buffer = ReorderBuffer()
    assert push(buffer, 30000, 5, 30001, 6, 30002) == [30000, 30001, 30002]


@given(
    st.integers(2, 20),
    st.lists(st.tuples(st.integers(0, 300), st.floats(0, 0.3)), max_size=100),
)
def test_order_and_bounds_hold_whatever_arrives(max_packets, arrivals):
    buffer = ReorderBuffer(max_wait=0.2, max_packets=max_packets)
    now = 0.0
    out = []
    for number, pause in arrivals:
        now += pause
        out += buffer.poll(now)
        out += buffer.push(numbered(number), now)
        timeout = buffer.next_timeout()
        assert timeout is None or now < timeout <= now + 0.2
        assert len(buffer.take_skipped()) <= max_packets
    numbers = [packet.sequence_number for packet in out]
    # Only a jump back of more than 100 may break the order: it counts as a restart.
    assert all(later > earlier or earlier - later > 99 for earlier, later in itertools.pairwise(numbers))
