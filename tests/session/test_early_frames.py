"""Frames that come before their track is announced."""

from tests.session.media import audio, delta, keyframe
from wsmedia.session.early_frames import MAX_EARLY_BYTES, MAX_EARLY_FRAMES, MAX_EARLY_TIME, EarlyFrames
from wsmedia.wire import AudioMessage, VideoMessage


def video(number, size=10, track_id=1):
    frame = delta(size) if number else keyframe(size)
    return VideoMessage(track_id, number, min(number, 1), frame)


def packet(number, track_id=0):
    return AudioMessage(track_id, number, audio())


def test_an_announced_track_gets_its_own_frames_in_the_order_they_came():
    early = EarlyFrames()
    for message in (video(0), packet(0), video(1), packet(1)):
        early.keep(message, 1.0)

    assert early.take(1, 1.1) == [video(0), video(1)]
    assert early.take(1, 1.1) == []
    assert early.take(0, 1.1) == [packet(0), packet(1)]


def test_what_waited_too_long_is_forgotten():
    early = EarlyFrames()
    early.keep(video(0), 1.0)
    early.keep(video(1), 1.5)

    assert early.take(1, 1.01 + MAX_EARLY_TIME) == [video(1)]


def test_a_track_that_has_ended_has_late_frames_and_no_early_ones():
    early = EarlyFrames()
    early.take(1, 1.0)
    early.keep(video(7), 2.0)

    assert early.take(1, 2.0) == []


def test_too_many_frames_lose_the_newest_and_not_the_keyframe_in_front():
    early = EarlyFrames()
    for number in range(MAX_EARLY_FRAMES + 1):
        early.keep(video(number), 1.0)

    assert [message.frame_number for message in early.take(1, 1.0)] == list(range(MAX_EARLY_FRAMES))


def test_too_many_octets_lose_what_does_not_fit_and_there_is_room_again_later():
    early = EarlyFrames()
    early.keep(video(0, MAX_EARLY_BYTES), 1.0)
    early.keep(video(1), 1.0)
    assert early.take(1, 1.0) == [video(0, MAX_EARLY_BYTES)]

    early.keep(video(0, MAX_EARLY_BYTES, track_id=2), 2.0)
    early.keep(video(0, MAX_EARLY_BYTES, track_id=3), 2.01 + MAX_EARLY_TIME)
    assert early.take(2, 3.1) == []
    assert len(early.take(3, 3.1)) == 1
