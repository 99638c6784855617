"""How large frames are spread over time."""

from wsmedia.session.pacing import BURST, PACE, Pacer


def test_a_frame_of_usual_size_leaves_at_once():
    pacer = Pacer()
    assert pacer.allows(1_000_000, 0.0)
    pacer.sent(BURST - 1)
    assert pacer.allows(1_000_000, 0.0)


def test_a_keyframe_leaves_at_the_pace_of_the_path():
    pacer, now, sent = Pacer(), 0.0, 0
    while sent < 100_000:
        if pacer.allows(1_000_000, now):
            pacer.sent(1_350)
            sent += 1_350
        else:
            assert pacer.open_at > now
            now = pacer.open_at
    expected = (100_000 - BURST) * 8 / (PACE * 1_000_000)
    assert 0.95 * expected < now < 1.3 * expected


def test_a_faster_path_opens_sooner():
    pacer = Pacer()
    pacer.sent(50_000)
    assert not pacer.allows(1_000_000, 0.0)
    slow = pacer.open_at
    assert not pacer.allows(4_000_000, 0.0)
    assert pacer.open_at < slow
