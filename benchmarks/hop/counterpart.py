"""The other side of ``passthrough``: answers its offers, counts packets, reads its processor time, prints JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable

import uvloop

from benchmarks.hop import stamps
from benchmarks.hop.cpu import seconds_used
from benchmarks.hop.frames import AUDIO, VIDEO
from benchmarks.hop.load import paced
from benchmarks.hop.signaling import answer_offers
from benchmarks.hop.stamps import StampedEndpoint
from wsmedia.media import EncodedFrame, Track
from wsmedia.peer import PeerConfig, PeerConnection, RtpSender

_CONNECT_TIMEOUT = 30.0
_SETTLE = 2.0


class Counterpart:
    """One answering connection."""

    def __init__(self, *, sending: bool) -> None:
        self.connection = PeerConnection(PeerConfig(addresses=["127.0.0.1"]))
        self._senders = [self.connection.add_sender(track) for track in (VIDEO, AUDIO)] if sending else []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, phase: float) -> None:
        """Send, if that is our part."""
        self._tasks = [asyncio.create_task(paced(sender.track, phase, _sending_to(sender))) for sender in self._senders]

    async def stop(self) -> None:
        """Stop sending and hang up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.connection.close()


async def main() -> None:
    """Answer, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--pid", type=int, required=True, help="of the passthrough process")
    parser.add_argument("--sending", action="store_true")
    parser.add_argument("--sessions", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    stamps.install()
    all_parts: list[Counterpart] = []

    async def answer(_label: str, offer: str) -> str:
        part = Counterpart(sending=options.sending)
        all_parts.append(part)
        return await part.connection.accept_offer(offer)

    server = await answer_offers(options.socket, answer)
    print("ready", flush=True)
    deadline = time.monotonic() + _CONNECT_TIMEOUT
    while sum(part.connection.state == "connected" for part in all_parts) < options.sessions:
        if time.monotonic() > deadline:
            raise TimeoutError("not everything is connected")
        await asyncio.sleep(0.05)
    for index, part in enumerate(all_parts):
        part.start(index / options.sessions)
    await asyncio.sleep(_SETTLE)

    before = (time.monotonic(), seconds_used(options.pid), _packets())
    await asyncio.sleep(options.seconds)
    after = (time.monotonic(), seconds_used(options.pid), _packets())

    for part in all_parts:
        await part.stop()
    server.close()
    seconds, cpu_seconds, packets = (late - early for early, late in zip(before, after, strict=True))
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "packets": packets}), flush=True)


def _sending_to(sender: RtpSender) -> Callable[[Track, EncodedFrame], None]:
    return lambda _track, frame: sender.send_frame(frame)


def _packets() -> int:
    return StampedEndpoint.packets_sent + StampedEndpoint.packets_received


if __name__ == "__main__":
    uvloop.run(main())
