"""A bad link in front of a connected peer: loses, swaps and repeats packets, seeded.

Media is tampered with before SRTP sees it, as a network would do; RTCP behind it, so that a test can tell what it says.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from wsmedia.peer import PeerConnection


class BadLink:
    """Sits in a connected peer's way in, for its media or for its RTCP.

    Attributes:
        loss, swap, repeat: probabilities per packet.
        doomed: asked for every packet, besides chance; True loses it.
        packets: how many came.
    """

    def __init__(self, connection: PeerConnection, *, seed: int = 1, rtcp: bool = False) -> None:
        self.loss = self.swap = self.repeat = 0.0
        self.doomed: Callable[[bytes], bool] = lambda _data: False
        self.packets = 0
        self._random = random.Random(seed)
        self._held: bytes | None = None
        self._media_only = not rtcp
        transport, ice = connection.transport, connection.transport._ice
        if rtcp:
            self._deliver, transport.on_rtcp = transport.on_rtcp, self._packet
        else:
            self._deliver, ice.on_media = ice.on_media, self._packet

    def _packet(self, data: bytes) -> None:
        if self._media_only and 192 <= data[1] <= 223:
            self._deliver(data)
            return
        self.packets += 1
        if self._random.random() < self.loss or self.doomed(data):
            return
        if self._held is None and self._random.random() < self.swap:
            self._held = data
            return
        self._deliver(data)
        if self._random.random() < self.repeat:
            self._deliver(data)
        if self._held is not None:
            held, self._held = self._held, None
            self._deliver(held)
