"""Compounds reach Janus one medium at a time."""

from __future__ import annotations

from wsmedia.adapters.janus.reports import part
from wsmedia.rtp import rtcp
from wsmedia.rtp.feedback import Nack, Pli, Remb
from wsmedia.rtp.rtcp import ReceiverReport, ReportBlock, Sdes

US, AUDIO, VIDEO = 1, 10, 20
SDES = Sdes.of_cname(US, "cname")


def block(ssrc: int) -> ReportBlock:
    return ReportBlock(ssrc, 0, 0, 7, 0, 0, 0)


def test_several_blocks_become_several_compounds_and_remb_goes_once() -> None:
    remb = Remb(US, 1_000_000, (AUDIO, VIDEO))
    compound = rtcp.serialize([ReceiverReport(US, (block(AUDIO), block(VIDEO))), SDES, remb])
    pieces = [rtcp.parse(piece) for piece in part(compound, block)]
    assert pieces[0][:2] == [ReceiverReport(US, (block(AUDIO),)), SDES]
    assert isinstance(pieces[0][2], Remb)
    assert pieces[1] == [ReceiverReport(US, (block(VIDEO),)), SDES]


def test_a_keyframe_request_carries_its_own_block() -> None:
    compound = rtcp.serialize([ReceiverReport(US), SDES, Pli(US, VIDEO)])
    (piece,) = part(compound, block)
    assert rtcp.parse(piece) == [ReceiverReport(US, (block(VIDEO),)), SDES, Pli(US, VIDEO)]


def test_a_keyframe_request_before_the_first_packet_goes_as_it_is() -> None:
    compound = rtcp.serialize([ReceiverReport(US), SDES, Pli(US, VIDEO)])
    assert part(compound, lambda _ssrc: None) == [compound]


def test_other_feedback_names_its_medium_itself() -> None:
    compound = rtcp.serialize([ReceiverReport(US), SDES, Nack(US, VIDEO, (4, 5))])
    assert part(compound, block) == [compound]
