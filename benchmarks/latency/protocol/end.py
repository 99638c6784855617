"""One end of a call without browsers, as a process of its own: ``cell`` starts two, each in its place.

``python -m benchmarks.latency.protocol.end '{"role": "send", "carrier": "udp-nack", …}'``; it says ``ready`` when the
other may begin, and writes what it made or what came to the file that it was given.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from benchmarks.latency.protocol.media import Arrivals, Encoder, Made
from benchmarks.latency.protocol.udp import UdpReceiver, UdpSender
from wsmedia.client import Client, ClientEvents, RemoteTrack
from wsmedia.media import Codec, EncodedFrame, Participant, TrackSource

_CONNECT_SECONDS = 20.0
_DRAIN_SECONDS = 2.0
"""For how long after the last frame both ends stay; the receiver that much after the sender may have begun."""
_LENGTH = struct.Struct("!I")


async def _listen_or_connect(options: dict[str, Any]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A TCP connection between the ends: the one beside the servers listens, the one behind the link connects."""
    address, port = options["address"], options["port"]
    if not options["listens"]:
        print("ready", flush=True)
        async with asyncio.timeout(_CONNECT_SECONDS):
            while True:
                with contextlib.suppress(ConnectionRefusedError):
                    return await asyncio.open_connection(address, port)
                await asyncio.sleep(0.05)
    accepted: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Future()
    server = await asyncio.start_server(lambda r, w: accepted.set_result((r, w)), address, port)
    print("ready", flush=True)
    streams = await accepted
    server.close()
    return streams


class _Sink(ClientEvents):
    """Takes every frame of every track."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals

    def track_added(self, participant: Participant, remote: RemoteTrack) -> None:
        """Somebody's track is there."""
        remote.add_sink(self)
        remote.request_keyframe()

    def send_frame(self, frame: EncodedFrame) -> None:
        """A frame came; the session gives out decodable ones only."""
        self._arrivals.add(bytes(frame.data))


@contextlib.asynccontextmanager
async def _client(options: dict[str, Any], name: str, events: ClientEvents | None = None) -> AsyncIterator[Client]:
    lanes = {"lanes": options["lanes"]} if options["lanes"] else {}
    client = Client(
        options["url"], options["room"], name, token=options["token"], insecure=True, events=events, **lanes
    )
    async with client:
        yield client


def _encoded(frame: Made) -> EncodedFrame:
    rate = 90_000 if frame.is_video else 48_000
    ticks = frame.capture_us * rate // 1_000_000 % 2**32
    return EncodedFrame(frame.data, ticks, frame.capture_us, keyframe=frame.keyframe)


async def _send(options: dict[str, Any]) -> dict[str, Any]:
    seconds, sound = options["seconds"], options["sound"]
    seed, bitrate = options["seed"], options["bitrate_bps"]
    if options["carrier"] == "udp-nack":
        sender = UdpSender()
        local = (options["address"], options["port"]) if options["listens"] else None
        remote = None if options["listens"] else (options["address"], options["port"])
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: sender, local_addr=local, remote_addr=remote)
        print("ready", flush=True)
        encoder = sender.encoder = Encoder(seed, bitrate, sender.send, sound)
        if options["listens"]:
            await asyncio.wait_for(sender.ready.wait(), _CONNECT_SECONDS)
        pacing = asyncio.create_task(sender.pace())
        await encoder.run(seconds)
        await asyncio.sleep(_DRAIN_SECONDS)
        pacing.cancel()
    elif options["carrier"] == "naive-tcp":
        _, writer = await _listen_or_connect(options)

        def write(frame: Made) -> None:
            writer.write(_LENGTH.pack(len(frame.data)) + frame.data)

        encoder = Encoder(seed, bitrate, write, sound)
        await encoder.run(seconds)
        await asyncio.sleep(_DRAIN_SECONDS)
        writer.transport.abort()
    else:
        async with _client(options, "Sender") as client:
            video = client.publish(Codec.H264, TrackSource.CAMERA)
            audio = client.publish(Codec.OPUS, TrackSource.MICROPHONE)

            def give(frame: Made) -> None:
                (video if frame.is_video else audio).send_frame(_encoded(frame))

            encoder = Encoder(seed, bitrate, give, sound)
            video.on_keyframe_request = encoder.request_keyframe
            video.on_target_bitrate = encoder.set_target
            print("ready", flush=True)
            await encoder.run(seconds)
            await asyncio.sleep(_DRAIN_SECONDS)
    return {"made": encoder.made}


async def _receive(options: dict[str, Any]) -> dict[str, Any]:
    arrivals = Arrivals()
    if options["carrier"] == "udp-nack":
        peer = None if options["listens"] else (options["address"], options["port"])
        receiver = UdpReceiver(arrivals, peer, options["rtt_ms"])
        local = (options["address"], options["port"]) if options["listens"] else ("0.0.0.0", 0)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: receiver, local_addr=local)
        print("ready", flush=True)
        reporting = asyncio.create_task(receiver.report())
        await _all_came(arrivals, options)
        reporting.cancel()
    elif options["carrier"] == "naive-tcp":
        reading = asyncio.create_task(_read(options, arrivals))
        await _all_came(arrivals, options)
        reading.cancel()
    else:
        async with _client(options, "Receiver", _Sink(arrivals)):
            print("ready", flush=True)
            await _all_came(arrivals, options)
    return {"video": arrivals.decodable(), "audio": arrivals.audio, "sizes": arrivals.sizes}


async def _all_came(arrivals: Arrivals, options: dict[str, Any]) -> None:
    """Until all that may still come has come; the sender may begin later than we do."""
    async with asyncio.timeout(_CONNECT_SECONDS):
        await arrivals.begun.wait()
    await asyncio.sleep(options["seconds"] + _DRAIN_SECONDS)


async def _read(options: dict[str, Any], arrivals: Arrivals) -> None:
    reader, _ = await _listen_or_connect(options)
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            (length,) = _LENGTH.unpack(await reader.readexactly(4))
            arrivals.add(await reader.readexactly(length))


def main() -> None:
    """Run the end that the command line describes."""
    options = json.loads(sys.argv[1])
    result = asyncio.run(_send(options) if options["role"] == "send" else _receive(options))
    Path(options["output"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
