"""What a peer connection may be told from outside, and the states that it tells of."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from wsmedia.peer.local_links import LocalLinks
from wsmedia.peer.seam import Certificate


class PeerState(StrEnum):
    """How the association with the peer is; ``FAILED`` and ``CLOSED`` are final."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    FAILED = "failed"
    CLOSED = "closed"


def admit_all(_address: str, _port: int) -> bool:
    """Let packets go anywhere."""
    return True


@dataclass(slots=True)
class PeerConfig:
    """How one peer connection behaves.

    Attributes:
        addresses: local addresses for host candidates; None takes all of the machine's.
        allow_loopback: True offers 127.0.0.1 too, False never does, None only if there is no other address.
        admit: whether packets may be sent to an address and port.
        connect_timeout: seconds from the start of ICE until the handshake must be done.
        consent_timeout: seconds without an answer to ICE's checks after which the peer has vanished. RFC 7675 §5.1
            allows at most 30; a browser that crashed should not stay for so long.
        certificate: a DTLS certificate; None makes one.
        cname: RTCP canonical name (RFC 7022: random, one per connection).
        stream_id: the msid under which senders go that are given none of their own.
        max_packet: largest RTP packet before protection, in octets.
        retransmission: offer and accept RTX for video.
        history_packets: how many sent packets of a track can be sent again.
        initial_bitrate_bps: the target bitrate before the peer has told anything.
        local_links: how clients of the gateway's own TURN server are reached; None if it has none.
    """

    addresses: list[str] | None = None
    allow_loopback: bool | None = None
    admit: Callable[[str, int], bool] = admit_all
    connect_timeout: float = 30.0
    consent_timeout: float = 15.0
    certificate: Certificate | None = None
    cname: str = field(default_factory=lambda: secrets.token_hex(8))
    stream_id: str = field(default_factory=lambda: secrets.token_hex(8))
    max_packet: int = 1200
    retransmission: bool = True
    history_packets: int = 1024
    initial_bitrate_bps: int = 1_000_000
    local_links: LocalLinks | None = None
