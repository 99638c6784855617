"""A reference: UDP as a browser's WebRTC uses it. Paced, lost packets asked for again, a rate that follows the delay.

The pacing, the repeats and the rate are simple ones; they stand for the family, not for one implementation. Sound is
not asked for again, as browsers do by default.
"""

from __future__ import annotations

import asyncio
import struct
from collections import OrderedDict, deque
from typing import cast

from benchmarks.latency.protocol.media import Arrivals, Encoder, Made, now_us

_PAYLOAD = 1150
_PACING = 2.5
_TICK = 0.005
_HISTORY_US = 1_000_000
_GIVE_UP_US = 1_000_000
_REPORT_SECONDS = 0.1
_KEYFRAME_US = 500_000

# Kind, packet number, frame number, index and count of fragments, time of sending in µs.
_MEDIA = struct.Struct("!cIIHHQ")
_HELLO, _VIDEO, _AUDIO, _NACK, _REPORT, _KEYFRAME = b"H", b"V", b"A", b"N", b"R", b"K"
_REPORTED = struct.Struct("!cII")


class UdpSender(asyncio.DatagramProtocol):
    """Sends what an encoder makes to whoever said hello, or to the address that it was connected with."""

    def __init__(self) -> None:
        self.encoder: Encoder | None = None
        self.ready = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None
        self._peer: tuple[str, int] | None = None
        self._queue: deque[bytes] = deque()  # bounded by the encoder: what it makes in the time of a full queue
        self._history: OrderedDict[int, tuple[int, bytes]] = OrderedDict()
        self._next = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hello, a request for packets, a report, or a request for a keyframe."""
        kind = data[:1]
        if kind == _HELLO:
            self._peer = addr
            self.ready.set()
        elif kind == _NACK:
            for (number,) in struct.iter_unpack("!I", data[1:]):
                if number in self._history:
                    self._put(self._history[number][1])
        elif kind == _REPORT and self.encoder is not None:
            _, rate_bps, queueing_us = _REPORTED.unpack(data)
            self._adapt(self.encoder, rate_bps, queueing_us / 1000)
        elif kind == _KEYFRAME and self.encoder is not None:
            self.encoder.request_keyframe()

    @staticmethod
    def _adapt(encoder: Encoder, rate_bps: int, queueing_ms: float) -> None:
        if queueing_ms > 60:
            encoder.set_target(round(0.85 * rate_bps))
        elif queueing_ms < 30:
            encoder.set_target(round(encoder.target_bps * (1 + 0.08 * _REPORT_SECONDS)))

    def send(self, frame: Made) -> None:
        """Sound at once, video in its turn."""
        if not frame.is_video:
            self._put(_MEDIA.pack(_AUDIO, 0, frame.number, 0, 1, now_us()) + frame.data)
            return
        parts = [frame.data[at : at + _PAYLOAD] for at in range(0, len(frame.data), _PAYLOAD)]
        for index, part in enumerate(parts):
            self._queue.append(_MEDIA.pack(_VIDEO, self._next, frame.number, index, len(parts), 0) + part)
            self._next += 1

    async def pace(self) -> None:
        """Empty the queue at a multiple of the encoder's rate."""
        budget = 0.0
        while True:
            await asyncio.sleep(_TICK)
            assert self.encoder is not None
            budget = min(budget + _PACING * self.encoder.target_bps / 8 * _TICK, 2 * _PAYLOAD)
            while self._queue and budget > 0:
                packet = self._queue.popleft()
                budget -= len(packet)
                number = _MEDIA.unpack_from(packet)[1]
                self._history[number] = now_us(), packet
                self._put(packet)
            while self._history and next(iter(self._history.values()))[0] < now_us() - _HISTORY_US:
                self._history.popitem(last=False)

    def _put(self, packet: bytes) -> None:
        assert self._transport is not None
        stamped = packet[: _MEDIA.size - 8] + now_us().to_bytes(8, "big") + packet[_MEDIA.size :]
        self._transport.sendto(stamped, self._peer)


class UdpReceiver(asyncio.DatagramProtocol):
    """Puts frames together, asks for what is missing, and reports."""

    def __init__(self, arrivals: Arrivals, peer: tuple[str, int] | None, rtt_ms: float) -> None:
        self._arrivals = arrivals
        self._peer = peer
        self._again_us = round(rtt_ms * 1000) + 10_000
        self._transport: asyncio.DatagramTransport | None = None
        self._parts: dict[int, dict[int, bytes]] = {}
        self._missing: dict[int, tuple[int, int]] = {}  # when each was first missed and last asked for; for a second
        self._newest = -1
        self._octets: deque[tuple[int, int]] = deque()
        self._delays: list[int] = []
        self._least_delay = 1 << 62
        self._asked_keyframe = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A packet."""
        if data[:1] == _HELLO:
            return
        self._peer = addr
        kind, number, frame, index, count, sent_us = _MEDIA.unpack_from(data)
        now = now_us()
        self._octets.append((now, len(data)))
        self._least_delay = min(self._least_delay, now - sent_us)
        self._delays.append(now - sent_us)
        if kind == _AUDIO:
            self._arrivals.add(data[_MEDIA.size :])
            return
        if number > self._newest:
            for lost in range(self._newest + 1, number):
                self._missing[lost] = now, 0
            self._newest = number
        self._missing.pop(number, None)
        self._ask(now)
        if frame in self._arrivals.video:
            return
        parts = self._parts.setdefault(frame, {})
        parts[index] = data[_MEDIA.size :]
        if len(parts) == count:
            del self._parts[frame]
            self._arrivals.add(b"".join(parts[at] for at in range(count)))

    def _ask(self, now: int) -> None:
        due = [number for number, (_, asked) in self._missing.items() if now - asked >= self._again_us]
        for number in due[:200]:
            self._missing[number] = self._missing[number][0], now
        if due:
            self._put(_NACK + b"".join(number.to_bytes(4, "big") for number in due[:200]))

    async def report(self) -> None:
        """Say hello until something comes; then tell the rate and the delay, and give up what is too old."""
        while True:
            await asyncio.sleep(_REPORT_SECONDS)
            now = now_us()
            if self._newest < 0:
                self._put(_HELLO)
                continue
            while self._octets and self._octets[0][0] < now - 500_000:
                self._octets.popleft()
            queueing = sum(self._delays) // len(self._delays) - self._least_delay if self._delays else 200_000
            self._delays.clear()
            self._put(_REPORTED.pack(_REPORT, sum(size for _, size in self._octets) * 16, max(0, queueing)))
            old = [number for number, (since, _) in self._missing.items() if now - since > _GIVE_UP_US]
            for number in old:
                del self._missing[number]
            late = any(now - since > _KEYFRAME_US for since, _ in self._missing.values())
            if (old or late) and now - self._asked_keyframe > _KEYFRAME_US:
                self._asked_keyframe = now
                self._put(_KEYFRAME)
            self._ask(now)
            for frame in [frame for frame in self._parts if frame < max(self._parts) - 60]:
                del self._parts[frame]

    def _put(self, packet: bytes) -> None:
        if self._transport is not None and self._peer is not None:
            self._transport.sendto(packet, self._peer)
