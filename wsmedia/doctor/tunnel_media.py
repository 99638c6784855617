"""Picture and sound through the tunnel over one kind of lane, out to the gateway and back, and looked at."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from typing import Any

import av
import av.error

from wsmedia.client import Client, ClientError
from wsmedia.client.audio_transcoder import OpusEncoder
from wsmedia.client.tracks import LocalTrack, RemoteTrack
from wsmedia.client.video_transcoder import VideoEncoder
from wsmedia.clock import SystemClock
from wsmedia.doctor.private_room import PrivateRoom
from wsmedia.doctor.sample_media import FPS, HEIGHT, PACKET_SAMPLES, SAMPLE_RATE, WIDTH, is_our_picture, picture, tone
from wsmedia.doctor.site import Site
from wsmedia.findings import Check, Outcome, Result
from wsmedia.media import Codec, EncodedFrame, MediaKind, TrackSource

_CONNECT_PATIENCE = 12.0
_SECONDS = 2.5
_BITRATE_BPS = 400_000
_PICTURES = 10  # that have to be seen
_LATE_MS = 500
_clock = SystemClock()


class _Watch:
    """A ``FrameSink`` that decodes what comes and notes how old it was."""

    def __init__(self, kind: MediaKind) -> None:
        self.delays_ms: list[float] = []
        self.octets = 0
        self.seen = 0
        self._decoder: Any = av.CodecContext.create("h264" if kind is MediaKind.VIDEO else "opus", "r")
        self._kind = kind

    def send_frame(self, frame: EncodedFrame) -> None:
        """Look at one frame."""
        self.delays_ms.append((_clock.wall_us() - frame.capture_time_us) / 1000)
        self.octets += len(frame.data)
        try:
            decoded = self._decoder.decode(av.Packet(bytes(frame.data)))
        except av.error.FFmpegError:
            return
        self.seen += sum(self._kind is MediaKind.AUDIO or is_our_picture(one) for one in decoded)


async def check_tunnel_media(site: Site, check: Check, room: PrivateRoom) -> Result:
    """Two participants: one sends, the other one looks."""
    watches: dict[MediaKind, _Watch] = {}
    kind = check.value.removeprefix("tunnel-")
    options = {"token": room.token, "insecure": site.insecure, "reconnect_seconds": 0.0, "lane": kind}
    url = site.base
    try:
        async with asyncio.timeout(_CONNECT_PATIENCE + 2 * _SECONDS):
            watcher = Client(url, room.room, f"{kind}-watcher", **options)  # type: ignore[arg-type]
            sender = Client(url, room.room, f"{kind}-sender", **options)  # type: ignore[arg-type]
            async with watcher, sender:
                await _send(sender, watcher, watches)
    except (ClientError, TimeoutError, OSError) as error:
        if not watches:
            return judge_tunnel_media(check, None, 0, [], octets=0, why=str(error))
    video = watches.get(MediaKind.VIDEO)
    audio = watches.get(MediaKind.AUDIO)
    delays = [*(video.delays_ms if video else []), *(audio.delays_ms if audio else [])]
    octets = sum(watch.octets for watch in watches.values())
    pictures, sounds = (watch.seen if watch else 0 for watch in (video, audio))
    return judge_tunnel_media(check, pictures, sounds, delays, octets=octets)


def judge_tunnel_media(
    check: Check, pictures: int | None, sounds: int, delays_ms: Sequence[float], *, octets: int, why: str = ""
) -> Result:
    """The result.

    Args:
        check: which kind of lane.
        pictures, sounds: how many were decoded and looked right; ``pictures`` None when there was no connection at all.
        delays_ms: of each frame that came, from its making.
        octets: of all of them.
        why: a sentence, when there was no connection.
    """
    if pictures is None:
        return Result(check, Outcome.BLOCKED, "no-connection", note=why[:200])
    if pictures < _PICTURES or sounds == 0:
        return Result(check, Outcome.BLOCKED, "silent", {"pictures": pictures, "sounds": sounds})
    delay = statistics.median(delays_ms)
    figures = {
        "delay_ms": round(delay, 1),
        "worst_delay_ms": round(max(delays_ms), 1),
        "media_bps": round(octets * 8 / _SECONDS),
        "pictures": pictures,
    }
    if delay > _LATE_MS:
        return Result(check, Outcome.HINDERED, "late", figures)
    return Result(check, Outcome.WELL, "works", figures)


async def _send(sender: Client, watcher: Client, watches: dict[MediaKind, _Watch]) -> None:
    camera = sender.publish(Codec.H264, TrackSource.CAMERA)
    microphone = sender.publish(Codec.OPUS, TrackSource.MICROPHONE)
    ours = sender.participant_id

    def tracks() -> list[RemoteTrack]:
        return [remote for remote in watcher.remote_tracks if remote.participant_id == ours]

    await watcher.wait_until(lambda: len(tracks()) == 2)
    for remote in tracks():
        watches[remote.track.kind] = _Watch(remote.track.kind)
        remote.add_sink(watches[remote.track.kind])
    await asyncio.gather(_send_video(camera), _send_audio(microphone))
    await sender.drain()
    # What the gateway has is on its way to the watcher.
    last = _clock.wall_us()
    await _pause_until(last + 300_000)


async def _send_video(camera: LocalTrack) -> None:
    encoder = VideoEncoder(WIDTH, HEIGHT, FPS, _BITRATE_BPS)
    wanted = True

    def keyframe() -> None:
        nonlocal wanted
        wanted = True

    camera.on_keyframe_request = keyframe
    began = _clock.wall_us()
    for number in range(int(_SECONDS * FPS)):
        due = began + number * 1_000_000 // FPS
        await _pause_until(due)
        captured = _clock.wall_us()
        frame = encoder.encode(picture(number), number / FPS, wanted)
        wanted = False
        if frame is not None:
            frame.rtp_timestamp, frame.capture_time_us = number * 90_000 // FPS, captured
            camera.send_frame(frame)


async def _send_audio(microphone: LocalTrack) -> None:
    encoder = OpusEncoder(1)
    began = _clock.wall_us()
    for number in range(int(_SECONDS * SAMPLE_RATE / PACKET_SAMPLES)):
        await _pause_until(began + number * 20_000)
        captured = _clock.wall_us()
        if data := encoder.encode(tone(number)):
            microphone.send_frame(EncodedFrame(data, number * PACKET_SAMPLES, captured))


async def _pause_until(wall_us: int) -> None:
    left = (wall_us - _clock.wall_us()) / 1e6
    if left > 0:
        await asyncio.sleep(left)
