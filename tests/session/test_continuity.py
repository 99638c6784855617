"""Which incoming frames are delivered, and when a keyframe is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from tests.session.media import audio, delta, keyframe
from wsmedia.media import MediaKind
from wsmedia.session.continuity import IncomingAudio, IncomingTracks, IncomingVideo
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
