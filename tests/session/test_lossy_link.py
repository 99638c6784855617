"""A whole call over lanes that are TCP connections, on a link that loses packets."""

from benchmarks.link.model import Way
from benchmarks.link.virtual import TcpDirection
from tests.session.link import Link
from tests.session.media import Call

LOSSY = Way(delay_ms=40, loss=0.02, rate_bps=20e6)


def call_over(way, seconds, lanes=1):
    call = Call(Link(up=TcpDirection(way, seed="up"), down=TcpDirection(way, seed="down")), max_bitrate=500_000)
    call.start()
    for lane_id in range(1, lanes):
        call.link.open_lane(lane_id)
    call.link.run(seconds)
    return call


def test_a_call_over_a_clean_link_is_as_late_as_the_link():
    call = call_over(Way(delay_ms=40, rate_bps=20e6), 10)

    assert len(call.audio_latencies) > 490
    assert len(call.video_latencies) > 290
    assert 0.04 <= call.latencies(call.video_latencies, 0.95) < 0.06


def test_a_call_goes_on_over_a_link_that_loses():
    call = call_over(LOSSY, 20)

    assert call.link.up.packets_lost > 10
    # TCP repeats what was lost: nearly all of the sound comes, and never before the link's delay.
    assert len(call.audio_latencies) > 950
    assert min(call.audio_latencies) >= 0.04
    assert len(call.video_latencies) > 300


def test_who_receives_knows_how_many_pieces_were_for_nothing():
    call = call_over(Way(delay_ms=40, rate_bps=20e6), 5, lanes=4)
    link = call.link
    assert link.gateway.path(link.now).fragments_late == 0
    call = call_over(LOSSY, 15, lanes=4)

    assert call.link.gateway.path(call.link.now).fragments_late > 20
    assert call.link.client.path(call.link.now).fragments_late == 0


def test_the_same_seeds_give_the_same_call():
    one, other = call_over(LOSSY, 10), call_over(LOSSY, 10)
    assert one.video_latencies == other.video_latencies
    assert one.audio_latencies == other.audio_latencies


def test_a_call_survives_the_loss_of_its_lane():
    call = call_over(LOSSY, 5)
    link = call.link
    link.cut(0)
    link.run(0.5)
    link.open_lane(1)
    link.run(2)
    call.audio_latencies.clear()
    link.run(5)
    assert len(call.audio_latencies) > 230
