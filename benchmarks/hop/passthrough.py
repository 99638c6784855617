"""An endpoint that only passes encoded frames to a peer connection, or takes them from it: ours, or aiortc's.

Both do the same: the same frames at the same pace, over the same counterpart. aiortc always decodes what it receives;
its decoder is replaced by one that does nothing, since only the way of the packets is compared.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from fractions import Fraction
from typing import Any

import aioice.ice
import aiortc.rtcrtpreceiver
import av
import uvloop
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpSender, RTCSessionDescription

from benchmarks.hop.frames import (
    AUDIO,
    AUDIO_INTERVAL,
    AUDIO_TICKS,
    KEYFRAME_EVERY,
    VIDEO,
    VIDEO_INTERVAL,
    VIDEO_TICKS,
    repeating_data,
)
from benchmarks.hop.signaling import exchange
from wsmedia.media import EncodedFrame, MediaKind, Track
from wsmedia.peer import PeerConfig, PeerConnection, PeerState, RtpSender

_PACES = {"video": (VIDEO_INTERVAL, VIDEO_TICKS), "audio": (AUDIO_INTERVAL, AUDIO_TICKS)}


class _NoFrames:
    """Takes frames from a receiver and does nothing."""

    def send_frame(self, frame: EncodedFrame) -> None:
        pass


def _send_ours(sender: RtpSender, track: Track, phase: float) -> None:
    """Send for ever, from the event loop's callbacks: as the gateway does when a message has come."""
    loop = asyncio.get_running_loop()
    kind = track.kind.value
    interval, ticks = _PACES[kind]

    def send(number: int, due: float) -> None:
        loop.call_at(due + interval, send, number + 1, due + interval)
        data, keyframe = repeating_data(kind, number % KEYFRAME_EVERY)
        sender.send_frame(EncodedFrame(data, number * ticks & 0xFFFFFFFF, time.time_ns() // 1000, keyframe))

    start = loop.time() + phase * interval
    loop.call_at(start, send, 0, start)


async def run_ours(path: str, label: str, phase: float, *, sending: bool) -> None:
    """One connection of ours; returns never."""
    connection = PeerConnection(PeerConfig(addresses=["127.0.0.1"]))
    connected = asyncio.Event()
    connection.on_state = lambda state: connected.set() if state is PeerState.CONNECTED else None
    connection.on_receiver = lambda receiver: receiver.add_sink(_NoFrames())
    senders = []
    for track in (VIDEO, AUDIO):
        if sending:
            senders.append((connection.add_sender(track), track))
        else:
            connection.add_receiver_section(track.kind)
    await connection.accept_answer(await exchange(path, label, await connection.create_offer()))
    await connected.wait()
    for sender, track in senders:
        _send_ours(sender, track, phase)
    await asyncio.Event().wait()


class EncodedTrack(MediaStreamTrack):
    """Frames for aiortc's sender, encoded already."""

    def __init__(self, kind: str, phase: float) -> None:
        super().__init__()
        self.kind = kind
        self._interval, self._ticks = _PACES[kind]
        self._due: float | None = None
        self._phase = phase
        self._number = 0

    async def recv(self) -> av.Packet[Any]:
        """The next frame, when it is due."""
        now = asyncio.get_running_loop().time()
        if self._due is None:
            self._due = now + self._phase * self._interval
        await asyncio.sleep(self._due - now)
        self._due += self._interval
        data, _ = repeating_data(self.kind, self._number % KEYFRAME_EVERY)
        packet = av.Packet(data)
        packet.pts, packet.time_base = (
            self._number * self._ticks,
            Fraction(1, 90_000 if self.kind == "video" else 48_000),
        )
        self._number += 1
        return packet


class _NoDecoder:
    def decode(self, _frame: Any) -> list[Any]:
        return []


async def run_aiortc(path: str, label: str, phase: float, *, sending: bool) -> None:
    """One connection of aiortc's; returns never."""
    connection = RTCPeerConnection()
    for kind in MediaKind:
        name = kind.value
        if sending:
            transceiver = connection.addTransceiver(EncodedTrack(name, phase), direction="sendonly")
        else:
            transceiver = connection.addTransceiver(name, direction="recvonly")
        wanted = "video/H264" if kind is MediaKind.VIDEO else "audio/opus"
        codecs = [codec for codec in RTCRtpSender.getCapabilities(name).codecs if codec.mimeType == wanted]
        transceiver.setCodecPreferences(codecs[:1])
    await connection.setLocalDescription(await connection.createOffer())
    answer = await exchange(path, label, connection.localDescription.sdp)
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await asyncio.Event().wait()


async def main() -> None:
    """Connect, pass frames until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--stack", choices=["ours", "aiortc"], required=True)
    parser.add_argument("--direction", choices=["send", "receive"], required=True)
    parser.add_argument("--sessions", type=int, required=True)
    options = parser.parse_args()
    run = run_ours if options.stack == "ours" else run_aiortc
    # aioice gives no loopback address, and its answer depends on the machine.
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    setattr(aiortc.rtcrtpreceiver, "get_decoder", lambda _codec: _NoDecoder())  # noqa: B010 - not exported
    sending = options.direction == "send"
    await asyncio.gather(
        *(
            run(options.socket, str(index), index / options.sessions, sending=sending)
            for index in range(options.sessions)
        )
    )


if __name__ == "__main__":
    uvloop.run(main())
