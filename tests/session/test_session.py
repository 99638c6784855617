"""A session's life over a network: handshake, media, CONTROL, resume, the end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.session.link import KEY, SESSION_ID, Link, hello
from tests.session.media import CAMERA, MICROPHONE, Call, audio, delta, keyframe
from wsmedia.errors import CloseCode, LocalProtocolError
from wsmedia.session import (
    AllLanesLost,
    Closed,
    ControlReceived,
    Established,
    FrameReceived,
    KeyframeNeeded,
    LaneLost,
    Resumed,
    Role,
    Session,
    SessionLimits,
    WelcomeInfo,
)
from wsmedia.session.lifecycle import GOING_AWAY_GRACE
from wsmedia.wire import (
    KeyframeRequest,
    Mute,
    Publish,
    PublishRejected,
    RoomStateChanged,
    TargetBitrate,
    TrackAdded,
    Unpublish,
    WireLimits,
    decode,
)


def open_link(**options):
    link = Link(**options)
    link.open_lane(0)
    link.run(1)
    return link


def of_type(events, event_type):
    return [event for event in events if isinstance(event, event_type)]


def frames(events):
    return [bytes(event.frame.data)[:1] for event in of_type(events, FrameReceived)]


class TestHandshake:
    def test_both_sides_are_established(self):
        link = open_link()

        assert link.client_events == [Established(False)]
        assert link.gateway_events == [Established(False)]
        assert link.client.welcome.participant_id == "p-1"
        assert link.client.is_established
        assert link.client.lane_ids == (0,)

    def test_media_may_follow_hello_at_once(self):
        link = Link()
        link.open_lane(0)
        link.client.send_control(Publish(CAMERA), link.now)
        link.client.send_frame(1, keyframe(), link.now)
        link.run(0.05)

        assert link.gateway_events == [
            Established(False),
            ControlReceived(Publish(CAMERA)),
            FrameReceived(1, link.gateway_events[2].frame),
        ]

    def test_the_client_takes_timers_and_rate_from_welcome(self):
        link = open_link(limits=SessionLimits(resume_window=7, idle_timeout=6, max_bytes_per_second=50_000))

        assert link.client.limits.resume_window == 7
        assert link.client.limits.idle_timeout == 6
        assert link.client.target_bitrate_bps == 360_000

    def test_a_second_lane_is_added(self):
        link = open_link()
        link.open_lane(1)
        link.run(1)

        assert link.client.lane_ids == (0, 1)
        assert link.gateway.lane_ids == (0, 1)
        assert link.client.welcome.resumed
        assert not of_type(link.client_events, Resumed)

    def test_a_client_needs_a_hello(self):
        with pytest.raises(LocalProtocolError):
            Session(Role.CLIENT, SESSION_ID, key=KEY, now=0)

    def test_a_client_cannot_reuse_a_lane_id(self):
        link = open_link()
        with pytest.raises(LocalProtocolError):
            link.client.open_lane(0, "websocket", link.now)

    def test_a_client_that_is_never_welcomed_gives_up(self):
        link = Link()
        link.run(31)

        assert link.client_events == [Closed(CloseCode.TIMEOUT, "timeout", False, "no lane came back in time")]

    def test_lane_id_used_twice_closes_the_session(self):
        link = open_link()
        link.gateway.attach_lane(0, hello(), WelcomeInfo("p-1"), link.now)

        closed = of_type(link.gateway.events_received(), Closed)
        assert [event.code for event in closed] == [CloseCode.MALFORMED]
        assert decode(link.gateway.next_message(0, link.now), WireLimits()).code == CloseCode.MALFORMED

    def test_too_many_lanes_close_the_session(self):
        link = open_link(limits=SessionLimits(max_lanes=2))
        link.open_lane(1)
        link.open_lane(2)
        link.run(1)

        assert of_type(link.client_events, Closed) == [Closed(4429, "rate_limited", True, "too many lanes")]


class TestTracks:
    def test_frames_of_unannounced_tracks_are_dropped(self):
        link = open_link()
        link.client.send_control(Publish(MICROPHONE), link.now)
        link.client.send_frame(0, audio(), link.now)
        link.client.send_frame(5, audio(), link.now)
        link.run(1)

        assert frames(link.gateway_events) == [b"a"]

    @pytest.mark.parametrize("sender_is_client", [True, False])
    def test_a_keyframe_that_overtakes_its_announcement_is_delivered_with_it(self, sender_is_client):
        link = open_link()
        link.open_lane(1)
        link.run(1)
        sender, announce = (
            (link.client, Publish(CAMERA)) if sender_is_client else (link.gateway, TrackAdded("p", CAMERA))
        )
        receiver = link.gateway if sender_is_client else link.client
        events = link.gateway_events if sender_is_client else link.client_events
        sender.send_control(announce, link.now)
        control = sender.next_message(0, link.now)
        sender.send_frame(1, keyframe(), link.now)
        sender.send_frame(1, delta(), link.now)
        while (frame := sender.next_message(1, link.now)) is not None:
            receiver.receive_message(1, frame, link.now)
        link.run(0.2)
        assert not frames(events)
        receiver.receive_message(0, control, link.now)
        link.run(0.01)

        assert [type(event) for event in events[-3:]] == [ControlReceived, FrameReceived, FrameReceived]
        assert frames(events) == [b"K", b"d"]

    def test_frames_after_unpublish_are_dropped(self):
        link = open_link()
        link.client.send_control(Publish(MICROPHONE), link.now)
        link.run(1)
        link.client.send_control(Unpublish(0), link.now)
        link.client.send_frame(0, audio(), link.now)
        link.run(1)

        assert not frames(link.gateway_events)

    def test_a_frame_that_the_far_end_would_refuse_is_not_sent(self):
        link = open_link(limits=SessionLimits(max_frame_bytes=3000))
        link.client.send_control(Publish(CAMERA), link.now)
        link.client.send_frame(1, keyframe(3001), link.now)
        link.client.send_frame(1, delta(), link.now)
        link.run(1)
        assert frames(link.gateway_events) == []
        link.client.send_frame(1, keyframe(3000), link.now)
        link.run(1)

        assert frames(link.gateway_events) == [b"K"]

    def test_a_rejected_track_ends_on_both_sides(self):
        link = open_link()
        link.client.send_control(Publish(MICROPHONE), link.now)
        link.run(1)
        link.gateway.send_control(PublishRejected(0, "no audio here"), link.now)
        link.client.send_frame(0, audio(), link.now)
        link.run(1)
        link.client.send_frame(0, audio(), link.now)
        link.run(1)

        assert not frames(link.gateway_events)
        assert ControlReceived(PublishRejected(0, "no audio here")) in link.client_events

    def test_too_many_tracks_are_rate_limited(self):
        link = open_link(limits=SessionLimits(max_tracks=1))
        link.client.send_control(Publish(MICROPHONE), link.now)
        link.client.send_control(Publish(MICROPHONE), link.now)
        link.client.send_control(Publish(CAMERA), link.now)
        link.run(1)

        assert of_type(link.client_events, Closed) == [Closed(4429, "rate_limited", True, "too many tracks")]

    def test_the_gateway_sends_tracks_too(self):
        link = open_link()
        link.gateway.send_control(TrackAdded("p-2", CAMERA), link.now)
        link.gateway.send_frame(1, keyframe(), link.now)
        link.gateway.send_frame(1, delta(), link.now)
        link.run(1)

        assert frames(link.client_events) == [b"K", b"d"]


class TestKeyframes:
    def test_a_new_video_track_asks_its_encoder(self):
        link = open_link()
        link.client.send_control(Publish(CAMERA), link.now)
        link.client.send_frame(1, delta(), link.now)

        assert link.client.events_received() == [KeyframeNeeded(1)]

    def test_requests_reach_the_encoder_coalesced(self):
        link = open_link()
        link.client.send_control(Publish(CAMERA), link.now)
        link.client.send_frame(1, keyframe(), link.now)
        link.run(1)
        link.client_events.clear()
        for _ in range(5):
            link.gateway.send_control(KeyframeRequest(1), link.now)
        link.run(0.2)
        assert link.client_events == [KeyframeNeeded(1)]
        link.client.send_frame(1, keyframe(), link.now)
        link.run(0.1)

        # After that keyframe somebody else needs one: the request waits for its half second, and is not forgotten.
        link.client_events.clear()
        link.gateway.send_control(KeyframeRequest(1), link.now)
        link.run(0.1)
        assert link.client_events == []
        link.run(0.5)
        assert link.client_events == [KeyframeNeeded(1)]

    def test_requests_for_unknown_tracks_are_ignored(self):
        link = open_link()
        link.gateway.send_control(KeyframeRequest(77), link.now)
        link.client.send_control(KeyframeRequest(77), link.now)
        link.run(1)

        assert not link.client.is_closed
        assert not of_type(link.client_events, KeyframeNeeded)


class TestResume:
    def test_the_session_survives_a_cut_and_media_continues_with_one_keyframe(self):
        link = Link()
        call = Call(link)
        call.start()
        link.run(2)
        made = call.keyframes_made
        link.gateway_events.clear()
        link.cut(0)
        link.run(0.3)
        link.open_lane(1)
        link.run(1)

        assert AllLanesLost() in link.gateway_events
        assert Resumed() in link.gateway_events
        assert Resumed() in link.client_events
        assert call.keyframes_made == made + 1
        after = link.gateway_events[link.gateway_events.index(Resumed()) :]
        video = [event for event in of_type(after, FrameReceived) if event.track_id == 1]
        assert video[0].frame.keyframe
        # One round trip for HELLO and WELCOME, then the next frame is the keyframe.
        assert len(video) >= 25
        assert not of_type(link.gateway_events, Closed)

    def test_a_lane_that_the_gateway_still_believes_in_is_replaced(self):
        link = open_link()
        link.cut(0, gateway_notices_after=5)
        link.open_lane(1)
        link.run(1)

        assert link.gateway_events[1:] == [LaneLost(0), AllLanesLost(), Resumed()]
        assert link.gateway.lane_ids == (1,)

    def test_of_two_lanes_that_come_back_at_once_both_stay(self):
        link = open_link()
        link.cut(0)
        link.open_lane(1)
        link.open_lane(2)
        link.run(1)
        assert link.gateway.lane_ids == link.client.lane_ids == (1, 2)

    def test_a_resume_that_was_overtaken_ends_only_older_lanes(self):
        link = open_link()
        link.gateway.attach_lane(5, hello(lane_id=5), WelcomeInfo("p-1"), link.now)
        link.gateway.attach_lane(4, hello(lane_id=4, resume=True), WelcomeInfo("p-1"), link.now)
        assert link.gateway.lane_ids == (5, 4)

    def test_control_that_was_under_way_is_sent_again(self):
        link = open_link()
        link.client.send_control(Mute(0, True), link.now)
        link.gateway.send_control(RoomStateChanged("connected"), link.now)
        link.run(0.01)
        link.cut(0)
        link.client.send_control(Mute(0, False), link.now)
        link.open_lane(1)
        link.run(1)

        assert [event.message for event in of_type(link.gateway_events, ControlReceived)] == [
            Mute(0, True),
            Mute(0, False),
        ]
        assert [event.message for event in of_type(link.client_events, ControlReceived)] == [
            RoomStateChanged("connected")
        ]

    def test_a_lost_lane_among_several_repeats_its_control_and_its_frames(self):
        link = open_link()
        link.open_lane(1)
        link.client.send_control(Publish(CAMERA), link.now)
        link.run(1)
        link.client.send_frame(1, keyframe(), link.now)
        link.client.send_control(Mute(1, True), link.now)
        link.run(0.001)
        link.client_events.clear()
        link.cut(0)
        link.run(1)

        assert link.client.lane_ids == (1,)
        assert ControlReceived(Mute(1, True)) in link.gateway_events
        assert [event.track_id for event in link.gateway_events if isinstance(event, FrameReceived)] == [1]
        assert link.client_events == []

    def test_a_session_that_nobody_comes_back_to_ends(self):
        link = open_link(limits=SessionLimits(resume_window=5))
        link.cut(0)
        link.run(6)

        assert of_type(link.client_events, Closed) == [Closed(4408, "timeout", False, "no lane came back in time")]
        assert of_type(link.gateway_events, Closed) == [Closed(4408, "timeout", False, "no lane came back in time")]

    def test_a_client_that_went_away_is_not_waited_for_long(self):
        for window, waits in ((30, GOING_AWAY_GRACE), (1, 1)):
            link = open_link(limits=SessionLimits(resume_window=window))
            now = link.now
            link.gateway.lane_lost(0, now, going_away=True)
            assert link.gateway.next_timeout() == now + waits
            link.gateway.handle_timeout(now + waits)
            assert link.gateway.is_closed

    def test_a_gateway_that_forgot_the_session_ends_it(self):
        link = open_link()
        link.registry.remove(link.gateway)
        link.cut(0)
        link.open_lane(1)
        link.run(1)

        assert [close.code for close in link.refusals] == [CloseCode.SESSION_UNKNOWN]
        assert of_type(link.client_events, Closed)[0].code == CloseCode.SESSION_UNKNOWN

    def test_a_new_session_in_place_of_the_old_one_is_noticed(self):
        link = open_link()
        link.open_lane(1)
        link.registry.remove(link.gateway)
        link.run(1)

        closed = of_type(link.client_events, Closed)[0]
        assert (closed.code, closed.by_remote) == (CloseCode.SESSION_UNKNOWN, False)

    @settings(max_examples=40, deadline=None)
    @given(
        cuts=st.lists(st.tuples(st.floats(0.001, 0.4), st.floats(0, 0.3), st.floats(0, 0.5)), max_size=8),
        seed=st.integers(1, 5),
    )
    def test_no_control_is_lost_or_repeated_however_lanes_are_cut(self, cuts, seed):
        link = Link(delay=0.03)
        link.open_lane(0)
        sent = [0, 0]

        def speak():
            if sent[0] < 200:
                for _ in range(seed):
                    link.client.send_control(TargetBitrate(1, sent[0]), link.now)
                    sent[0] += 1
                if link.gateway is not None:
                    link.gateway.send_control(TargetBitrate(1, sent[1]), link.now)
                    sent[1] += 1

        link.every(0.01, speak)
        for lane_id, (lives, gateway_notices_after, pause) in enumerate(cuts):
            link.run(lives)
            link.cut(lane_id, gateway_notices_after)
            link.run(pause)
            link.open_lane(lane_id + 1)
        link.run(5)

        for events, count in ((link.gateway_events, sent[0]), (link.client_events, sent[1])):
            numbers = [event.message.bitrate_bps for event in of_type(events, ControlReceived)]
            assert numbers == list(range(count))


class TestTimers:
    def test_an_idle_session_stays_and_costs_little(self):
        link = open_link()
        before = link.up.bytes_carried
        link.run(60)

        assert link.client.lane_ids == (0,)
        assert link.gateway.lane_ids == (0,)
        assert link.up.bytes_carried - before < 2000

    def test_a_silent_lane_is_lost(self):
        link = open_link()
        link.up.stalled_until = link.down.stalled_until = link.now + 1000
        link.run(15)

        assert LaneLost(0) in link.client_events
        assert AllLanesLost() in link.client_events
        assert LaneLost(0) in link.gateway_events

    def test_a_client_does_not_wait_that_long_for_an_answer(self):
        link = open_link()
        link.up.stalled_until = link.down.stalled_until = link.now + 1000
        link.client.send_control(Mute(0, True), link.now)
        link.run(5.9)
        assert link.client.lane_ids == (0,)
        link.run(0.2)
        assert LaneLost(0) in link.client_events
        assert link.gateway.lane_ids == (0,)

    def test_acknowledgements_come_within_20_ms(self):
        link = open_link()
        link.gateway.send_control(TargetBitrate(1, 1), link.now)
        link.run(2 * 0.04 + 0.021)

        assert link.gateway.path(link.now).in_flight_bytes == 0

    def test_a_lane_that_takes_nothing_does_not_make_its_owner_spin(self):
        link = open_link()
        link.client.receive_message(0, b"\x80", link.now)
        link.client.handle_timeout(link.now + 0.1)

        assert link.client.next_timeout() > link.now + 0.1


class TestEnd:
    def test_close_reaches_the_far_end_on_every_lane(self):
        link = open_link()
        link.open_lane(1)
        link.run(1)
        link.client.close(CloseCode.LEFT, "Alice left", link.now)
        link.run(1)

        assert link.client_events[-1] == Closed(4000, "left", False, "Alice left")
        assert link.gateway_events[-1] == Closed(4000, "left", True, "Alice left")
        assert link.client.is_closed
        assert link.client.next_timeout() is None

    def test_nothing_happens_after_the_end(self):
        link = open_link()
        link.client.close(CloseCode.LEFT, "", link.now)
        link.client.events_received()
        link.client.close(CloseCode.INTERNAL_ERROR, "", link.now)
        link.client.send_control(Mute(0, True), link.now)
        link.client.send_frame(0, audio(), link.now)
        link.client.receive_message(0, b"", link.now)
        link.client.handle_timeout(link.now + 100)
        link.client.open_lane(9, "websocket", link.now)

        assert link.client.events_received() == []
        assert link.client.next_message(0, link.now) is not None
        assert link.client.next_message(0, link.now) is None
        assert link.client.next_message(9, link.now) is None

    def test_a_lane_that_comes_after_the_end_gets_the_close(self):
        link = open_link()
        link.gateway.close(CloseCode.SFU_FAILED, "the room is full", link.now)
        link.gateway.attach_lane(4, hello(lane_id=4), WelcomeInfo("p-1"), link.now)

        assert decode(link.gateway.next_message(4, link.now), WireLimits()).detail == "the room is full"

    def test_an_application_that_floods_control_is_overloaded(self):
        link = open_link()
        link.cut(0)
        for _ in range(1025):
            link.client.send_control(Mute(0, True), link.now)

        assert of_type(link.client.events_received(), Closed)[0].code == CloseCode.OVERLOADED

    def test_a_long_detail_is_cut(self):
        link = open_link()
        link.client.close(CloseCode.LEFT, "x" * 1000, link.now)
        link.run(1)

        assert len(link.gateway_events[-1].detail) == 512
