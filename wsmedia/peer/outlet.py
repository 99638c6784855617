"""The way out that all senders of one connection share: SRTP, the transport-wide sequence number, the clock."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from wsmedia.clock import Clock
from wsmedia.peer.bandwidth import BandwidthEstimator
from wsmedia.rtp.header_extensions import ExtensionMap
from wsmedia.rtp.statistics import SendStatistics
from wsmedia.sdp import Encoding


class Outlet:
    """Where senders put plain RTP packets.

    Attributes:
        is_open: whether the association is connected; what is sent before is lost.
        transport_sequence_number: the next transport-wide number (16 bits), one count for all senders.
        send: takes one plain RTP packet.
        send_all: takes the plain RTP packets of one frame.
        pace: as ``send_all``, but spreads a large frame over a few milliseconds.
        started: called by a sender after its first frame, so that a sender report follows it at once.
    """

    __slots__ = ("bandwidth", "clock", "is_open", "pace", "send", "send_all", "started", "transport_sequence_number")

    def __init__(
        self,
        send: Callable[[bytes], None],
        send_all: Callable[[list[bytes]], None],
        clock: Clock,
        bandwidth: BandwidthEstimator,
    ) -> None:
        self.send = send
        self.send_all = send_all
        self.pace = send_all
        self.clock = clock
        self.bandwidth = bandwidth
        self.is_open = False
        self.transport_sequence_number = secrets.randbelow(0x8000)
        self.started: Callable[[], None] = lambda: None


@dataclass(slots=True)
class OutgoingSource:
    """The identity of what a section sends; it outlives its ``RtpSender`` when another one takes the section over.

    Sequence numbers are the next to use. They begin in the lower half so that SRTP's rollover counter cannot be
    mistaken by a receiver that misses the first packets (RFC 3711 §3.3.1).
    """

    ssrc: int = field(default_factory=lambda: 1 + secrets.randbelow(2**32 - 2))
    rtx_ssrc: int = field(default_factory=lambda: 1 + secrets.randbelow(2**32 - 2))
    sequence_number: int = field(default_factory=lambda: secrets.randbelow(0x8000))
    rtx_sequence_number: int = field(default_factory=lambda: secrets.randbelow(0x8000))
    timestamp_offset: int = field(default_factory=lambda: secrets.randbelow(2**32))
    statistics: SendStatistics = field(default_factory=SendStatistics)


@dataclass(frozen=True, slots=True)
class SendParameters:
    """What negotiation gave a sender; ``others`` are the encodings of other codecs that it may change to."""

    mid: str
    encoding: Encoding
    extensions: ExtensionMap
    others: tuple[Encoding, ...] = ()
