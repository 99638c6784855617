"""The load generator: for each session a tunnel client on one side of the gateway and a peer on the other.

Prints one JSON object: latencies in µs by direction and kind, packets, and the gateway's processor time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable

import uvloop

from benchmarks.hop import frames, stamps
from benchmarks.hop.cpu import seconds_used
from benchmarks.hop.frames import AUDIO, VIDEO
from benchmarks.hop.signaling import answer_offers
from benchmarks.hop.stamps import StampedEndpoint
from benchmarks.hop.tunnel_client import TunnelClient
from wsmedia.media import EncodedFrame, MediaKind, Track
from wsmedia.peer import PeerConfig, PeerConnection, RtpReceiver, RtpSender

_SETTLE = 3.0
_CONNECT_TIMEOUT = 30.0


class Measurements:
    """Latencies in µs by (direction, kind), while ``running``."""

    def __init__(self) -> None:
        self.running = False
        self.latencies: dict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, direction: str, kind: str, sent_ns: int | None, arrived_ns: int) -> None:
        """Take one frame; one whose departure is unknown does not count."""
        if self.running and sent_ns is not None:
            self.latencies[direction, kind].append((arrived_ns - sent_ns) / 1000)


class LoadedSession:
    """Both ends around one session of the gateway."""

    def __init__(self, room: str, measurements: Measurements) -> None:
        self._measurements = measurements
        self.client = TunnelClient(room, self._downlink_arrived)
        self.connection = PeerConnection(PeerConfig(addresses=["127.0.0.1"]))
        self.connection.on_receiver = self._receiver_added
        self._senders: dict[str, RtpSender] = {}
        self._downlink_sent: dict[tuple[str, int], int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.frames_arrived_up = 0

    async def answer(self, offer: str) -> str:
        """Answer the gateway's offer."""
        self._senders = {track.kind.value: self.connection.add_sender(track) for track in (VIDEO, AUDIO)}
        return await self.connection.accept_offer(offer)

    def start(self, source: random.Random) -> None:
        """Begin to send both ways, at a random phase."""
        self._tasks = [asyncio.create_task(paced(track, source.random(), self._send)) for track in (VIDEO, AUDIO)]

    async def stop(self) -> None:
        """Stop sending and hang up on both sides."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.client.stop()
        await self.connection.close()

    def _send(self, track: Track, frame: EncodedFrame) -> None:
        self.client.send_frame(track.track_id, frame)
        self._senders[track.kind].send_frame(frame)
        self._downlink_sent[track.kind.value, frames.number_of(frame.data)] = StampedEndpoint.departed_ns

    def _downlink_arrived(self, kind: str, number: int, arrived_ns: int) -> None:
        self._measurements.add("downlink", kind, self._downlink_sent.pop((kind, number), None), arrived_ns)

    def _receiver_added(self, receiver: RtpReceiver) -> None:
        receiver.add_sink(UplinkSink(self, VIDEO if receiver.kind is MediaKind.VIDEO else AUDIO, self._measurements))


class UplinkSink:
    """Takes what comes out of the gateway as SRTP."""

    def __init__(self, session: LoadedSession, track: Track, measurements: Measurements) -> None:
        self._session = session
        self._track = track
        self._measurements = measurements

    def send_frame(self, frame: EncodedFrame) -> None:
        """Note the arrival of the frame's last packet."""
        self._session.frames_arrived_up += 1
        sent = self._session.client.sent_ns.pop((self._track.track_id, frames.number_of(frame.data)), None)
        self._measurements.add("uplink", self._track.kind.value, sent, StampedEndpoint.arrived_ns)


async def paced(track: Track, phase: float, send: Callable[[Track, EncodedFrame], None]) -> None:
    """Give ``send`` the frames of a track at their pace, for ever; ``phase`` 0 … 1 shifts them within the interval."""
    make, interval = (
        (frames.video_frame, frames.VIDEO_INTERVAL)
        if track.kind is MediaKind.VIDEO
        else (frames.audio_frame, frames.AUDIO_INTERVAL)
    )
    loop = asyncio.get_running_loop()
    due = loop.time() + phase * interval
    number = 0
    while True:
        await asyncio.sleep(due - loop.time())
        send(track, make(number, time.time_ns() // 1000))
        number += 1
        due += interval


async def main() -> None:
    """Connect everything, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--gateway-pid", type=int, required=True)
    parser.add_argument("--sessions", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    stamps.install()
    measurements = Measurements()
    sessions = {f"room-{index}": LoadedSession(f"room-{index}", measurements) for index in range(options.sessions)}

    async def answer(label: str, offer: str) -> str:
        return await sessions[label].answer(offer)

    server = await answer_offers(options.socket, answer)
    source = random.Random(1)
    for session in sessions.values():
        await session.client.connect(options.port, (VIDEO, AUDIO))
    deadline = time.monotonic() + _CONNECT_TIMEOUT
    while waiting := [name for name, session in sessions.items() if session.connection.state != "connected"]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not connected: {[(name, sessions[name].connection.state) for name in waiting]}")
        await asyncio.sleep(0.05)
    for session in sessions.values():
        session.start(source)
    await asyncio.sleep(_SETTLE)

    measurements.running = True
    before = _counters(sessions, options.gateway_pid)
    await asyncio.sleep(options.seconds)
    after = _counters(sessions, options.gateway_pid)
    measurements.running = False

    for session in sessions.values():
        await session.stop()
    server.close()
    result = {
        "sessions": options.sessions,
        "latency_us": {
            f"{direction} {kind}": summary(values) for (direction, kind), values in measurements.latencies.items()
        },
        **{name: after[name] - before[name] for name in after},
    }
    print(json.dumps(result), flush=True)


def summary(values: list[float]) -> dict[str, float]:
    """Percentiles of latencies."""
    ordered = sorted(values)

    def percentile(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return {"count": len(ordered), "p50": percentile(0.5), "p90": percentile(0.9), "p99": percentile(0.99),
            "max": ordered[-1]}  # fmt: skip


def _counters(sessions: dict[str, LoadedSession], pid: int) -> dict[str, float]:
    return {
        "seconds": time.monotonic(),
        "gateway_cpu_seconds": seconds_used(pid),
        "packets_out": StampedEndpoint.packets_received,
        "packets_in": StampedEndpoint.packets_sent,
        "frames_up": sum(session.frames_arrived_up for session in sessions.values()),
        "frames_down": sum(session.client.frames_received for session in sessions.values()),
    }


if __name__ == "__main__":
    uvloop.run(main())
