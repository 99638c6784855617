"""Everything a far end can do wrong closes its own session with the documented code, and no other session."""

import json
from pathlib import Path

import pytest

from tests.session.link import KEY, hello
from wsmedia.errors import AdmissionError, CloseCode
from wsmedia.media import Codec, EncodedFrame, MediaKind, TrackSource
from wsmedia.session import Attachment, Closed, Role, Session, SessionLimits, SessionRegistry, WelcomeInfo
from wsmedia.wire import (
    Ack,
    Close,
    Control,
    LaneAck,
    Mute,
    ParticipantLeft,
    Ping,
    Pong,
    Publish,
    RoomStateChanged,
    TrackDescription,
    VideoMessage,
    Welcome,
    WireLimits,
    decode,
    encode,
)

INVALID = json.loads((Path(__file__).parent.parent / "vectors" / "wire_invalid.json").read_text())
CAMERA = TrackDescription(1, MediaKind.VIDEO, Codec.H264, TrackSource.CAMERA)
WELCOME = Welcome(0, False, "p-1", SessionLimits().welcome)


def gateway(limits=None):
    session = Session(Role.GATEWAY, "0" * 32, key=KEY, now=0.0, limits=limits)
    session.attach_lane(0, hello(), WelcomeInfo("p-1"), 0.0)
    session.next_message(0, 0.0)
    session.events_received()
    return session


def client(*, welcomed=True):
    session = Session(Role.CLIENT, "0" * 32, key=KEY, now=0.0, hello=hello())
    session.open_lane(0, "websocket", 0.0)
    session.next_message(0, 0.0)
    if welcomed:
        session.receive_message(0, encode(WELCOME), 0.0)
        session.events_received()
    return session


def code_after(session, *messages):
    """What the session closes with, and tells the far end, after these messages."""
    for message in messages:
        session.receive_message(0, message if isinstance(message, bytes) else encode(message), 0.0)
    closed = [event for event in session.events_received() if isinstance(event, Closed)]
    if not closed:
        return None
    told = decode(session.next_message(0, 0.0), WireLimits())
    assert isinstance(told, Close)
    assert told.code == closed[0].code
    assert told.reason == CloseCode(told.code).reason
    assert not closed[0].by_remote
    return closed[0].code


@pytest.mark.parametrize("vector", INVALID["vectors"], ids=lambda vector: vector["name"])
@pytest.mark.parametrize("make", [gateway, client])
def test_invalid_bytes(vector, make):
    session = make()
    session._wire_limits = WireLimits(**INVALID["limits"])
    pad = vector.get("pad", {"octet": 0, "count": 0})

    assert code_after(session, bytes.fromhex(vector["hex"]) + bytes([pad["octet"]]) * pad["count"]) == vector["code"]


