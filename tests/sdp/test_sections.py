"""Offer/answer rules without state."""

from __future__ import annotations

import pytest

from wsmedia.errors import SdpError
from wsmedia.sdp import (
    Direction,
    Fingerprint,
    HeaderExtension,
    MediaSection,
    SessionDescription,
    Setup,
    TransportParameters,
)
from wsmedia.sdp.sections import (
    answered_setup,
    bundled_mids,
    first_transport,
    is_media,
    refused,
    shared_extensions,
)


def _transport() -> TransportParameters:
    return TransportParameters("user", "p" * 22, [Fingerprint("sha-256", "AB")])


def test_directions() -> None:
    for direction in Direction:
        assert Direction.of(sends=direction.sends, receives=direction.receives) is direction


def test_a_refusal_echoes_what_was_offered() -> None:
    offered = MediaSection("application", 9, "UDP/DTLS/SCTP", ["webrtc-datachannel"], mid="2")
    answer = refused(offered)
    assert answer.rejected
    assert (answer.kind, answer.protocol, answer.protocol_formats, answer.mid) == (
        "application",
        "UDP/DTLS/SCTP",
        ["webrtc-datachannel"],
        "2",
    )


def test_the_bundle_is_what_the_peer_lists_and_has_not_refused() -> None:
    media = [MediaSection("audio", mid="a"), MediaSection("video", 0, mid="b"), MediaSection("video", mid="c")]
    assert bundled_mids(SessionDescription(media, ["a", "b", "x"])) == ["a"]
    assert bundled_mids(SessionDescription(media)) == ["a"]
    assert bundled_mids(SessionDescription([])) == []


def test_only_dtls_srtp_with_multiplexed_rtcp_is_media() -> None:
    assert is_media(MediaSection("audio", rtcp_mux=True))
    assert is_media(MediaSection("video", protocol="RTP/SAVPF", rtcp_mux=True))
    assert not is_media(MediaSection("audio"))
    assert not is_media(MediaSection("text", rtcp_mux=True))
    assert not is_media(MediaSection("audio", protocol="RTP/AVP", rtcp_mux=True))


def test_extensions_that_both_know_keep_the_offered_ids() -> None:
    offered = [HeaderExtension(5, "a"), HeaderExtension(6, "b"), HeaderExtension(7, "c"), HeaderExtension(8, "a")]
    assert shared_extensions(offered, {"a", "b"}, "video", {"b"}) == [HeaderExtension(5, "a")]
    assert shared_extensions(offered, {"a", "b"}, "audio", {"b"}) == offered[:2]
    assert shared_extensions([HeaderExtension(1, "a"), HeaderExtension(1, "b")], {"a", "b"}, "audio") == [
        HeaderExtension(1, "a")
    ]
    assert shared_extensions([HeaderExtension(15, "a"), HeaderExtension(300, "b")], {"a", "b"}, "audio") == []


def test_we_are_active_where_we_may_choose() -> None:
    assert answered_setup(Setup.ACTPASS) is Setup.ACTIVE
    assert answered_setup(Setup.PASSIVE) is Setup.ACTIVE
    assert answered_setup(None) is Setup.ACTIVE
    assert answered_setup(Setup.ACTIVE) is Setup.PASSIVE


def test_the_first_section_of_the_bundle_speaks_for_it() -> None:
    dead = MediaSection("audio", 0, mid="a")
    only = MediaSection("audio", 0, mid="b", bundle_only=True)
    good = MediaSection("video", mid="c", transport=_transport())
    description = SessionDescription([dead, only, good], ["b", "c"])
    assert first_transport(description, ["b", "c"]) is good
    with pytest.raises(SdpError):
        first_transport(description, ["x"])
    good.transport.fingerprints = []
    with pytest.raises(SdpError, match="fingerprint"):
        first_transport(description, ["c"])
    good.transport.password = ""
    with pytest.raises(SdpError, match="credentials"):
        first_transport(description, ["c"])
