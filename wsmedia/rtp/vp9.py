"""The RTP payload format of VP9 (RFC 9628): pictures into payloads and back.

Sending is in flexible mode: every picture has a 15-bit picture id and, unless it is a key frame, refers to the picture
sent before it. That is all one can say without the encoder, and enough for receivers that follow references. Receiving
takes both modes, spatial layers (all layers of a picture together are one frame) and the scalability structure, which
is skipped.

::

      0 1 2 3 4 5 6 7                  I: PictureID, 7 bits, or 15 behind a 1 bit
     +-+-+-+-+-+-+-+-+                 P: inter-picture predicted   L: |TID  |U|SID  |D|, and TL0PICIDX unless F
     |I|P|L|F|B|E|V|Z|                 F: flexible mode; with P up to three |P_DIFF     |N|
     +-+-+-+-+-+-+-+-+                 B, E: a layer's frame begins, ends   V: scalability structure
"""

from __future__ import annotations

import secrets

from wsmedia.errors import PayloadError
from wsmedia.rtp.assembly import Assembled, FrameAssembler, check_room, even_pieces

_PICTURE_ID = 0x80
_PREDICTED = 0x40
_LAYERS = 0x20
_FLEXIBLE = 0x10
_BEGINS = 0x08
_ENDS = 0x04
_STRUCTURE = 0x02
_MAX_REFERENCES = 3


def is_keyframe(frame_data: bytes | memoryview) -> bool:
    """Whether a VP9 frame, or the first of a superframe, is a key frame (VP9 bitstream specification §6.2)."""
    header = _Header(frame_data)
    return header.is_valid and header.is_key


def is_discardable(frame_data: bytes | memoryview) -> bool:
    """Whether nothing of a single VP9 frame is kept for others, neither picture nor probabilities; never a superframe.

    Probabilities are what a frame that is not error resilient may leave behind although it refreshes no reference
    (``refresh_frame_context``, which stands too deep in the header to be looked for).
    """
    header = _Header(frame_data)
    return header.is_valid and header.leaves_nothing and frame_data[-1] & 0xE0 != 0xC0


class _Header:
    """The first bits of ``uncompressed_header()``."""

    def __init__(self, frame_data: bytes | memoryview) -> None:
        self._bits = int.from_bytes(bytes(frame_data[:4]).ljust(4, b"\0"))
        self._left = 32
        self.leaves_nothing = False
        self.is_key = False
        self.is_valid = len(frame_data) > 0 and self._read(2) == 2
        if not self.is_valid:
            return
        if self._read(2) == 3:
            self._read(1)
        if self._read(1):  # show_existing_frame
            self.leaves_nothing = True
            return
        self.is_key = not self._read(1)
        shown, resilient = self._read(1), self._read(1)
        if self.is_key:
            return
        intra_only = 0 if shown else self._read(1)
        if not resilient:
            self._read(2)
        if not intra_only:
            refreshes = self._read(8)
            self.leaves_nothing = bool(resilient) and refreshes == 0

    def _read(self, count: int) -> int:
        self._left -= count
        return self._bits >> self._left & (1 << count) - 1


class Packetizer:
    """Cuts VP9 pictures; counts them for their picture ids."""

    def __init__(self) -> None:
        self._picture_id = secrets.randbelow(1 << 15)

    def packetize(self, frame_data: bytes | memoryview, max_payload: int) -> list[bytes]:
        """Cut one VP9 frame or superframe into RTP payloads (RFC 9628 §4.2).

        Args:
            frame_data: at least one octet.
            max_payload: largest payload in octets, RTP header and extensions excluded; at least 16.

        Returns:
            n ≥ 1 payloads in send order, each ≤ max_payload; the marker bit belongs on the last.

        Raises:
            PayloadError: an empty frame, or max_payload too small.
        """
        check_room(max_payload)
        flags = _PICTURE_ID | _FLEXIBLE
        rest = (self._picture_id | 0x8000).to_bytes(2)
        if not is_keyframe(frame_data):
            flags |= _PREDICTED
            rest += b"\x02"  # P_DIFF 1, and no further one
        pieces = even_pieces(memoryview(frame_data), max_payload - 1 - len(rest))
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        last = len(pieces) - 1
        return [
            bytes((flags | (0 if index else _BEGINS) | (_ENDS if index == last else 0),)) + rest + piece
            for index, piece in enumerate(pieces)
        ]


class Depacketizer(FrameAssembler):
    """Puts VP9 pictures together; see ``FrameAssembler``."""

    def _begin_frame(self) -> None:
        self._pieces: list[memoryview] = []
        self._in_layer = False
        self._layers = 0
        self._temporal_layer = 0

    def _add(self, payload: memoryview, *, first: bool, uncertain: bool) -> None:
        flags = payload[0]
        position, depends_on_lower = self._read_descriptor(payload)
        if bool(flags & _BEGINS) is self._in_layer:
            raise PayloadError("a layer begins inside another, or goes on that never began")
        if uncertain and depends_on_lower:
            raise PayloadError("the lower spatial layers are missing")
        content = payload[position:]
        if not content:
            raise PayloadError("a descriptor without content")
        self._layers += bool(flags & _BEGINS)
        self._in_layer = not flags & _ENDS
        self._pieces.append(content)

    def _read_descriptor(self, payload: memoryview) -> tuple[int, bool]:
        """Give where the content begins, and whether it depends on a lower spatial layer of the same picture."""
        flags, position, depends = payload[0], 1, False
        try:
            if flags & _PICTURE_ID:
                position += 2 if payload[position] & 0x80 else 1
            if flags & _LAYERS:
                layers = payload[position]
                self._temporal_layer = layers >> 5
                depends = bool(layers & 1)
                position += 1 if flags & _FLEXIBLE else 2
            if flags & _PREDICTED and flags & _FLEXIBLE:
                for count in range(_MAX_REFERENCES + 1):
                    if count == _MAX_REFERENCES:
                        raise PayloadError("more references than there can be")
                    position += 1
                    if not payload[position - 1] & 1:
                        break
            if flags & _STRUCTURE:
                position = _skip_structure(payload, position)
        except IndexError:
            raise PayloadError("the descriptor is cut off") from None
        return position, depends

    def _finish_frame(self) -> Assembled:
        data = b"".join(self._pieces)
        if self._in_layer or not data:
            raise PayloadError("a picture that is not complete")
        keyframe = is_keyframe(data)
        discardable = self._layers == 1 and is_discardable(data)
        return Assembled(data, keyframe, discardable, 0 if keyframe else self._temporal_layer)


def _skip_structure(payload: memoryview, position: int) -> int:
    """Give what stands behind the scalability structure (RFC 9628 §4.2.1)."""
    octet = payload[position]
    position += 1
    if octet & 0x10:
        position += 4 * ((octet >> 5) + 1)
    if octet & 0x08:
        pictures = payload[position]
        position += 1
        for _ in range(pictures):
            position += 1 + (payload[position] >> 2 & 3)
    return position
