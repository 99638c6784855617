"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).

One packet tells for a run of transport-wide sequence numbers which arrived, and when, in ticks of 250 µs.
``arrivals.ArrivalRecorder`` makes these packets; a sender with a bandwidth estimator reads them.

::

    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |      base sequence number     |      packet status count      |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |      reference time (24 bits, signed, 64 ms)  | fb pkt. count |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |  packet chunks, 16 bits each … | receive deltas, 8 or 16 bits … |

    run length chunk      |0| S |   run length (13)    |   S: 0 not received, 1 small delta (u8), 2 large (s16)
    status vector, 1 bit  |1|0| 14 × (0 not received, 1 small)   |
    status vector, 2 bits |1|1|  7 × S                           |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

from wsmedia.errors import PacketError
from wsmedia.rtp.rtcp_header import TRANSPORT_FEEDBACK, write_packet

FORMAT = 15
TICK_US = 250
TICKS_PER_REFERENCE = 256
"""Ticks in the 64 ms unit of the reference time."""

MAX_STATUSES = 1024
"""Statuses that are read of one packet: a few octets may claim 65535, and each costs time."""

_FIXED = Struct("!IIHHI")
_CHUNK = Struct("!H")
_SIGNED = Struct("!h")
_NOT_RECEIVED, _SMALL, _LARGE = 0, 1, 2
_MAX_RUN = 0x1FFF


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """Which packets arrived when.

    Attributes:
        sender_ssrc, media_ssrc: who reports; about which source (any of the transport's).
        base_sequence_number: the transport-wide number of the first status.
        reference_time: -2²³ … 2²³-1, in units of 64 ms on the receiver's clock.
        feedback_count: 0 … 255, counts feedback packets, so that a lost one shows.
        deltas: for base, base + 1, …: ticks of 250 µs since the previous received packet (the first: since the
            reference time), -32768 … 32767, or None when not received.
    """

    sender_ssrc: int
    media_ssrc: int
    base_sequence_number: int
    reference_time: int
    feedback_count: int
    deltas: tuple[int | None, ...]

    def arrivals(self) -> list[tuple[int, int | None]]:
        """Give (transport-wide sequence number, arrival in µs on the receiver's clock or None) for each status."""
        ticks = self.reference_time * TICKS_PER_REFERENCE
        result: list[tuple[int, int | None]] = []
        for offset, delta in enumerate(self.deltas):
            sequence_number = self.base_sequence_number + offset & 0xFFFF
            if delta is None:
                result.append((sequence_number, None))
            else:
                ticks += delta
                result.append((sequence_number, ticks * TICK_US))
        return result

    def serialize(self) -> bytes:
        """Write the packet with the shorter of run-length and status-vector chunks.

        Raises:
            PacketError: no status, more than 65535, or a delta outside 16 bits.
        """
        if not 0 < len(self.deltas) <= 0xFFFF:
            raise PacketError("transport feedback holds 1 to 65535 statuses")
        symbols = []
        receive_deltas = bytearray()
        for delta in self.deltas:
            if delta is None:
                symbols.append(_NOT_RECEIVED)
            elif 0 <= delta <= 0xFF:
                symbols.append(_SMALL)
                receive_deltas.append(delta)
            elif -0x8000 <= delta <= 0x7FFF:
                symbols.append(_LARGE)
                receive_deltas += _SIGNED.pack(delta)
            else:
                raise PacketError("receive delta does not fit into 16 bits")
        body = _FIXED.pack(
            self.sender_ssrc,
            self.media_ssrc,
            self.base_sequence_number,
            len(self.deltas),
            (self.reference_time & 0xFFFFFF) << 8 | self.feedback_count,
        )
        body += b"".join(map(_CHUNK.pack, _chunks(symbols))) + receive_deltas
        body += bytes(-len(body) % 4)
        return write_packet(TRANSPORT_FEEDBACK, FORMAT, body)


def parse_body(body: bytes) -> TransportFeedback:
    """Parse what follows the RTCP header of a transport feedback packet; only the first ``MAX_STATUSES`` are read.

    Raises:
        PacketError, struct.error, IndexError: the body is cut off or uses the reserved status.
    """
    sender_ssrc, media_ssrc, base, count, reference = _FIXED.unpack_from(body)
    if not count:
        raise PacketError("transport feedback without a status")
    position = _FIXED.size
    symbols: list[int] = []
    remaining = count  # every chunk must be passed, for the deltas stand behind the last
    while remaining > 0:
        (chunk,) = _CHUNK.unpack_from(body, position)
        position += 2
        if not chunk & 0x8000:
            run = min(chunk & _MAX_RUN, remaining)
            if not run:
                raise PacketError("run of no packets in transport feedback")
            symbols += [chunk >> 13] * min(run, MAX_STATUSES)
            remaining -= run
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in (12, 10, 8, 6, 4, 2, 0)]
            remaining -= 7
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
            remaining -= 14
    deltas: list[int | None] = []
    for symbol in symbols[: min(count, MAX_STATUSES)]:
        if symbol == _NOT_RECEIVED:
            deltas.append(None)
        elif symbol == _SMALL:
            deltas.append(body[position])
            position += 1
        elif symbol == _LARGE:
            deltas.append(_SIGNED.unpack_from(body, position)[0])
            position += 2
        else:
            raise PacketError("reserved packet status in transport feedback")
    reference_time = reference >> 8
    if reference_time & 0x800000:
        reference_time -= 0x1000000
    return TransportFeedback(sender_ssrc, media_ssrc, base, reference_time, reference & 0xFF, tuple(deltas))


def _chunks(symbols: Sequence[int]) -> list[int]:
    """Choose chunks: a run when it is as long as a vector would reach, else the vector that holds more."""
    chunks = []
    position = 0
    total = len(symbols)
    while position < total:
        symbol = symbols[position]
        end = position + 1
        while end < total and symbols[end] == symbol and end - position < _MAX_RUN:
            end += 1
        run = end - position
        fourteen = symbols[position : position + 14]
        if run >= 14 or end == total:
            chunks.append(symbol << 13 | run)
        elif _LARGE not in fourteen:
            chunks.append(0x8000 | sum(value << 13 - index for index, value in enumerate(fourteen)))
            run = len(fourteen)
        elif run >= 7:
            chunks.append(symbol << 13 | run)
        else:
            seven = fourteen[:7]
            chunks.append(0xC000 | sum(value << 12 - 2 * index for index, value in enumerate(seven)))
            run = len(seven)
        position += run
    return chunks
