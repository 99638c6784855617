"""The RTP payload format of VP8 (RFC 7741): frames into payloads and back.

Sending uses the descriptor of one octet: no picture ids, no layers; sequence numbers tell what is missing. Receiving
takes every extension and learns from it whether a frame is discardable and in which temporal layer it is.

::

      0 1 2 3 4 5 6 7                    X: an octet |I|L|T|K| RSV   | follows, and then as it says
     +-+-+-+-+-+-+-+-+                   I: PictureID, 7 bits, or 15 behind a 1 bit
     |X|R|N|S|R| PID |  N: non-reference L: TL0PICIDX, one octet
     +-+-+-+-+-+-+-+-+  S: partition     T, K: one octet |TID|Y| KEYIDX  |
                           begins
"""

from __future__ import annotations

from wsmedia.errors import PayloadError
from wsmedia.rtp.assembly import Assembled, FrameAssembler, check_room, even_pieces

_EXTENDED = 0x80
_NON_REFERENCE = 0x20
_BEGINS_PARTITION = 0x10
_PARTITION = 0x07
_KEYFRAME_HEADER_BYTES = 10
_START_CODE = b"\x9d\x01\x2a"


def is_keyframe(frame_data: bytes | memoryview) -> bool:
    """Whether a VP8 frame is a key frame (RFC 6386 §9.1): the lowest bit of its first octet is clear."""
    return bool(frame_data) and not frame_data[0] & 1


class Packetizer:
    """Cuts VP8 frames; keeps no state."""

    def packetize(self, frame_data: bytes | memoryview, max_payload: int) -> list[bytes]:
        """Cut one VP8 frame into RTP payloads (RFC 7741 §4.2).

        Args:
            frame_data: a frame, at least one octet. Partitions are not looked for: fragments may span them.
            max_payload: largest payload in octets, RTP header and extensions excluded; at least 16.

        Returns:
            n ≥ 1 payloads in send order, each ≤ max_payload; the marker bit belongs on the last.

        Raises:
            PayloadError: an empty frame, or max_payload too small.
        """
        check_room(max_payload)
        pieces = even_pieces(memoryview(frame_data), max_payload - 1)
        return [bytes((0 if index else _BEGINS_PARTITION,)) + piece for index, piece in enumerate(pieces)]


class Depacketizer(FrameAssembler):
    """Puts VP8 frames together; see ``FrameAssembler``."""

    def _begin_frame(self) -> None:
        self._pieces: list[memoryview] = []
        self._non_reference = False
        self._temporal_layer = 0

    def _add(self, payload: memoryview, *, first: bool, uncertain: bool) -> None:
        octet = payload[0]
        begins = octet & _BEGINS_PARTITION and not octet & _PARTITION
        if bool(begins) is not first:
            raise PayloadError("a frame begins where none should, or goes on that never began")
        position = 1
        if octet & _EXTENDED:
            position = self._read_extension(payload)
        if first:
            self._non_reference = bool(octet & _NON_REFERENCE)
        content = payload[position:]
        if not content:
            raise PayloadError("a descriptor without content")
        self._pieces.append(content)

    def _read_extension(self, payload: memoryview) -> int:
        """Learn what the extension tells; give where the content begins."""
        if len(payload) < 2:
            raise PayloadError("the descriptor is cut off")
        present, position = payload[1], 2
        if present & 0x80:
            if len(payload) <= position:
                raise PayloadError("the descriptor is cut off")
            position += 2 if payload[position] & 0x80 else 1
        position += present >> 6 & 1
        if present & 0x30:
            if len(payload) <= position:
                raise PayloadError("the descriptor is cut off")
            if present & 0x20:
                self._temporal_layer = payload[position] >> 6
            position += 1
        return position

    def _finish_frame(self) -> Assembled:
        data = b"".join(self._pieces)
        keyframe = is_keyframe(data)
        if keyframe and (len(data) < _KEYFRAME_HEADER_BYTES or data[3:6] != _START_CODE):
            raise PayloadError("a key frame without its start code")
        if not data:
            raise PayloadError("an empty frame")
        return Assembled(data, keyframe, self._non_reference and not keyframe, 0 if keyframe else self._temporal_layer)
