"""A clock that is moved by hand, and senders and receivers that are wired to lists instead of a transport."""

from __future__ import annotations

from dataclasses import dataclass, field

from wsmedia.media import Codec, Track, TrackSource
from wsmedia.peer.bandwidth import BandwidthEstimator
from wsmedia.peer.inlet import Inlet, ReceiveParameters
from wsmedia.peer.outlet import Outlet, SendParameters
from wsmedia.peer.receiver import RtpReceiver
from wsmedia.peer.sender import RtpSender
from wsmedia.rtp.header_extensions import (
    ABS_SEND_TIME_URI,
    AUDIO_LEVEL_URI,
    MID_URI,
    TRANSPORT_CC_URI,
    ExtensionMap,
)
from wsmedia.rtp.timeline import CaptureClock, RemoteClock
from wsmedia.sdp import Encoding

FEEDBACK = frozenset(("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"))
IDS = {AUDIO_LEVEL_URI: 1, ABS_SEND_TIME_URI: 2, TRANSPORT_CC_URI: 3, MID_URI: 4}


@dataclass
class ManualClock:
    """Time stands still until a test sets it."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wall_us(self) -> int:
        return 1_700_000_000_000_000 + int(self.now * 1e6)


@dataclass
class Wire:
    """What senders and receivers gave away."""

    clock: ManualClock = field(default_factory=ManualClock)
    packets: list[bytes] = field(default_factory=list)
    nacks: list[tuple[int, list[int]]] = field(default_factory=list)
    keyframe_requests: list[tuple[int, bool]] = field(default_factory=list)

    def outlet(self) -> Outlet:
        outlet = Outlet(self.packets.append, self.packets.extend, self.clock, BandwidthEstimator(1_000_000))
        outlet.is_open = True
        return outlet

    def inlet(self) -> Inlet:
        return Inlet(
            self.clock,
            lambda ssrc, missing: self.nacks.append((ssrc, missing)),
            lambda ssrc, fir: self.keyframe_requests.append((ssrc, fir)),
        )


def encoding(codec: Codec, payload_type: int, rtx: int | None = None, feedback: frozenset[str] = FEEDBACK) -> Encoding:
    """One agreed payload type."""
    return Encoding(codec, payload_type, rtx, feedback)


def make_sender(wire: Wire, codec: Codec, *, rtx: int | None = None, history_packets: int = 64) -> RtpSender:
    """A sender that is negotiated and open."""
    track = Track(1, codec, TrackSource.CAMERA)
    sender = RtpSender(
        track, "s", outlet=wire.outlet(), clock=CaptureClock(), max_packet=1200, history_packets=history_packets
    )
    sender.configure(SendParameters("0", encoding(codec, 100, rtx), ExtensionMap(IDS)))
    return sender


def parameters(
    codec: Codec,
    *,
    mid: str = "0",
    payload_type: int = 100,
    rtx: int | None = None,
    ssrcs: tuple[int, ...] = (),
    rtx_ssrcs: tuple[int, ...] = (),
    feedback: frozenset[str] = FEEDBACK,
) -> ReceiveParameters:
    """What negotiation would give a receiver."""
    return ReceiveParameters(
        mid,
        (encoding(codec, payload_type, rtx, feedback),),
        ExtensionMap(IDS),
        ssrcs,
        rtx_ssrcs,
        "stream",
        "track",
        RemoteClock(),
    )


def make_receiver(wire: Wire, agreed: ReceiveParameters) -> RtpReceiver:
    """A receiver as negotiated."""
    return RtpReceiver(agreed, wire.inlet())
