"""A standard WebRTC client of Janus on plain aiortc: the independent far end in the interop tests.

It shares Janus' signaling with the adapter, and nothing of the RTP, SDP and peer code under test.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtp import RtcpSrPacket

from tests.support.live_clip import LiveClip
from wsmedia.adapters.janus.signaling import Handle, JanusConnection, PluginReply
from wsmedia.media import EncodedFrame

PLUGIN = "janus.plugin.videoroom"
NO_SERVERS = RTCConfiguration(iceServers=[])  # by default aiortc would wait for a STUN server in the Internet


@dataclass
class ReceivedTrack:
    """What one receiver got.

    Attributes:
        units: (RTP timestamp, encoded frame) before decoding.
        frames: decoded ``av.VideoFrame`` or ``av.AudioFrame``.
        reports: (NTP time in seconds, RTP timestamp) of every sender report.
        first_frame_at: loop time of the first decoded frame.
    """

    units: list[tuple[int, bytes]] = field(default_factory=list)
    frames: list[Any] = field(default_factory=list)
    reports: list[tuple[float, int]] = field(default_factory=list)
    first_frame_at: float | None = None

    def capture_time_s(self, rtp_timestamp: int, clock_rate: int) -> float:
        """When a frame was captured by the publisher's clock, from the last sender report."""
        ntp_s, reported = self.reports[-1]
        ticks = (rtp_timestamp - reported + (1 << 31)) % (1 << 32) - (1 << 31)
        return ntp_s + ticks / clock_rate


class StandardSubscriber:
    """Subscribes to one feed on a handle of its own; ``async with`` closes it."""

    def __init__(self, janus: JanusConnection, room: int | str, feed: int | str) -> None:
        self.video = ReceivedTrack()
        self.audio = ReceivedTrack()
        self.peer = RTCPeerConnection(NO_SERVERS)
        self._janus = janus
        self._room = room
        self._feed = feed
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._receivers: dict[str, RTCRtpReceiver] = {}

    async def __aenter__(self) -> StandardSubscriber:
        handle = await self._janus.attach(PLUGIN)
        offer = await handle.send(
            {"request": "join", "ptype": "subscriber", "room": self._room, "streams": [{"feed": self._feed}]}
        )
        assert offer.sdp is not None
        await self.peer.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        for transceiver in self.peer.getTransceivers():
            received = self.video if transceiver.kind == "video" else self.audio
            self._receivers[transceiver.kind] = transceiver.receiver
            self._tap(transceiver.receiver, received)
            self._tasks.append(asyncio.create_task(self._decode(transceiver.receiver.track, received)))
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        await handle.send({"request": "start"}, answer=self.peer.localDescription.sdp)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.peer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, condition: Any, deadline_s: float = 15.0) -> None:
        """Wait until ``condition()`` holds; looked at whenever a frame was decoded."""
        async with asyncio.timeout(deadline_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def request_keyframe(self) -> None:
        """Send a PLI for the video."""
        receiver: Any = self._receivers["video"]
        for source in receiver.getSynchronizationSources():
            await receiver._send_rtcp_pli(source.source)

    def _tap(self, receiver: Any, received: ReceivedTrack) -> None:
        mapper = receiver._RTCRtpReceiver__timestamp_mapper
        decoder_queue = receiver._RTCRtpReceiver__decoder_queue
        map_timestamp, put, handle_rtcp = mapper.map, decoder_queue.put, receiver._handle_rtcp_packet
        raw_timestamps: list[int] = []

        def tapped_map(timestamp: int) -> int:
            raw_timestamps.append(timestamp)
            return int(map_timestamp(timestamp))

        def tapped_put(item: Any) -> None:
            if item is not None:
                received.units.append((raw_timestamps[-1], bytes(item[1].data)))
            put(item)

        async def tapped_rtcp(packet: Any) -> None:
            if isinstance(packet, RtcpSrPacket):
                info = packet.sender_info
                received.reports.append((info.ntp_timestamp / 2**32, info.rtp_timestamp))
            await handle_rtcp(packet)

        mapper.map, decoder_queue.put, receiver._handle_rtcp_packet = tapped_map, tapped_put, tapped_rtcp

    async def _decode(self, track: MediaStreamTrack, received: ReceivedTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if received.first_frame_at is None:
                    received.first_frame_at = asyncio.get_running_loop().time()
                received.frames.append(frame)
                self._changed.set()


class StandardPublisher:
    """Joins a room under a name and publishes a live clip's frames as they are; ``async with`` leaves."""

    def __init__(self, janus: JanusConnection, room: int | str, name: str, clip: LiveClip, **join: Any) -> None:
        self.clip = clip
        self.participant_id: int | str = 0
        self.events: list[PluginReply] = []
        self._changed = asyncio.Event()
        self._janus = janus
        self._join = {"request": "join", "ptype": "publisher", "room": room, "display": name, **join}
        self._peer = RTCPeerConnection(NO_SERVERS)
        self._video = _EncodedTrack("video", 90_000)
        self._audio = _EncodedTrack("audio", 48_000)
        self._playing: asyncio.Task[None] | None = None
        self.handle: Handle | None = None

    async def __aenter__(self) -> StandardPublisher:
        handle = self.handle = await self._janus.attach(PLUGIN)
        handle.on_event = self._heard
        self.participant_id = (await handle.send(self._join)).data["id"]
        self._peer.addTrack(self._audio)
        transceiver = self._peer.addTransceiver(self._video, direction="sendonly")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences(
            [codec for codec in codecs if codec.mimeType == f"video/{self.clip.codec.value.upper()}"]
        )
        transceiver.sender._send_keyframe = self.clip.request_keyframe
        await self._peer.setLocalDescription(await self._peer.createOffer())
        answer = await handle.send({"request": "publish"}, offer=self._peer.localDescription.sdp)
        assert answer.sdp is not None
        await self._peer.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        self._playing = asyncio.create_task(self.clip.run(self._video, self._audio))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)
        await self._peer.close()
        if self.handle is not None:
            await self.handle.detach()

    async def until(self, condition: Callable[[], object], deadline_s: float = 15.0) -> None:
        """Wait until ``condition()`` holds; looked at after every event of the room."""
        async with asyncio.timeout(deadline_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def descriptions(self) -> list[Any]:
        """How the streams of whom the room told last are called."""
        told = [event.data["publishers"] for event in self.events if event.data.get("publishers")]
        return [stream.get("description") for stream in told[-1][0]["streams"]] if told else []

    def _heard(self, reply: PluginReply) -> None:
        self.events.append(reply)
        self._changed.set()


class _EncodedTrack(MediaStreamTrack):
    """An aiortc track that gives encoded packets; implements ``FrameSink``. Bounded: drops the oldest when full."""

    def __init__(self, kind: str, clock_rate: int) -> None:
        super().__init__()
        self.kind = kind
        self._time_base = fractions.Fraction(1, clock_rate)
        self._queue: asyncio.Queue[EncodedFrame] = asyncio.Queue(100)

    def send_frame(self, frame: EncodedFrame) -> None:
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(frame)

    async def recv(self) -> Any:
        frame = await self._queue.get()
        packet = av.Packet(bytes(frame.data))
        packet.pts, packet.time_base = frame.rtp_timestamp, self._time_base
        return packet
