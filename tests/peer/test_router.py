"""MID before SSRC before payload type."""

from __future__ import annotations

from tests.peer.fakes import IDS, Wire, make_receiver, parameters
from wsmedia.media import Codec
from wsmedia.peer.receiver import RtpReceiver
from wsmedia.peer.router import MAX_LEARNT_SSRCS, Router
from wsmedia.rtp.header_extensions import MID_URI
from wsmedia.rtp.packet import RtpPacket


def _receiver(mid: str, payload_type: int = 100, **options: tuple[int, ...]) -> RtpReceiver:
    return make_receiver(Wire(), parameters(Codec.H264, mid=mid, payload_type=payload_type, **options))


def _packet(ssrc: int, payload_type: int = 100, mid: str | None = None) -> RtpPacket:
    extensions = {} if mid is None else {IDS[MID_URI]: mid.encode()}
    return RtpPacket(payload_type, 1, 2, ssrc, b"", extensions=extensions)


def test_mid_decides_and_is_remembered() -> None:
    router = Router()
    a, b = _receiver("a"), _receiver("b")
    router.configure([a, b])
    assert router.route(_packet(1)) is None, "both sections have this payload type"
    assert router.route(_packet(1, mid="b")) is b
    assert router.route(_packet(1)) is b
    assert router.by_ssrc(1) is b
    assert router.route(_packet(1, mid="a")) is a, "the source has moved to another section"
    assert router.route(_packet(1)) is a


def test_an_unknown_mid_is_nobodys() -> None:
    router = Router()
    router.configure([_receiver("a", ssrcs=(1,))])
    assert router.route(_packet(1, mid="zz")) is None


def test_declared_sources() -> None:
    router = Router()
    a, b = _receiver("a", ssrcs=(1,), rtx_ssrcs=(2,)), _receiver("b", ssrcs=(3,))
    router.configure([a, b])
    assert [router.route(_packet(ssrc)) for ssrc in (1, 2, 3, 4)] == [a, a, b, None]


def test_a_payload_type_of_one_section_only() -> None:
    router = Router()
    a, b = _receiver("a", 100), _receiver("b", 101)
    router.configure([a, b])
    assert router.route(_packet(9, 101)) is b
    assert router.route(_packet(9, 55)) is b, "learnt from the packet before"
    assert router.route(_packet(8, 55)) is None


def test_what_was_learnt_survives_a_negotiation_with_its_receiver() -> None:
    router = Router()
    a, b = _receiver("a"), _receiver("b")
    router.configure([a, b])
    router.route(_packet(1, mid="a"))
    router.route(_packet(2, mid="b"))
    c = _receiver("c")
    router.configure([a, c])
    assert router.route(_packet(1)) is a
    assert router.route(_packet(2)) is None


def test_a_new_declaration_wins_over_what_was_learnt() -> None:
    router = Router()
    a, b = _receiver("a"), _receiver("b", ssrcs=(1,))
    router.configure([a])
    router.route(_packet(1, mid="a"))
    router.configure([a, b])
    assert router.route(_packet(1)) is b


def test_learnt_sources_are_bounded() -> None:
    router = Router()
    a, b = _receiver("a", ssrcs=(7,)), _receiver("b")
    router.configure([a, b])
    for ssrc in range(100, 100 + 2 * MAX_LEARNT_SSRCS):
        router.route(_packet(ssrc, mid="b"))
    assert len(router._by_ssrc) <= MAX_LEARNT_SSRCS + 1
    assert router.route(_packet(7)) is a
