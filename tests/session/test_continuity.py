"""Which incoming frames are delivered, and when a keyframe is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from tests.session.media import audio, delta, keyframe
from wsmedia.media import MediaKind
from wsmedia.session.continuity import (
    AUDIO_PATIENCE,
    DECODABLE_PATIENCE,
    MAX_WAITING,
    UNDECODABLE_PATIENCE,
    IncomingAudio,
    IncomingTracks,
    IncomingVideo,
)
from wsmedia.wire import AudioMessage, VideoMessage


def video(number, distance, track_id=1):
    return VideoMessage(track_id, number % 2**32, distance, delta() if distance else keyframe())


def accepted(track, *pairs):
    """For each frame whether it is delivered at once, by a track of which nothing can come on another lane."""
    return [bool(track.accept(video(number, distance), 0.0, patient=False)) for number, distance in pairs]


def taken(tracks, message):
    return bool(tracks.accept(message, 0.0, patient=False))


class TestVideo:
    def test_nothing_before_the_first_keyframe(self):
        track = IncomingVideo()
        assert accepted(track, (5, 1), (6, 0), (7, 1)) == [False, True, True]

    def test_a_hole_in_the_references_ends_at_the_next_keyframe(self):
        track = IncomingVideo()
        assert accepted(track, (0, 0), (2, 1), (3, 1), (4, 0), (5, 1)) == [True, False, False, True, True]

    def test_a_hole_that_nobody_refers_to_does_no_harm(self):
        track = IncomingVideo()
        assert accepted(track, (0, 0), (2, 2), (3, 1)) == [True, True, True]

    def test_repeated_and_late_frames_are_dropped_without_a_request(self):
        track = IncomingVideo()
        assert accepted(track, (0, 0), (1, 1), (1, 1), (0, 0)) == [True, True, False, False]
        assert not track.wants_keyframe

    def test_numbers_wrap(self):
        track = IncomingVideo()
        top = 2**32 - 1
        assert accepted(track, (top - 1, 0), (top, 1), (top + 1, 1), (top + 2, 1)) == [True] * 4

    def test_a_reference_from_before_a_keyframe_does_not_count(self):
        track = IncomingVideo()
        assert accepted(track, (0, 0), (1, 0), (2, 2)) == [True, True, False]

    def test_the_farthest_reference(self):
        track = IncomingVideo()
        assert accepted(track, (0, 0), (255, 255), (511, 255)) == [True, True, False]

    @given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 255)), max_size=60))
    def test_what_is_delivered_is_decodable(self, frames):
        track = IncomingVideo()
        delivered = set()
        for number, distance in frames:
            if track.accept(video(number, distance), 0.0, patient=False):
                assert distance == 0 or (number - distance) % 2**32 in delivered
                if distance == 0:
                    delivered.clear()
                delivered.add(number)
            assert track._decodable < 2**256


class TestRequests:
    def tracks(self):
        tracks = IncomingTracks()
        tracks.add(1, MediaKind.VIDEO)
        tracks.add(2, MediaKind.VIDEO)
        return tracks

    def test_one_per_half_second_while_it_is_needed(self):
        tracks = self.tracks()
        asked = []
        for step in range(40):
            now = step / 30
            taken(tracks, video(step + 1, 1))
            asked += [(track_id, round(now, 2)) for track_id in tracks.requests_due(now)]
        assert asked == [(1, 0.0), (1, 0.5), (1, 1.0)]

    def test_a_track_that_is_silent_is_not_asked_again(self):
        tracks = self.tracks()
        taken(tracks, video(1, 1))
        assert tracks.requests_due(0.0) == [1]
        assert tracks.next_request_at() is None
        assert tracks.requests_due(10.0) == []

    def test_a_keyframe_settles_it(self):
        tracks = self.tracks()
        taken(tracks, video(1, 1))
        taken(tracks, video(2, 0))
        assert tracks.requests_due(0.0) == []

    def test_an_application_that_asks_too_soon_is_served_later(self):
        tracks = self.tracks()
        tracks.want_keyframe(1)
        assert tracks.requests_due(1.0) == [1]
        tracks.want_keyframe(1)
        tracks.want_keyframe(99)
        assert tracks.requests_due(1.2) == []
        assert tracks.next_request_at() == 1.5
        assert tracks.requests_due(1.5) == [1]

    def test_a_removed_track_is_not_asked(self):
        tracks = self.tracks()
        tracks.want_keyframe(1)
        tracks.remove(1)
        assert tracks.requests_due(0.0) == []
        assert 1 not in tracks
        assert len(tracks) == 1


class TestAudio:
    def test_in_order_and_once(self):
        track = IncomingAudio()
        numbers = [7, 8, 8, 10, 9, 11]
        assert [bool(track.accept(AudioMessage(0, number, audio()), 0.0, patient=False)) for number in numbers] == [
            True,
            True,
            False,
            True,
            False,
            True,
        ]

    def test_unknown_tracks_and_wrong_kinds_are_dropped(self):
        tracks = IncomingTracks()
        tracks.add(0, MediaKind.AUDIO)
        tracks.add(1, MediaKind.VIDEO)
        assert taken(tracks, AudioMessage(0, 0, audio()))
        assert not taken(tracks, AudioMessage(1, 0, audio()))
        assert not taken(tracks, video(0, 0, track_id=0))
        assert taken(tracks, video(0, 0))

    def test_a_replaced_track_begins_anew(self):
        tracks = IncomingTracks()
        tracks.add(0, MediaKind.AUDIO)
        taken(tracks, AudioMessage(0, 100, audio()))
        tracks.add(0, MediaKind.AUDIO)
        assert taken(tracks, AudioMessage(0, 0, audio()))


def packet(number):
    return AudioMessage(0, number % 2**32, audio())


def numbers(messages):
    return [message.frame_number for message in messages]


class TestPatience:
    """Several lanes: what is missing may still come."""

    def test_frames_wait_for_the_one_in_front_of_them(self):
        track = IncomingVideo()
        given = [numbers(track.accept(video(number, 1 if number else 0), 1.0, patient=True)) for number in (2, 0, 3, 1)]
        assert given == [[], [0], [], [1, 2, 3]]
        assert track.due_at is None

    def test_packets_too(self):
        track = IncomingAudio()
        assert [numbers(track.accept(packet(number), 1.0, patient=True)) for number in (1, 2, 0)] == [[], [], [0, 1, 2]]
        assert track.due_at is None

    def test_a_packet_that_is_missed_is_given_up(self):
        track = IncomingAudio()
        for number in (0, 2, 4):
            track.accept(packet(number), 1.0 + number / 100, patient=True)
        assert track.due_at == 1.02 + AUDIO_PATIENCE
        assert numbers(track.due(1.02 + AUDIO_PATIENCE, patient=True)) == [2]
        # The next one has its own time.
        assert track.due_at == 1.02 + 2 * AUDIO_PATIENCE
        assert numbers(track.accept(packet(1), 1.07, patient=True)) == []
        assert numbers(track.accept(packet(3), 1.08, patient=True)) == [3, 4]

    def test_a_frame_that_can_do_without_waits_shortly(self):
        track = IncomingVideo()
        track.accept(video(0, 0), 1.0, patient=True)
        track.accept(video(2, 2), 1.0, patient=True)
        assert track.due_at == 1.0 + DECODABLE_PATIENCE
        assert numbers(track.due(1.0 + DECODABLE_PATIENCE, patient=True)) == [2]
        assert not track.wants_keyframe

    def test_a_frame_that_cannot_waits_longer_and_then_needs_a_keyframe(self):
        track = IncomingVideo()
        track.accept(video(0, 0), 1.0, patient=True)
        track.accept(video(2, 1), 1.0, patient=True)
        assert track.due_at == 1.0 + UNDECODABLE_PATIENCE
        assert numbers(track.due(1.3, patient=True)) == []
        assert not track.wants_keyframe
        assert numbers(track.due(1.0 + UNDECODABLE_PATIENCE, patient=True)) == []
        assert track.wants_keyframe

    def test_a_keyframe_that_overtakes_the_beginning_waits_shortly(self):
        track = IncomingVideo()
        assert numbers(track.accept(video(5, 0), 1.0, patient=True)) == []
        assert numbers(track.due(1.0 + DECODABLE_PATIENCE, patient=True)) == [5]

    def test_a_track_that_goes_on_where_another_ended_does_not_wait_for_its_past(self):
        track = IncomingVideo()
        assert numbers(track.accept(video(1000, 0), 1.0, patient=True)) == [1000]

    def test_too_much_that_waits_gives_up_what_is_missing(self):
        track = IncomingAudio()
        for number in range(1, MAX_WAITING + 1):
            assert track.accept(packet(number), 1.0, patient=True) == []
        assert len(track.accept(packet(MAX_WAITING + 1), 1.0, patient=True)) == MAX_WAITING + 1

    def test_nothing_is_waited_for_when_one_lane_is_left(self):
        track = IncomingAudio()
        track.accept(packet(2), 1.0, patient=True)
        assert numbers(track.accept(packet(5), 1.0, patient=False)) == [2, 5]

    def test_the_tracks_know_when_something_is_due(self):
        tracks = IncomingTracks()
        tracks.add(0, MediaKind.AUDIO)
        tracks.add(1, MediaKind.VIDEO)
        assert tracks.next_due_at() is None
        tracks.accept(packet(1), 1.0, patient=True)
        tracks.accept(video(1, 0), 1.02, patient=True)
        assert tracks.next_due_at() == 1.0 + AUDIO_PATIENCE
        assert numbers(tracks.due(1.0 + AUDIO_PATIENCE, patient=True)) == [1]
        assert tracks.next_due_at() == 1.02 + DECODABLE_PATIENCE
        tracks.remove(1)
        assert tracks.next_due_at() is None

    def test_a_frame_given_up_asks_for_a_keyframe_when_its_time_is_over(self):
        tracks = IncomingTracks()
        tracks.add(1, MediaKind.VIDEO)
        tracks.accept(video(0, 0), 1.0, patient=True)
        tracks.accept(video(2, 1), 1.0, patient=True)
        assert tracks.next_request_at() is None
        tracks.due(2.0, patient=True)
        assert tracks.requests_due(2.0) == [1]


@st.composite
def overtaking(draw):
    """Frames of a track with when they come: in any order within half a second, some twice, some never."""
    count = draw(st.integers(1, 20))
    first = draw(st.sampled_from((0, 100, 2**32 - 5)))
    distances = [0, *(draw(st.sampled_from((0, 1, 1, 1, 2, 3))) for _ in range(count - 1))]
    copies = [draw(st.sampled_from((0, 1, 1, 1, 2))) for _ in range(count)]
    arrivals = [
        (step / 30 + draw(st.sampled_from((0.0, 0.0, 0.01, 0.05, 0.1, 0.5))), first + step, min(distance, step))
        for step, (distance, times) in enumerate(zip(distances, copies, strict=True))
        for _ in range(times)
    ]
    return sorted(arrivals)


@given(overtaking())
def test_whatever_order_the_lanes_give_frames_are_delivered_in_order_once_and_decodable(arrivals):
    track = IncomingVideo()
    delivered = []
    for at, number, distance in arrivals:
        while track.due_at is not None and track.due_at <= at:
            delivered += track.due(track.due_at, patient=True)
        delivered += track.accept(video(number, distance), at, patient=True)
    while (due_at := track.due_at) is not None:
        delivered += track.due(due_at, patient=True)

    steps = [(message.frame_number - delivered[0].frame_number) % 2**32 for message in delivered]
    assert steps == sorted(set(steps))
    seen = set()
    for message in delivered:
        distance = message.reference_distance
        assert distance == 0 or (message.frame_number - distance) % 2**32 in seen
        seen.add(message.frame_number)


@given(st.lists(st.tuples(st.sampled_from((1, 1, 1, 2, 3)), st.floats(0.0, 0.025)), min_size=1, max_size=30))
def test_nothing_that_comes_in_time_is_missed(frames):
    track = IncomingVideo()
    arrivals = sorted(
        (number / 60 + late, number, min(distance, number)) for number, (distance, late) in enumerate(frames)
    )
    delivered = []
    for at, number, distance in arrivals:
        while track.due_at is not None and track.due_at <= at:
            delivered += track.due(track.due_at, patient=True)
        delivered += track.accept(video(number, distance), at, patient=True)
    assert numbers(delivered) == list(range(len(frames)))
