"""A message on its way: repeated whole, or cut into fragments of which any that are as many as the data restore it.

The dispatcher makes a block of every message that somebody waits for (CONTROL, a packet of audio, a frame of video) and
asks it for one piece after another, each for a lane of its own. Acknowledgements come back to it, so that it knows when
the far end has enough, and asks for more pieces when younger data of other lanes arrived first.
"""

from __future__ import annotations

from enum import IntEnum

from wsmedia.fec import encode_parity
from wsmedia.wire import encode_fragment

NOT_VIDEO = -1
MAX_SPARES = 32
"""Parity fragments of a block (PROTOCOL.md §3.8): more would cost the far end too much to decode."""


class Urgency(IntEnum):
    """What goes first."""

    CONTROL = 0
    AUDIO = 1
    VIDEO = 2


class Block:
    """One message and its pieces. ``data_count`` 1 means that every piece is the whole message.

    Args:
        message: what the far end shall have.
        urgency: see there.
        now: monotonic seconds.
        number: the block number; of no meaning when the message travels whole.
        data_count: how many pieces hold the message, 1 … 200.
        spare_count: how many more are sent at once, so that as many may be late.
        video_track_id: the video track whose frame it is, or ``NOT_VIDEO``.
    """

    __slots__ = (
        "_parity",
        "acknowledged",
        "created_at",
        "data_count",
        "hedges",
        "lane_ids",
        "message",
        "number",
        "pieces_sent",
        "sent_at",
        "to_send",
        "urgency",
        "video_track_id",
    )

    def __init__(
        self,
        message: bytes,
        urgency: Urgency,
        now: float,
        *,
        number: int = 0,
        data_count: int = 1,
        spare_count: int = 0,
        video_track_id: int = NOT_VIDEO,
    ) -> None:
        self.message = message
        self.urgency = urgency
        self.number = number
        self.data_count = data_count
        self.video_track_id = video_track_id
        self.created_at = now
        self.sent_at = now
        """When the last piece was given to a lane."""
        self.to_send = data_count + spare_count
        self.pieces_sent = 0
        self.acknowledged = 0
        self.hedges = 0
        self.lane_ids: set[int] = set()
        self._parity: dict[int, bytes] = {}

    @property
    def is_delivered(self) -> bool:
        """Whether the far end has enough of it."""
        return self.acknowledged >= self.data_count

    @property
    def piece_size(self) -> int:
        """Octets of the message in a piece; the last one may have fewer."""
        return -(-len(self.message) // self.data_count)

    def next_piece(self, lane_id: int, now: float) -> bytes:
        """The next piece as a message for that lane; call it while ``to_send`` is above 0."""
        index = self.pieces_sent
        self.pieces_sent += 1
        self.to_send -= 1
        self.sent_at = now
        self.lane_ids.add(lane_id)
        if self.data_count == 1:
            return self.message
        if index < self.data_count:
            size = self.piece_size
            payload: bytes | memoryview = memoryview(self.message)[index * size : (index + 1) * size]
        else:
            payload = self._parity_piece(index)
        return encode_fragment(self.data_count, index, self.number, len(self.message), payload)

    def _parity_piece(self, index: int) -> bytes:
        if index not in self._parity:
            # All that will be sent now in one computation.
            indices = range(index, index + self.to_send + 1)
            self._parity.update(zip(indices, encode_parity(self.message, self.data_count, indices), strict=True))
        return self._parity.pop(index)

    def ask_for_more(self, count: int) -> None:
        """Send that many pieces more, if there are any left that the far end has not been sent."""
        if self.data_count > 1:
            count = min(count, self.data_count + MAX_SPARES - self.pieces_sent - self.to_send)
        self.to_send += max(count, 0)

    def drop_rest(self) -> None:
        """Send no more of it."""
        self.to_send = 0
