import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.rtp.timeline import CaptureClock, ClockOffset, RemoteClock, ntp_from_unix_us, unix_us_from_ntp

NOW = 1_700_000_000_000_000
SECOND = 1_000_000


@given(st.integers(0, 2_085_978_495 * SECOND))
def test_ntp_round_trip(unix_us):
    assert unix_us_from_ntp(ntp_from_unix_us(unix_us)) == unix_us


def test_ntp_of_a_known_instant():
    # 2000-01-01T00:00:00Z is NTP second 3155673600 (RFC 5905 figure 4).
    assert ntp_from_unix_us(946_684_800 * SECOND) == 3_155_673_600 << 32
    assert ntp_from_unix_us(946_684_800 * SECOND + 500_000) & 0xFFFFFFFF == 1 << 31


def test_the_smallest_delay_is_the_offset():
    offset = ClockOffset()
    assert offset.offset_us is None
    assert offset.update(0, 50_000) == 50_000
    assert offset.update(100_000, 130_000) == 30_000
    # Queueing moves it by no more than 200 ppm.
    assert offset.update(1_100_000, 1_530_000) == pytest.approx(30_000, abs=300)


def test_a_slow_remote_clock_is_followed():
    offset = ClockOffset()
    for second in range(1000):
        offset.update(second * (SECOND - 100), second * SECOND)
    assert offset.offset_us == pytest.approx(999 * 100, abs=1000)


@pytest.mark.parametrize("step", [5 * SECOND, -60 * SECOND])
def test_a_step_of_the_remote_clock_starts_over(step):
    offset = ClockOffset()
    offset.update(0, 1000)
    assert offset.update(SECOND + step, SECOND) == -step


def sync_point(report, clock_rate, rtp_timestamp):
    """Where on the NTP clock a receiver places an RTP timestamp, in µs."""
    ntp_timestamp, report_rtp = report
    ticks = (rtp_timestamp - report_rtp + 2**31) % 2**32 - 2**31
    return unix_us_from_ntp(ntp_timestamp) + ticks * SECOND / clock_rate


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(-(10**9), 10**9))
def test_sender_reports_place_what_was_captured_together_together(audio_start, video_start, skew_us):
    clock = CaptureClock()
    audio, video = clock.timeline(48000), clock.timeline(90000)
    assert audio.report_times(NOW) is None
    for step in range(100):
        captured = NOW + skew_us + step * 20_000
        audio_delay, video_delay = 30_000 + step % 7 * 1000, 55_000 + step % 3 * 9000
        audio.sent((audio_start + step * 960) % 2**32, captured, NOW + step * 20_000 + audio_delay)
        video.sent((video_start + step * 1800) % 2**32, captured, NOW + step * 20_000 + video_delay)
    # Reports leave at different times, as they do.
    audio_at = sync_point(audio.report_times(NOW + 3 * SECOND), 48000, audio_start)
    video_at = sync_point(video.report_times(NOW + 5 * SECOND), 90000, video_start)
    assert abs(audio_at - video_at) < 100
    assert abs(audio_at - NOW) < 60_000


def test_sender_reports_show_our_wall_clock():
    timeline = CaptureClock().timeline(90000)
    timeline.sent(1000, 5, NOW)
    assert timeline.report_times(NOW + SECOND) == (ntp_from_unix_us(NOW + SECOND), 1000 + 90000)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(-(10**12), 10**12))
def test_received_audio_and_video_share_one_clock(audio_start, video_start, skew_us):
    clock = RemoteClock()
    audio, video = clock.timeline(48000), clock.timeline(90000)
    sent = NOW + skew_us
    audio.sender_report(ntp_from_unix_us(sent + 7_000), (audio_start + 336) % 2**32)
    video.sender_report(ntp_from_unix_us(sent + 9_000), (video_start + 810) % 2**32)
    for step in range(60):
        arrival = NOW + step * 20_000
        audio_us = audio.capture_time_us((audio_start + step * 960) % 2**32, arrival + 20_000)
        video_us = video.capture_time_us((video_start + step * 1800) % 2**32, arrival + 70_000)
        assert abs(audio_us - video_us) <= 20
        assert abs(audio_us - arrival) < 71_000


def test_before_a_report_jitter_of_arrival_does_not_show():
    timeline = RemoteClock().timeline(90000)
    start = 2**32 - 4500
    times = [
        timeline.capture_time_us((start + step * 3000) % 2**32, NOW + step * SECOND // 30 + (step % 5) * 10_000)
        for step in range(60)
    ]
    intervals = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(abs(interval - SECOND // 30) < 50 for interval in intervals)


def test_the_first_report_moves_capture_times_only_a_little():
    clock = RemoteClock()
    timeline = clock.timeline(90000)
    before = timeline.capture_time_us(0, NOW)
    timeline.sender_report(ntp_from_unix_us(5 * SECOND), 0)
    after = timeline.capture_time_us(3000, NOW + SECOND // 30)
    assert after - before == pytest.approx(SECOND // 30, abs=10)


def test_a_report_without_wall_clock_says_nothing():
    timeline = RemoteClock().timeline(90000)
    timeline.sender_report(0, 12345)
    assert timeline.capture_time_us(0, NOW) == NOW


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 10**7)
        ),
        max_size=20,
    )
)
def test_whatever_a_peer_reports_capture_times_stay_sane(steps):
    timeline = RemoteClock().timeline(90000)
    arrival = NOW
    for ntp_timestamp, report_rtp, rtp_timestamp, pause in steps:
        arrival += pause
        timeline.sender_report(ntp_timestamp, report_rtp)
        assert 0 <= timeline.capture_time_us(rtp_timestamp, arrival) <= arrival
