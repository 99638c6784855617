"""Plays a file in real time: reads its tracks, waits until each frame is due, encodes what needs it, feeds the sinks.

All tracks of a file share one start on the clock, so that capture times keep picture and sound together, in loops too.
Each track has one worker thread for reading and encoding; the event loop only waits and passes frames on.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from wsmedia.client.audio_transcoder import AudioTranscoder
from wsmedia.client.errors import MediaFileError
from wsmedia.client.media_inspection import FileInfo, FileTrack
from wsmedia.client.track_reader import MediaUnit, PassThroughReader, TrackReader
from wsmedia.client.video_transcoder import VideoTranscoder
from wsmedia.clock import Clock, SystemClock
from wsmedia.media import MediaKind
from wsmedia.ports import FrameSink

LATE_SECONDS = 0.5
"""A frame that late is skipped, where the next ones do not depend on it: a slow machine must not drift."""

_MAX_STEP_SECONDS = 10.0
_CLOCK_RATES = {MediaKind.AUDIO: 48_000, MediaKind.VIDEO: 90_000}

_Result = TypeVar("_Result")


@dataclass(slots=True)
class PlayStatistics:
    """What was played of one track.

    Attributes:
        position: seconds since the beginning of the playback, loops counted on.
        frames, keyframes, octets: given to the sink.
        frames_skipped: too late to be sent.
    """

    position: float = 0.0
    frames: int = 0
    keyframes: int = 0
    octets: int = 0
    frames_skipped: int = 0


class FilePlayer:
    """Plays the tracks of a file to sinks.

    Args:
        info: from ``media_inspection.inspect``.
        sinks: where the frames of each track of ``info`` go; tracks without a sink are not played.
        loop: begin again at the end, for ever.
        video_bitrate_bps, audio_bitrate_bps: for what is transcoded; None chooses by size and channels.
        clock: paces the frames and stamps them with its wall time.
    """

    def __init__(
        self,
        info: FileInfo,
        sinks: Mapping[FileTrack, FrameSink],
        *,
        loop: bool = False,
        video_bitrate_bps: int | None = None,
        audio_bitrate_bps: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._loop = loop
        self._clock = clock or SystemClock()
        bitrates = {MediaKind.VIDEO: video_bitrate_bps, MediaKind.AUDIO: audio_bitrate_bps}
        self._tracks = {
            track: _TrackPlayer(info, track, sink, bitrates[track.kind], self._clock) for track, sink in sinks.items()
        }

    @property
    def statistics(self) -> dict[FileTrack, PlayStatistics]:
        """Live figures of each track that is played."""
        return {track: player.statistics for track, player in self._tracks.items()}

    @property
    def position(self) -> float:
        """Seconds played, loops counted on."""
        return max((player.statistics.position for player in self._tracks.values()), default=0.0)

    def request_keyframe(self, track: FileTrack) -> None:
        """Make the track's next frame a keyframe, if it is transcoded."""
        self._tracks[track].request_keyframe()

    def set_target_bitrate(self, track: FileTrack, bitrate_bps: int) -> None:
        """Encode the track with no more than this, if it is transcoded."""
        self._tracks[track].set_target_bitrate(bitrate_bps)

    async def play(self) -> None:
        """Play to the end; with ``loop``, until cancelled.

        Raises:
            MediaFileError: the file holds no frame that can be played, or vanished.
        """
        players = list(self._tracks.values())
        try:
            await asyncio.gather(*(player.open() for player in players))
            start, start_us = self._clock.monotonic(), self._clock.wall_us()
            offset = 0.0
            while True:
                # The longest track sets the length, so that none overlaps itself and all stay together.
                lengths = await _all(*(player.play_once(start, start_us, offset, self._loop) for player in players))
                length = max(lengths, default=0.0)
                if length <= 0:
                    raise MediaFileError("the file holds no frame that can be played")
                if not self._loop:
                    return
                offset += length
        finally:
            for player in players:
                player.close()


