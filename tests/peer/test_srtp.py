"""libsrtp called directly gives what pylibsrtp's own methods give, and refuses what they refuse."""

from __future__ import annotations

import pylibsrtp
import pytest
from pylibsrtp import Policy, Session

from wsmedia.peer.srtp import MAX_PLAIN_PACKET, MAX_RECENT_SOURCES, MediaCipher
from wsmedia.rtp.feedback import Pli
from wsmedia.rtp.packet import RtpPacket
from wsmedia.rtp.rtcp import ReceiverReport, serialize

PROFILES = {
    "AES-GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    "AES-CM with HMAC-SHA1": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
}
RTCP = serialize([ReceiverReport(1), Pli(1, 2)])


@pytest.fixture(params=PROFILES.values(), ids=PROFILES.keys())
def make_session(request):
    profile, key_size = request.param

    def make(ssrc_type):
        return Session(Policy(key=bytes(range(key_size)), ssrc_type=ssrc_type, srtp_profile=profile))

    return make


@pytest.fixture
def sending(make_session):
    return MediaCipher(make_session(Policy.SSRC_ANY_OUTBOUND))


@pytest.fixture
def receiving(make_session):
    return MediaCipher(make_session(Policy.SSRC_ANY_INBOUND))


def packets(count=5, size=1100):
    return [RtpPacket(96, 65533 + index & 0xFFFF, 7, 1, bytes([index]) * size).serialize() for index in range(count)]


def test_protection_is_the_same(sending, make_session):
    reference = make_session(Policy.SSRC_ANY_OUTBOUND)
    assert sending.protect(packets()) == [reference.protect(packet) for packet in packets()]
    assert sending.protect_rtcp(RTCP) == reference.protect_rtcp(RTCP)


def test_round_trip(sending, receiving):
    assert [receiving.unprotect(packet) for packet in sending.protect(packets())] == packets()
    assert receiving.unprotect_rtcp(sending.protect_rtcp(RTCP)) == RTCP


def test_the_largest_packet(sending, receiving):
    (largest,) = packets(1, MAX_PLAIN_PACKET - 12)
    assert receiving.unprotect(sending.protect([largest])[0]) == largest


def test_forged_and_repeated_packets_are_refused(sending, receiving):
    (packet,) = sending.protect(packets(1))
    with pytest.raises(pylibsrtp.Error):
        receiving.unprotect(packet[:-1] + bytes([packet[-1] ^ 1]))
    receiving.unprotect(packet)
    with pytest.raises(pylibsrtp.Error):
        receiving.unprotect(packet)
    with pytest.raises(pylibsrtp.Error):
        receiving.unprotect_rtcp(packet)


def test_too_long_packets_are_refused(sending, receiving):
    with pytest.raises(ValueError, match="too long"):
        sending.protect([bytes(MAX_PLAIN_PACKET + 1)])
    with pytest.raises(ValueError, match="too long"):
        receiving.unprotect(bytes(1501))


def test_pylibsrtp_keeps_its_memory_where_we_look(make_session):
    session = make_session(Policy.SSRC_ANY_OUTBOUND)
    assert len(session._buffer) == 1500
    assert pylibsrtp.ffi.sizeof(session._cdata) == 1500
    assert pylibsrtp.ffi.typeof(session._srtp[0]).kind == "pointer"


def test_invented_sources_do_not_fill_the_memory(sending, receiving):
    """libsrtp forgets sources that were silent while many others spoke; one that goes on is never forgotten."""

    def packet(ssrc, sequence_number):
        return sending.protect([RtpPacket(96, sequence_number, 7, ssrc, b"x").serialize()])[0]

    steady = 0
    for ssrc in range(1000, 1000 + 3 * MAX_RECENT_SOURCES):
        receiving.unprotect(packet(ssrc, 1))
        if ssrc % 100 == 0:
            steady += 1
            receiving.unprotect(packet(4, steady))
    with pytest.raises(pylibsrtp.Error):
        receiving._session.remove_stream(1000)
    receiving._session.remove_stream(4)