@pytest.mark.parametrize(
    "message",
    [
        hello(),
        WELCOME,
        Control(1, RoomStateChanged("connected")),
        Control(1, ParticipantLeft("p-2")),
        Control(257, Mute(0, True)),
        Ack(1, 0, ()),
        Ack(0, 0, (LaneAck(0, 1, 0),)),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_a_client_must_not_send(message):
    assert code_after(gateway(), message) == CloseCode.MALFORMED


@pytest.mark.parametrize(
    "message",
    [hello(), WELCOME, Control(1, Publish(CAMERA)), Control(1, Mute(0, True)), Ack(0, 0, (LaneAck(0, 1, 0),))],
    ids=lambda message: type(message).__name__,
)
def test_what_a_gateway_must_not_send(message):
    assert code_after(client(), message) == CloseCode.MALFORMED


@pytest.mark.parametrize(
    "message", [Ping(1), Pong(1, 1), b"\x80", Ack(0, 0, ()), Welcome(3, False, "p", WELCOME.limits)]
)
def test_what_a_gateway_must_not_send_first(message):
    assert code_after(client(welcomed=False), message) == CloseCode.MALFORMED


def test_a_gateway_may_refuse_first():
    session = client(welcomed=False)
    session.receive_message(0, encode(Close(4401, "unauthorized", "the token has expired")), 0.0)

    assert session.events_received() == [Closed(4401, "unauthorized", True, "the token has expired")]
    assert session.next_message(0, 0.0) is None


def test_optional_messages_are_skipped_and_acknowledged():
    session = gateway()

    assert code_after(session, b"\x80" + bytes(100), b"\xff") is None
    session.handle_timeout(0.02)
    assert decode(session.next_message(0, 0.02), WireLimits()).lanes[0].messages_received == 2


def test_messages_over_the_rate():
    session = gateway(SessionLimits(max_messages_per_second=10, burst_seconds=2))

    assert code_after(session, *[Ping(1)] * 20) is None
    assert code_after(session, Ping(1)) == CloseCode.RATE_LIMITED


def test_bytes_over_the_rate():
    session = gateway(SessionLimits(max_bytes_per_second=1000, burst_seconds=2, max_message_bytes=1500))
    padding = b"\x80" + bytes(999)

    assert code_after(session, padding, padding) is None
    assert code_after(session, padding) == CloseCode.RATE_LIMITED


def test_a_client_does_not_limit_the_gateways_rate():
    assert code_after(client(), *[Ping(1)] * 5000) is None


def test_a_frame_number_from_far_away_costs_nothing():
    session = gateway()
    frame = EncodedFrame(b"x", 0, 0)

    assert code_after(session, Control(1, Publish(CAMERA)), VideoMessage(1, 2**31 - 2, 255, frame)) is None


def test_only_the_own_session_closes():
    registry = SessionRegistry()
    good, _ = registry.attach("a" * 32, hello(), now=0.0)
    bad, _ = registry.attach("b" * 32, hello(), now=0.0)
    for session in (good, bad):
        session.attach_lane(0, hello(), WelcomeInfo("p"), 0.0)
    bad.receive_message(0, b"", 0.0)

    assert bad.is_closed
    assert not good.is_closed
    assert registry.get("a" * 32) is good


class TestRegistry:
    def attach(self, registry, now=0.0, **changed):
        return registry.attach("c" * 32, hello(**changed), now=now)

    def test_a_session_is_made_found_and_forgotten(self):
        registry = SessionRegistry()
        session, attachment = self.attach(registry)
        assert attachment is Attachment.NEW
        assert self.attach(registry, lane_id=1) == (session, Attachment.ADDED)
        assert self.attach(registry, lane_id=2, resume=True) == (session, Attachment.RESUMED)
        assert list(registry) == [session]

        registry.remove(session)
        registry.remove(session)
        assert len(registry) == 0

    @pytest.mark.parametrize(
        ("changed", "code"),
        [({"key": "f" * 32}, CloseCode.KEY_MISMATCH), ({"key": "f" * 32, "resume": True}, CloseCode.KEY_MISMATCH)],
    )
    def test_another_key_is_refused_and_harms_nobody(self, changed, code):
        registry = SessionRegistry()
        session, _ = self.attach(registry)

        with pytest.raises(AdmissionError) as caught:
            self.attach(registry, **changed)

        assert caught.value.code == code
        assert not session.is_closed

    def test_a_session_that_is_gone_cannot_be_resumed(self):
        registry = SessionRegistry()
        with pytest.raises(AdmissionError) as caught:
            self.attach(registry, resume=True)
        assert caught.value.code == CloseCode.SESSION_UNKNOWN

    def test_a_closed_session_counts_as_gone(self):
        registry = SessionRegistry()
        session, _ = self.attach(registry)
        session.close(CloseCode.LEFT, "", 0.0)
        with pytest.raises(AdmissionError) as caught:
            self.attach(registry, resume=True)
        assert caught.value.code == CloseCode.SESSION_UNKNOWN
        assert self.attach(registry)[1] is Attachment.NEW

    def test_there_are_no_more_sessions_than_allowed(self):
        registry = SessionRegistry(max_sessions=1)
        self.attach(registry)
        with pytest.raises(AdmissionError) as caught:
            registry.attach("d" * 32, hello(), now=0.0)
        assert caught.value.code == CloseCode.OVERLOADED
        assert self.attach(registry, lane_id=1)[1] is Attachment.ADDED
