"""What waits, what is dropped, how frames are numbered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.session.media import audio, delta, keyframe
from wsmedia.session.queues import MAX_AUDIO_PACKETS, MAX_VIDEO_BYTES, MAX_VIDEO_FRAMES, AudioQueue, VideoQueue
from wsmedia.wire import WireLimits, decode


def drain(queue, now=0.0):
    queue.drop_stale(now)
    messages = []
    while (data := queue.pop(now)) is not None:
        messages.append(decode(data, WireLimits()))
    return messages


def started(*frames, now=0.0):
    queue = VideoQueue(1)
    for frame in (keyframe(), *frames):
        queue.push(frame, now)
    return queue


def shapes(messages):
    return [(message.frame_number, message.reference_distance) for message in messages]


class TestNumbers:
    def test_without_layers_each_frame_refers_to_the_one_before(self):
        assert shapes(drain(started(delta(), delta(), keyframe(), delta()))) == [(0, 0), (1, 1), (2, 1), (3, 0), (4, 1)]

    def test_two_temporal_layers(self):
        frames = [delta(layer=1, discardable=True), delta()] * 2
        assert shapes(drain(started(*frames))) == [(0, 0), (1, 1), (2, 2), (3, 1), (4, 2)]

    def test_three_temporal_layers(self):
        frames = [delta(layer=2, discardable=True), delta(layer=1), delta(layer=2, discardable=True), delta()]
        assert shapes(drain(started(*frames))) == [(0, 0), (1, 1), (2, 2), (3, 1), (4, 4)]

    def test_a_discardable_frame_is_no_reference(self):
        assert shapes(drain(started(delta(discardable=True), delta()))) == [(0, 0), (1, 1), (2, 2)]

    def test_a_reference_too_far_away_needs_a_keyframe(self):
        queue = VideoQueue(1)
        queue.push(keyframe(10), 0.0)
        sent = len(drain(queue))
        for _ in range(256):
            queue.push(delta(10, discardable=True), 0.0)
            sent += len(drain(queue))
        assert sent == 256
        assert queue.take_keyframe_need(0.0)
        assert queue.dropped == 1

    def test_numbers_wrap(self):
        queue = started()
        queue._next_number = 2**32 - 1
        queue.push(delta(), 0.0)
        assert shapes(drain(queue)) == [(2**32 - 1, 0), (0, 1)]


class TestVideoDrops:
    def test_a_discardable_frame_goes_alone_and_leaves_no_hole(self):
        queue = started(delta(), delta(discardable=True), delta())
        assert shapes(drain(queue, 0.01)) == [(0, 0), (1, 1), (2, 1), (3, 2)]

        queue.push(delta(discardable=True), 1.0)
        queue.push(delta(), 1.0)
        assert shapes(drain(queue, 1.2)) == [(4, 1)]
        assert queue.dropped == 1

    def test_a_stale_frame_takes_everything_up_to_the_next_keyframe(self):
        queue = VideoQueue(1)
        queue.push(keyframe(), 0.0)
        drain(queue)
        queue.push(delta(), 1.0)
        queue.push(delta(), 1.6)
        assert drain(queue, 1.61) == []
        assert queue.dropped == 2
        assert queue.take_keyframe_need(1.61)
        queue.push(delta(), 1.7)
        assert len(queue) == 0

        queue.push(keyframe(), 1.8)
        queue.push(delta(), 1.8)
        assert shapes(drain(queue, 1.8)) == [(1, 0), (2, 1)]

    def test_what_waited_behind_its_keyframe_is_not_stale_at_once(self):
        queue = started(delta(), delta())
        queue.drop_stale(1.0)
        assert queue.pop(1.0) is not None
        queue.drop_stale(1.1)
        assert len(queue) == 2

    def test_a_waiting_keyframe_stays_until_it_is_very_old(self):
        queue = started()
        queue.drop_stale(1.9)
        assert len(queue) == 1
        queue.drop_stale(2.1)
        assert len(queue) == 0
        assert queue.take_keyframe_need(2.1)

    def test_a_newer_keyframe_replaces_what_has_waited(self):
        queue = started(delta())
        queue.push(keyframe(), 0.2)
        assert shapes(drain(queue, 0.2)) == [(0, 0)]
        assert queue.dropped == 2

    def test_too_many_frames(self):
        queue = started(*[delta(10, discardable=True)] * 10, *[delta(10)] * (MAX_VIDEO_FRAMES - 10))
        assert len(queue) == MAX_VIDEO_FRAMES - 9
        assert queue.dropped == 10
        for _ in range(10):
            queue.push(delta(10), 0.0)
        assert len(queue) <= MAX_VIDEO_FRAMES

    def test_too_many_bytes_keep_the_newest_keyframe(self):
        queue = started(delta(MAX_VIDEO_BYTES - 6000), keyframe(3000))
        queue.push(delta(), 0.0)
        assert shapes(drain(queue)) == [(0, 0), (1, 1)]

    def test_without_another_keyframe_the_oldest_one_stays_alone(self):
        queue = started(*[delta(1)] * (MAX_VIDEO_FRAMES + 5))
        assert len(queue) <= MAX_VIDEO_FRAMES

    def test_a_lost_frame_needs_a_keyframe(self):
        queue = started(delta())
        drain(queue)
        queue.push(delta(), 0.1)
        queue.lost()
        assert drain(queue, 0.1) == []
        assert queue.take_keyframe_need(0.1)

    def test_a_waiting_keyframe_heals_a_loss(self):
        queue = started(delta())
        drain(queue)
        queue.push(delta(), 0.1)
        queue.push(keyframe(), 0.1)
        queue.lost()
        assert not queue.take_keyframe_need(0.1)
        assert len(drain(queue, 0.1)) == 1

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["key", "delta", "layer", "pop", "lost", "clear"]),
                st.floats(0, 0.4),
                st.integers(1, 300_000),
            ),
            max_size=150,
        )
    )
    def test_the_queue_is_bounded_and_what_leaves_is_decodable(self, steps):
        queue = VideoQueue(1)
        now = 0.0
        decodable = set()
        number = -1
        waiting = pushed = left = 0
        for what, wait, size in steps:
            now += wait
            match what:
                case "key":
                    queue.push(keyframe(size), now)
                case "delta":
                    queue.push(delta(size), now)
                case "layer":
                    queue.push(delta(size, layer=1, discardable=True), now)
                case "lost":
                    queue.lost()
                case "clear":
                    queue.clear()
                case _:
                    queue.drop_stale(now)
                    data = queue.pop(now)
                    if data is not None:
                        message = decode(data, WireLimits())
                        left += 1
                        assert message.frame_number == number + 1
                        number += 1
                        distance = message.reference_distance
                        assert distance == 0 or number - distance in decodable
                        if not message.frame.discardable:
                            decodable.add(number)
            pushed += what in {"key", "delta", "layer"}
            waiting = len(queue)
            assert waiting <= MAX_VIDEO_FRAMES
            assert queue._bytes == sum(len(item.frame.data) for item in queue._waiting)
            assert queue._bytes <= MAX_VIDEO_BYTES + 300_000
        assert pushed == left + waiting + queue.dropped


class TestKeyframeNeeds:
    def test_asked_once_in_half_a_second_until_it_comes(self):
        queue = VideoQueue(1)
        asked = [at / 10 for at in range(12) if queue.take_keyframe_need(at / 10)]
        assert asked == [0.0, 0.5, 1.0]
        queue.push(keyframe(), 1.2)
        assert not queue.take_keyframe_need(2.0)

    def test_a_request_while_a_keyframe_waits_is_ignored(self):
        queue = started()
        queue.request_keyframe()
        assert not queue.take_keyframe_need(0.0)
        drain(queue)
        queue.request_keyframe()
        assert queue.take_keyframe_need(0.1)
        assert not queue.take_keyframe_need(1.0)


class TestAudio:
    def queue(self):
        queue = AudioQueue()
        queue.add_track(0)
        queue.add_track(0)
        queue.add_track(2)
        return queue

    def test_packets_of_all_tracks_leave_in_order_with_numbers_of_their_own(self):
        queue = self.queue()
        for track_id in (0, 2, 0):
            queue.push(track_id, audio(), 0.0)
        messages = [decode(data, WireLimits()) for data in iter(lambda: queue.pop(0.0), None)]
        assert [(message.track_id, message.frame_number) for message in messages] == [(0, 0), (2, 0), (0, 1)]

    def test_old_packets_are_dropped_without_a_hole(self):
        queue = self.queue()
        queue.push(0, audio(), 0.0)
        queue.push(0, audio(), 0.3)
        assert decode(queue.pop(0.3), WireLimits()).frame_number == 0
        assert queue.dropped == 1

    def test_packets_of_a_removed_track_are_dropped(self):
        queue = self.queue()
        queue.push(0, audio(), 0.0)
        queue.remove_track(0)
        assert queue.pop(0.0) is None
        assert 0 not in queue

    def test_the_oldest_gives_way(self):
        queue = self.queue()
        for at in range(MAX_AUDIO_PACKETS + 3):
            queue.push(0, audio(at), 0.0)
        assert queue.dropped == 3
        assert decode(queue.pop(0.0), WireLimits()).frame.capture_time_us == 3
        queue.clear()
        assert queue.pop(0.0) is None
        assert queue.dropped == MAX_AUDIO_PACKETS + 2


@pytest.mark.parametrize("size", [1, 100])
def test_dropped_counts(size):
    queue = started(*[delta(size)] * 3)
    queue.clear()
    assert queue.dropped == 4
