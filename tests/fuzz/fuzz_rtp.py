"""Fuzz the parsers of RTP, RTCP and the payload formats: PacketError and PayloadError are the only way to refuse."""

from __future__ import annotations

import json
from pathlib import Path

from runner import fuzz

from wsmedia.errors import PacketError, PayloadError
from wsmedia.media import Codec
from wsmedia.rtp import h264, packet, rtcp, rtx
from wsmedia.rtp.feedback import Fir, Nack, Pli, Remb
from wsmedia.rtp.header_extensions import SUPPORTED_URIS, ExtensionMap
from wsmedia.rtp.packet import RtpPacket
from wsmedia.rtp.payload import depacketizer, packetizer
from wsmedia.rtp.rtcp import Bye, ReportBlock, Sdes, SenderReport
from wsmedia.rtp.twcc import TransportFeedback

VECTORS = Path(__file__).parent.parent / "vectors"
EXTENSIONS = ExtensionMap({uri: number for number, uri in enumerate(sorted(SUPPORTED_URIS), 1)})
PICTURE = b"\0\0\0\1\x67\x42\0\0\0\1\x68\xce\0\0\1\x65" + b"\x88" * 60

CORPUS = [
    *(bytes.fromhex(vector["hex"]) for vector in json.loads((VECTORS / "rtp.json").read_text())),
    *(RtpPacket(96, 1, 2, 3, payload, True).serialize() for payload in h264.Packetizer().packetize(PICTURE, 32)),
    rtcp.serialize([
        SenderReport(1, 2, 3, 4, 5, (ReportBlock(1, 2, 3, 4, 5, 6, 7),)), Sdes.of_cname(1, "me"), Bye((1, 2), "x"),
    ]),
    rtcp.serialize([Nack(1, 2, (3, 4, 30)), Pli(1, 2), Fir(1, ((2, 3),)), Remb(1, 500_000, (2, 3))]),
    TransportFeedback(1, 2, 3, 4, 5, (1, None, 300, *(1,) * 20, *(None,) * 9, -5)).serialize(),
    PICTURE,
    *(
        RtpPacket(96, 1, 2, 3, payload, True).serialize()
        for codec, frame in (
            (Codec.VP8, b"\x10\x02\x00\x9d\x01\x2a\xa0\x00\x60\x00" + b"\x88" * 60),
            (Codec.VP9, b"\x82\x49\x83\x42" + b"\x88" * 60),
            (Codec.AV1, b"\x0a\x03\0\0\0\x32\x3d\x10" + b"\x88" * 60),
        )
        for payload in packetizer(codec).packetize(frame, 40)
    ),
]  # fmt: skip


def parse_everything(data: bytes) -> None:
    """Give ``data`` to each parser in turn; what is parsed must be fit to be written and parsed again."""
    try:
        parsed = packet.parse(data)
    except PacketError:
        pass
    else:
        assert packet.parse(parsed.serialize()) == parsed
        EXTENSIONS.decode(parsed.extensions)
        rtx.unwrap(parsed, 1, 2)
        _depacketize(parsed)
    try:
        packets = rtcp.parse(data)
    except PacketError:
        pass
    else:
        if packets:
            rtcp.parse(rtcp.serialize(packets))
    for codec in Codec:
        _cut_and_join(codec, data)


def _cut_and_join(codec: Codec, data: bytes) -> None:
    try:
        payloads = packetizer(codec).packetize(data, 16 + len(data) % 64)
    except PayloadError:
        return
    receiver = depacketizer(codec)
    for index, payload in enumerate(payloads):
        receiver.push(RtpPacket(96, index, 0, 1, payload, index == len(payloads) - 1))


def _depacketize(parsed: RtpPacket) -> None:
    for codec in Codec:
        receiver = depacketizer(codec)
        receiver.push(RtpPacket(96, parsed.sequence_number - 1 & 0xFFFF, 0, 1, b"\x67\x42"))
        receiver.push(parsed)
        # Octets of the payload as payloads of their own: many short, odd packets.
        for index in range(0, min(len(parsed.payload), 64), 5):
            piece = parsed.payload[index : index + 5]
            receiver.push(
                RtpPacket(96, parsed.sequence_number + index // 5 & 0xFFFF, index // 20, 1, piece, index % 3 == 0)
            )


if __name__ == "__main__":
    fuzz(parse_everything, CORPUS)
