"""What receivers share with their connection: how they answer the peer, and what negotiation gave them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wsmedia.clock import Clock
from wsmedia.rtp.header_extensions import ExtensionMap
from wsmedia.rtp.timeline import RemoteClock
from wsmedia.sdp import Encoding


@dataclass(slots=True)
class Inlet:
    """How receivers reach the peer.

    Attributes:
        clock: ours.
        send_nack: takes the media SSRC and the missing sequence numbers.
        send_keyframe_request: takes the media SSRC and whether FIR must be used because PLI was not negotiated.
    """

    clock: Clock
    send_nack: Callable[[int, list[int]], None]
    send_keyframe_request: Callable[[int, bool], None]


@dataclass(frozen=True, slots=True)
class ReceiveParameters:
    """What negotiation gave a receiver.

    Attributes:
        mid: the section's; empty when the peer named none.
        encodings: what may come, at least one, all of one codec.
        extensions: the header extensions' ids.
        ssrcs: declared sources, retransmissions excluded; empty when the peer declares none.
        retransmission_ssrcs: declared RTX sources.
        stream_id, track_id: the msid.
        clock: shared by the tracks of one participant.
    """

    mid: str
    encodings: tuple[Encoding, ...]
    extensions: ExtensionMap
    ssrcs: tuple[int, ...]
    retransmission_ssrcs: tuple[int, ...]
    stream_id: str
    track_id: str
    clock: RemoteClock
