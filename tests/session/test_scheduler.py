"""Which frame goes next."""

from tests.session.media import audio, delta, keyframe
from wsmedia.media import MediaKind
from wsmedia.session.scheduler import Scheduler
from wsmedia.wire import WireLimits, decode


def scheduler():
    made = Scheduler()
    made.add_track(0, MediaKind.AUDIO)
    made.add_track(1, MediaKind.VIDEO)
    made.add_track(2, MediaKind.VIDEO)
    return made


AUDIO = 0


def order(made, now=0.0):
    """The tracks whose frames leave, as the session takes them: audio first."""
    tracks = []
    while (message := made.pop_audio(now)) is not None:
        tracks.append(decode(message, WireLimits()).track_id)
    while (popped := made.pop_video(now)) is not None:
        tracks.append(popped[1])
    return tracks


def test_of_videos_what_has_waited_longest_is_first():
    made = scheduler()
    made.push(2, keyframe(), 0.0)
    made.push(1, keyframe(), 0.01)
    made.push(2, delta(), 0.02)
    made.push(0, audio(), 0.03)
    assert made.has_video
    assert order(made, 0.03) == [AUDIO, 2, 1, 2]
    assert not made.has_video


def test_audio_alone_when_the_window_is_full():
    made = scheduler()
    made.push(1, keyframe(), 0.0)
    made.push(0, audio(), 0.0)
    assert made.pop_audio(0.0) is not None
    assert not made.has_audio
    assert made.backlog(0.5) == 0.5
    assert order(made) == [1]


def test_frames_of_unknown_tracks_are_dropped():
    made = scheduler()
    made.push(9, keyframe(), 0.0)
    assert order(made) == []


def test_a_removed_track_takes_its_frames_along():
    made = scheduler()
    made.push(1, keyframe(), 0.0)
    made.push(1, delta(), 0.0)
    made.remove_track(1)
    made.remove_track(99)
    assert order(made) == []
    assert made.dropped == 2


def test_a_track_that_is_announced_again_keeps_its_numbers():
    made = scheduler()
    made.push(1, keyframe(), 0.0)
    made.add_track(1, MediaKind.VIDEO)
    assert order(made) == [1]


def test_stale_video_goes_even_if_nothing_may_leave():
    made = scheduler()
    made.push(1, keyframe(), 0.0)
    order(made)
    made.push(1, delta(), 1.0)
    made.drop_stale(1.6)
    assert not made.has_video
    assert made.keyframe_needs(1.6) == [1, 2]


def test_a_loss_concerns_its_track_only():
    made = scheduler()
    for track_id in (1, 2):
        made.push(track_id, keyframe(), 0.0)
    order(made)
    for track_id in (1, 2):
        made.push(track_id, delta(), 0.0)
    made.lost(1)
    made.lost(77)
    assert order(made) == [2]
    assert made.takes_keyframe_need(1, 0.0)
    assert not made.takes_keyframe_need(2, 0.0)
    assert not made.takes_keyframe_need(77, 0.0)


def test_without_lanes_everything_goes_and_every_video_needs_a_keyframe():
    made = scheduler()
    made.push(1, keyframe(), 0.0)
    made.push(0, audio(), 0.0)
    made.clear()
    assert order(made) == []
    assert made.dropped == 2
    made.request_keyframe(1)
    made.request_keyframe(77)
    assert made.keyframe_needs(0.0) == [1, 2]
