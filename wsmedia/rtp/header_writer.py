"""A fast RTP header for a sender whose extensions stay the same: one ``struct`` call and one concatenation per packet.

``RtpSender`` makes one writer per SSRC after negotiation. All extensions come first in a fixed order (transport-cc,
abs-send-time, audio level, then the constant ones), so the offsets of those that change are known and a
retransmission can be stamped anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from wsmedia.errors import PacketError
from wsmedia.rtp.header_extensions import UNKNOWN_AUDIO_LEVEL, ExtensionMap, encode_text
from wsmedia.rtp.packet import HEADER_SIZE, ONE_BYTE_PROFILE, TWO_BYTE_PROFILE

_TRANSPORT = Struct("!H")
_TAGGED_24_BITS = Struct("!I")


class HeaderWriter:
    """Writes the RTP packets of one SSRC and payload type.

    Args:
        ssrc, payload_type: what every packet carries.
        extensions: negotiated ids; transport-cc, abs-send-time and audio level are written when they are negotiated.
        mid, rid: constant values, written when given and negotiated.
        with_audio_level: False leaves the audio level out although it is negotiated (for video).

    Attributes:
        overhead: octets in front of the payload; ``max_packet - overhead`` is ``max_payload`` for a packetizer.

    Raises:
        PacketError: ids or values that fit no header extension.
    """

    __slots__ = (
        "_abs_send_time_position",
        "_abs_send_time_tag",
        "_audio_level_tag",
        "_constants",
        "_first",
        "_pack",
        "_transport_position",
        "overhead",
        "payload_type",
        "ssrc",
    )

    def __init__(
        self,
        ssrc: int,
        payload_type: int,
        extensions: ExtensionMap | None = None,
        *,
        mid: str | None = None,
        rid: str | None = None,
        with_audio_level: bool = True,
    ) -> None:
        self.ssrc = ssrc
        self.payload_type = payload_type
        ids = extensions or ExtensionMap()
        audio_level_id = ids.audio_level if with_audio_level else None
        texts = [
            (extension_id, encode_text(text))
            for extension_id, text in ((ids.mid, mid), (ids.rid, rid))
            if extension_id is not None and text
        ]
        sizes = [
            (extension_id, size)
            for extension_id, size in ((ids.transport_cc, 2), (ids.abs_send_time, 3), (audio_level_id, 1))
            if extension_id is not None
        ] + [(extension_id, len(text)) for extension_id, text in texts]
        one_byte = all(0 < extension_id < 15 and size <= 16 for extension_id, size in sizes)
        if not all(0 < extension_id < 256 and size < 256 for extension_id, size in sizes):
            raise PacketError("header extension id or length out of range")

        def tag(extension_id: int, size: int) -> bytes:
            return bytes((extension_id << 4 | size - 1,)) if one_byte else bytes((extension_id, size))

        # The header is one struct: constant octets (s) around each value that changes. The last octet of the tag in
        # front of the send time and of the audio level is packed together with the value, because there is no
        # 24-bit format.
        content = sum(size for _, size in sizes) + len(sizes) * (1 if one_byte else 2)
        words = (content + 3) // 4
        before_transport = before_abs_send_time = before_audio_level = b""
        if sizes:
            profile = ONE_BYTE_PROFILE if one_byte else TWO_BYTE_PROFILE
            before_transport = profile.to_bytes(2) + words.to_bytes(2)
        position = HEADER_SIZE + len(before_transport)
        transport_format = abs_send_time_format = audio_level_format = "0s"
        self._transport_position: int | None = None
        self._abs_send_time_position: int | None = None
        self._abs_send_time_tag: int | None = None
        self._audio_level_tag: int | None = None
        if ids.transport_cc is not None:
            octets = tag(ids.transport_cc, 2)
            before_transport += octets
            self._transport_position = position + len(octets)
            position = self._transport_position + 2
            transport_format = "H"
        if ids.abs_send_time is not None:
            octets = tag(ids.abs_send_time, 3)
            before_abs_send_time = octets[:-1]
            self._abs_send_time_tag = octets[-1] << 24
            self._abs_send_time_position = position + len(octets) - 1
            position = self._abs_send_time_position + 4
            abs_send_time_format = "I"
        if audio_level_id is not None:
            octets = tag(audio_level_id, 1)
            before_audio_level = octets[:-1]
            self._audio_level_tag = octets[-1] << 8
            audio_level_format = "H"
        tail = b"".join(tag(extension_id, len(text)) + text for extension_id, text in texts)
        tail += bytes(4 * words - content)
        self._constants = (before_transport, before_abs_send_time, before_audio_level, tail)
        structure = Struct(
            f"!BBHII{len(before_transport)}s{transport_format}{len(before_abs_send_time)}s{abs_send_time_format}"
            f"{len(before_audio_level)}s{audio_level_format}{len(tail)}s"
        )
        self._pack = structure.pack
        self._first = 0x90 if sizes else 0x80
        self.overhead = structure.size

    def write(
        self,
        sequence_number: int,
        rtp_timestamp: int,
        payload: bytes | memoryview,
        *,
        marker: bool = False,
        transport_sequence_number: int = 0,
        abs_send_time: int = 0,
        audio_level: int | None = None,
    ) -> bytes:
        """Write one packet.

        Args:
            sequence_number, rtp_timestamp: reduced modulo 2¹⁶ and 2³² by the caller.
            payload: one payload of a packetizer.
            marker: set on the last packet of a video frame.
            transport_sequence_number: 16 bits; ignored unless negotiated.
            abs_send_time: 24 bits; ignored unless negotiated.
            audio_level: RFC 6464 octet; unknown is written as silence without voice; ignored unless negotiated.
        """
        (packet,) = self.write_frame(
            sequence_number,
            rtp_timestamp,
            (payload,),
            mark_last=marker,
            transport_sequence_number=transport_sequence_number,
            abs_send_time=abs_send_time,
            audio_level=audio_level,
        )
        return packet

    def write_frame(
        self,
        sequence_number: int,
        rtp_timestamp: int,
        payloads: Sequence[bytes | memoryview],
        *,
        mark_last: bool = False,
        transport_sequence_number: int = 0,
        abs_send_time: int = 0,
        audio_level: int | None = None,
    ) -> list[bytes]:
        """Write the packets of one frame; cheaper than ``write`` for each.

        Args:
            sequence_number: of the first packet; the others count up from it, modulo 2¹⁶.
            rtp_timestamp: of all.
            payloads: what a packetizer gave.
            mark_last: set the marker on the last packet, as for video.
            transport_sequence_number: of the first packet; the others count up.
            abs_send_time, audio_level: as in ``write``, the same for all.
        """
        before_transport, before_abs_send_time, before_audio_level, tail = self._constants
        pack, first, ssrc = self._pack, self._first, self.ssrc
        has_transport = self._transport_position is not None
        second = self.payload_type
        send_time: bytes | int = b""
        if self._abs_send_time_tag is not None:
            send_time = self._abs_send_time_tag | abs_send_time
        level: bytes | int = b""
        if self._audio_level_tag is not None:
            level = self._audio_level_tag | (UNKNOWN_AUDIO_LEVEL if audio_level is None else audio_level)
        remaining = len(payloads)
        packets = []
        for payload in payloads:
            remaining -= 1
            if mark_last and not remaining:
                second |= 0x80
            header = pack(
                first,
                second,
                sequence_number,
                rtp_timestamp,
                ssrc,
                before_transport,
                transport_sequence_number if has_transport else b"",
                before_abs_send_time,
                send_time,
                before_audio_level,
                level,
                tail,
            )
            packets.append(header + payload)
            sequence_number = sequence_number + 1 & 0xFFFF
            transport_sequence_number = transport_sequence_number + 1 & 0xFFFF
        return packets

    def restamp(self, packet: bytes, transport_sequence_number: int, abs_send_time: int) -> bytes:
        """Give a packet that this writer wrote a new transport-wide number and send time.

        For packets that go out under a new sequence number afterwards (RTX keeps the header extensions of the
        original). With AES-GCM, protecting an altered packet a second time under one sequence number reveals the
        authentication key (RFC 7714 §8.1): a plain retransmission resends the protected octets as they were.
        """
        if self._transport_position is None and self._abs_send_time_position is None:
            return packet
        stamped = bytearray(packet)
        if self._transport_position is not None:
            _TRANSPORT.pack_into(stamped, self._transport_position, transport_sequence_number)
        if self._abs_send_time_position is not None and self._abs_send_time_tag is not None:
            _TAGGED_24_BITS.pack_into(stamped, self._abs_send_time_position, self._abs_send_time_tag | abs_send_time)
        return bytes(stamped)