class _TrackPlayer:
    """One track: a reader in a worker thread, opened again for every pass."""

    def __init__(
        self, info: FileInfo, track: FileTrack, sink: FrameSink, bitrate_bps: int | None, clock: Clock
    ) -> None:
        self.statistics = PlayStatistics()
        self._info = info
        self._track = track
        self._sink = sink
        self._bitrate_bps = bitrate_bps
        self._clock = clock
        self._reader: TrackReader | None = None
        self._first: MediaUnit | None = None
        self._target_bitrate_bps: int | None = None
        # RFC 3550 §5.1: the first RTP timestamp should be random.
        self._rtp_offset = secrets.randbits(31)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"wsmedia-{track.kind}")

    def request_keyframe(self) -> None:
        if self._reader is not None:
            self._reader.request_keyframe()

    def set_target_bitrate(self, bitrate_bps: int) -> None:
        self._target_bitrate_bps = bitrate_bps
        if self._reader is not None:
            self._reader.set_target_bitrate(bitrate_bps)

    async def open(self) -> None:
        """Open the file and read the first unit, so that all tracks can start at once."""
        self._first = await self._work(self._open)

    async def play_once(self, start: float, start_us: int, offset: float, again: bool) -> float:
        """Play one pass.

        Args:
            start, start_us: the playback's beginning, in monotonic seconds and in wall clock microseconds.
            offset: seconds of earlier passes.
            again: open the file for the next pass before returning.
        Returns:
            The pass's length in seconds.
        """
        reader = self._reader
        assert reader is not None  # noqa: S101
        timeline = _Timeline()
        unit = self._first
        while unit is not None:
            # The next unit is decoded while this one waits for its time.
            following = asyncio.ensure_future(self._work(reader.next_unit))
            try:
                time = offset + timeline.place(unit)
                await self._wait_until(start + time)
                await self._send(reader, unit, time, start, start_us)
            finally:
                if not following.done():
                    await asyncio.wait([following])
            unit = following.result()
        if again:
            await self.open()
        return timeline.end - timeline.begin

    def close(self) -> None:
        """Close the file once the worker is through with what it does; does not wait for it."""
        reader, self._reader = self._reader, None
        if reader is not None:
            self._worker.submit(reader.close)
        self._worker.shutdown(wait=False)

    async def _send(self, reader: TrackReader, unit: MediaUnit, time: float, start: float, start_us: int) -> None:
        independent = self._track.transcoded or self._track.kind is MediaKind.AUDIO
        if independent and self._clock.monotonic() - (start + time) > LATE_SECONDS:
            self.statistics.frames_skipped += 1
            return
        frame = await self._work(reader.encode, unit) if self._track.transcoded else reader.encode(unit)
        if frame is None:
            return
        ticks = round(time * _CLOCK_RATES[self._track.kind])
        frame.rtp_timestamp = (self._rtp_offset + ticks) & 0xFFFFFFFF
        frame.capture_time_us = start_us + round(time * 1_000_000)
        statistics = self.statistics
        statistics.position = max(0.0, time + unit.duration)
        statistics.frames += 1
        statistics.keyframes += frame.keyframe
        statistics.octets += len(frame.data)
        self._sink.send_frame(frame)

    async def _wait_until(self, due: float) -> None:
        wait = due - self._clock.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)

    def _open(self) -> MediaUnit | None:
        if self._reader is not None:
            self._reader.close()
        if not self._track.transcoded:
            self._reader = PassThroughReader(self._info, self._track)
        elif self._track.kind is MediaKind.VIDEO:
            self._reader = VideoTranscoder(self._info, self._track, self._bitrate_bps)
        else:
            self._reader = AudioTranscoder(self._info, self._track, self._bitrate_bps)
        if self._target_bitrate_bps is not None:
            self._reader.set_target_bitrate(self._target_bitrate_bps)
        return self._reader.next_unit()

    async def _work(self, function: Callable[..., _Result], *arguments: object) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._worker, function, *arguments)


class _Timeline:
    """Keeps the times of one pass rising: a jump in a broken or cut file becomes an ordinary step."""

    def __init__(self) -> None:
        self.begin = self.end = 0.0
        self._shift = 0.0
        self._last: float | None = None

    def place(self, unit: MediaUnit) -> float:
        """Seconds since the pass began at which the unit is due."""
        time = unit.time + self._shift
        if self._last is not None and not self._last < time < self._last + _MAX_STEP_SECONDS:
            self._shift += self.end - time
            time = self.end
        if self._last is None:
            self.begin = time
        self._last = time
        self.end = time + unit.duration
        return time


async def _all(*passes: Coroutine[None, None, float]) -> list[float]:
    """Await all; when one fails, cancel the others and raise its error as it is."""
    tasks = [asyncio.ensure_future(one) for one in passes]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
