from __future__ import annotations

import asyncio
import itertools
import time
from pathlib import Path

import pytest

from tests.client.conftest import CLIP
from tests.support.frame_sinks import FrameList
from wsmedia.client.errors import MediaFileError
from wsmedia.client.media_inspection import FileInfo, FileTrack, TranscodePolicy, inspect
from wsmedia.client.player import FilePlayer
from wsmedia.client.track_reader import MediaUnit
from wsmedia.media import EncodedFrame, MediaKind


class Stopwatch(FrameList):
    """Keeps the wall clock's time of every frame, and can call back at one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds_late: list[float] = []
        self.reached = asyncio.Event()
        self.reach_at = 0

    def send_frame(self, frame: EncodedFrame) -> None:
        super().send_frame(frame)
        self.seconds_late.append(time.time() - frame.capture_time_us / 1e6)
        if len(self.frames) == self.reach_at:
            self.reached.set()


def sinks_of(info: FileInfo) -> dict[FileTrack, Stopwatch]:
    return {track: Stopwatch() for track in info.tracks}


async def test_frames_come_in_real_time_and_on_one_clock(clips: dict[str, Path]) -> None:
    info = inspect(clips["plain"])
    video, audio = info.tracks
    sinks = sinks_of(info)
    player = FilePlayer(info, sinks)
    began = time.monotonic()
    await player.play()
    assert time.monotonic() - began == pytest.approx(3.0, abs=0.5)
    for track, count, step, ticks in ((video, 90, 1e6 / 30, 3000), (audio, 151, 20_000, 960)):
        frames = sinks[track].frames
        assert len(frames) == count
        assert min(sinks[track].seconds_late) > -0.005  # never early
        steps = [late.capture_time_us - early.capture_time_us for early, late in itertools.pairwise(frames)]
        assert steps == pytest.approx([step] * (count - 1), abs=2)
        assert {(b.rtp_timestamp - a.rtp_timestamp) % 2**32 for a, b in itertools.pairwise(frames)} == {ticks}
    # Opus begins 6.5 ms earlier, which is what its decoder delays it by.
    lead = sinks[video].frames[0].capture_time_us - sinks[audio].frames[0].capture_time_us
    assert lead == pytest.approx(6500, abs=2)
    statistics = player.statistics[video]
    assert (statistics.frames, statistics.keyframes, statistics.frames_skipped) == (90, 3, 0)
    assert player.position == pytest.approx(3.0, abs=0.05)


async def test_a_loop_goes_on_without_a_jump(clips: dict[str, Path]) -> None:
    info = inspect(clips["tone"])
    sinks = sinks_of(info)
    video, audio = (sinks[track] for track in info.tracks)
    video.reach_at = 100  # the clip has 60
    player = FilePlayer(info, sinks, loop=True)
    playing = asyncio.create_task(player.play())
    await asyncio.wait_for(video.reached.wait(), 15)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert 60 in video.keyframes
    for sink, step in ((video, 1e6 / 30), (audio, 20_000)):
        steps = [late.capture_time_us - early.capture_time_us for early, late in itertools.pairwise(sink.frames)]
        assert all(0 < one < step + 25_000 for one in steps)


async def test_a_keyframe_request_is_obeyed_at_once_when_transcoding(clips: dict[str, Path]) -> None:
    info = inspect(clips["b_frames"])
    video = next(track for track in info.tracks if track.kind is MediaKind.VIDEO)
    sink = Stopwatch()
    sink.reach_at = 20
    player = FilePlayer(info, {video: sink})
    playing = asyncio.create_task(player.play())
    await asyncio.wait_for(sink.reached.wait(), 10)
    player.request_keyframe(video)
    player.set_target_bitrate(video, 100_000)
    await playing
    assert sink.keyframes[0] == 0
    assert 20 <= sink.keyframes[1] <= 22
    assert len(sink.frames) == CLIP.frame_count


async def test_a_file_without_frames_is_an_error(clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    info = inspect(clips["silent"])

    class Empty:
        def __init__(self, *_: object) -> None: ...

        def next_unit(self) -> MediaUnit | None:
            return None

        def close(self) -> None: ...

    monkeypatch.setattr("wsmedia.client.player.PassThroughReader", Empty)
    with pytest.raises(MediaFileError, match="no frame"):
        await FilePlayer(info, sinks_of(info)).play()


async def test_a_file_that_vanishes_is_an_error(clips: dict[str, Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clips["silent"].read_bytes())
    info = inspect(copy, TranscodePolicy.ALWAYS)
    copy.unlink()
    with pytest.raises(MediaFileError, match="no such file"):
        await FilePlayer(info, sinks_of(info)).play()


async def test_times_that_jump_in_the_file_become_ordinary_steps(
    clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    info = inspect(clips["silent"])
    frame = EncodedFrame(b"\x00\x00\x00\x01\x41", 0, 0)
    times = iter([0.0, 0.04, 5000.0, 5000.04, 12.0, 12.04])

    class Jumping:
        def __init__(self, *_: object) -> None: ...

        def next_unit(self) -> MediaUnit | None:
            at = next(times, None)
            return None if at is None else MediaUnit(at, 0.04, EncodedFrame(frame.data, 0, 0))

        def encode(self, unit: MediaUnit) -> EncodedFrame:
            content: EncodedFrame = unit.content
            return content

        def close(self) -> None: ...

    monkeypatch.setattr("wsmedia.client.player.PassThroughReader", Jumping)
    sinks = sinks_of(info)
    await FilePlayer(info, sinks).play()
    frames = sinks[info.tracks[0]].frames
    steps = [late.capture_time_us - early.capture_time_us for early, late in itertools.pairwise(frames)]
    assert steps == pytest.approx([40_000] * 5, abs=2)
