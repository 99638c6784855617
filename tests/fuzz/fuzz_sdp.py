"""Fuzz session descriptions, from their text to a negotiation's answer: SdpError is the only way to refuse."""

from __future__ import annotations

import contextlib
from pathlib import Path

from runner import fuzz

from wsmedia.clock import SystemClock
from wsmedia.errors import SdpError
from wsmedia.media import Codec, Track, TrackSource
from wsmedia.peer.bandwidth import BandwidthEstimator
from wsmedia.peer.inlet import Inlet
from wsmedia.peer.negotiation import Negotiation
from wsmedia.peer.outlet import Outlet
from wsmedia.peer.receiver import RtpReceiver
from wsmedia.peer.router import Router
from wsmedia.peer.sender import RtpSender
from wsmedia.rtp.timeline import CaptureClock
from wsmedia.sdp import Fingerprint, Setup, TransportParameters, parse, parse_candidate, write

DESCRIPTIONS = Path(__file__).parent.parent / "sdp" / "descriptions"
CORPUS = [path.read_bytes() for path in sorted(DESCRIPTIONS.glob("*.sdp"))]
LOCAL = TransportParameters("user", "p" * 22, [Fingerprint("sha-256", "AB:CD")], Setup.ACTIVE)


def negotiation() -> Negotiation:
    """One with a sender of each kind that waits for a section."""
    inlet = Inlet(SystemClock(), lambda _ssrc, _missing: None, lambda _ssrc, _fir: None)
    fresh = Negotiation(lambda parameters: RtpReceiver(parameters, inlet), "cname", True)
    outlet = Outlet(lambda _packet: None, lambda _packets: None, SystemClock(), BandwidthEstimator(1_000_000))
    for number, codec in enumerate(Codec):
        track = Track(number, codec, TrackSource.CAMERA)
        clock = CaptureClock()
        fresh.add_sender(RtpSender(track, "s", outlet=outlet, clock=clock, max_packet=1200, history_packets=16))
    return fresh


def negotiate(data: bytes) -> None:
    """Parse, write again, answer twice, and take it for an answer."""
    text = data.decode(errors="replace")
    with contextlib.suppress(SdpError):
        parse_candidate(text)
    try:
        description = parse(text)
    except SdpError:
        return
    again = parse(write(description))
    assert [section.rejected for section in again.media] == [section.rejected for section in description.media]
    ours = negotiation()
    for _ in range(2):
        answer = ours.answer(description, LOCAL)
        assert len(answer.media) == len(description.media)
        parse(write(answer))
        Router().configure([section.receiver for section in ours.sections if section.receiver is not None])
    offerer = negotiation()
    offerer.offer(LOCAL)
    with contextlib.suppress(SdpError):
        offerer.accept_answer(description)


if __name__ == "__main__":
    fuzz(negotiate, CORPUS)
