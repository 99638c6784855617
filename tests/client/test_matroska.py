from __future__ import annotations

import io
import itertools
from collections import deque
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.conftest import CLIP
from tests.support import clip_readers
from tests.support.clip import Clip
from wsmedia.client import ebml
from wsmedia.client.matroska import MatroskaWriter, TooManyTracksError
from wsmedia.client.media_inspection import inspect
from wsmedia.client.track_reader import PassThroughReader
from wsmedia.client.video_transcoder import VideoEncoder
from wsmedia.media import Codec, EncodedFrame
from wsmedia.rtp.h264_units import split_nals

START_US = 1_700_000_000_000_000


def frames_of(path: Path, index: int) -> list[tuple[int, EncodedFrame]]:
    """(capture time, frame) of a file's track."""
    info = inspect(path)
    reader = PassThroughReader(info, info.tracks[index])
    frames = []
    while (unit := reader.next_unit()) is not None:
        frames.append((START_US + round(unit.time * 1e6), unit.content))
    reader.close()
    return frames


def write(path: Path, video: list[tuple[int, EncodedFrame]], audio: list[tuple[int, EncodedFrame]]) -> None:
    with path.open("wb") as file:
        writer = MatroskaWriter(file, "Ada", START_US)
        keyframe = bytes(video[0][1].data)
        numbers = writer.add_track(Codec.H264, "camera", keyframe, 320, 180), writer.add_track(Codec.OPUS, "microphone")
        tagged = [(at, numbers[0], frame) for at, frame in video] + [(at, numbers[1], frame) for at, frame in audio]
        for at, number, frame in sorted(tagged, key=lambda one: one[0]):
            writer.write(number, at, frame.data, frame.keyframe or number == numbers[1], frame.discardable)
        writer.close()


def packets(path: Path) -> list[tuple[str, float, bytes, bool]]:
    """(kind, time, data, keyframe) as FFmpeg reads them."""
    with av.open(str(path)) as container:
        return [
            (packet.stream.type, float(packet.pts * packet.time_base), bytes(packet), packet.is_keyframe)
            for packet in container.demux()
            if packet.size
        ]


def test_ffmpeg_reads_back_the_same_frames_at_the_same_times(clips: dict[str, Path], tmp_path: Path) -> None:
    video, audio = frames_of(clips["plain"], 0), frames_of(clips["plain"], 1)
    path = tmp_path / "out.mkv"
    write(path, video, audio)
    first = audio[0][0]  # the earliest frame is the file's beginning
    for index, frames in ((0, video), (1, audio)):
        read = frames_of(path, index)
        assert [at - START_US for at, _ in read] == pytest.approx([at - first for at, _ in frames], abs=501)
        assert [frame.keyframe for _, frame in read] == [frame.keyframe for _, frame in frames]
    assert [bytes(frame.data) for _, frame in frames_of(path, 1)] == [bytes(frame.data) for _, frame in audio]
    decoded = clip_readers.decode_file(path)
    assert [code for _, code in decoded.time_codes()] == [CLIP.time_ms(index) for index in range(CLIP.frame_count)]
    assert clip_readers.skews(decoded) == pytest.approx([0, 0, 0], abs=0.003)
    times = [at for _, at, _, _ in packets(path)]
    assert all(late - early > -0.001 for early, late in itertools.pairwise(times))  # well interleaved
    with av.open(str(path)) as container:
        assert container.metadata["title"] == "Ada"
        assert container.duration == pytest.approx(3.02e6, abs=5e4)
        container.seek(2_100_000)
        packet = next(packet for packet in container.demux(video=0))
        assert packet.is_keyframe
        assert float(packet.pts * packet.time_base) == pytest.approx(2.0, abs=0.05)


def test_access_units_keep_all_their_nal_units(clips: dict[str, Path], tmp_path: Path) -> None:
    video = frames_of(clips["mpeg_ts"], 0)  # with access unit delimiters, SEI and parameter sets in line
    path = tmp_path / "out.mkv"
    write(path, video, [])
    read = frames_of(path, 0)
    assert [split_nals(frame.data) for _, frame in read] == [split_nals(frame.data) for _, frame in video]


def test_a_track_may_come_late(clips: dict[str, Path], tmp_path: Path) -> None:
    video, audio = frames_of(clips["plain"], 0), frames_of(clips["plain"], 1)
    path = tmp_path / "late.mkv"
    with path.open("wb") as file:
        writer = MatroskaWriter(file, "Ada", START_US)
        sound = writer.add_track(Codec.OPUS, "microphone")
        for at, frame in audio:
            writer.write(sound, at, frame.data, True)
        camera = writer.add_track(Codec.H264, "camera", bytes(video[0][1].data), 320, 180)
        for at, frame in video:
            writer.write(camera, at + 4_000_000, frame.data, frame.keyframe)
        writer.close()
    decoded = clip_readers.decode_file(path)
    assert len(decoded.pictures) == 90
    assert decoded.pictures[0][0] == pytest.approx(4.0, abs=0.01)
    assert clip_readers.beep_times(decoded.sound) == pytest.approx(CLIP.flash_times, abs=0.01)


def test_a_recording_that_was_never_finished_can_be_played(clips: dict[str, Path], tmp_path: Path) -> None:
    file = io.BytesIO()
    video = frames_of(clips["plain"], 0)
    writer = MatroskaWriter(file, "Ada", START_US)
    camera = writer.add_track(Codec.H264, "camera", bytes(video[0][1].data), 320, 180)
    for at, frame in video:
        writer.write(camera, at, frame.data, frame.keyframe)
    path = tmp_path / "crashed.mkv"
    path.write_bytes(file.getvalue())
    decoded = clip_readers.decode_file(path)
    assert 30 <= len(decoded.pictures) < 90
    path.write_bytes(file.getvalue()[:-1000])  # even in the middle of a cluster
    assert clip_readers.decode_file(path).pictures


def test_the_picture_may_change_its_size(tmp_path: Path) -> None:
    path = tmp_path / "sizes.mkv"
    sizes = [(320, 180), (640, 360), (160, 90)]
    with path.open("wb") as file:
        writer = MatroskaWriter(file, "Ada", START_US)
        camera, at = 0, START_US
        for width, height in sizes:
            clip = Clip(width=width, height=height, seconds=1.0)
            encoder = VideoEncoder(width, height, 30, 500_000)
            for index in range(clip.frame_count):
                picture = av.VideoFrame.from_ndarray(clip.picture(index), format="yuv420p")
                frame = encoder.encode(picture, index / 30, keyframe=index == 0)
                assert frame is not None
                camera = camera or writer.add_track(Codec.H264, "camera", bytes(frame.data), width, height)
                writer.write(camera, at, frame.data, frame.keyframe)
                at += 33_333
        writer.close()
    shapes = [picture.shape for _, picture in clip_readers.decode_file(path).pictures]
    assert shapes == [(height, width) for width, height in sizes for _ in range(30)]


def test_frames_that_arrive_mixed_are_put_in_order(tmp_path: Path) -> None:
    path = tmp_path / "mixed.mkv"
    with path.open("wb") as file:
        writer = MatroskaWriter(file, "Ada", START_US)
        one, two = writer.add_track(Codec.OPUS, "one"), writer.add_track(Codec.OPUS, "two")
        for index in range(200):  # the second track is always 300 ms behind
            writer.write(one, START_US + index * 20_000, b"\xfc\xff\xfe", True)
            if index >= 15:
                writer.write(two, START_US + (index - 15) * 20_000, b"\xfc\xff\xfe", True)
        writer.close()
    times = [at for _, at, _, _ in packets(path)]
    assert len(times) == 385
    assert times == sorted(times)


def test_a_file_holds_many_tracks_but_not_endlessly_many() -> None:
    writer = MatroskaWriter(io.BytesIO(), "Ada", START_US)
    for _ in range(32):
        writer.add_track(Codec.OPUS, "microphone")
    with pytest.raises(TooManyTracksError):
        deque((writer.add_track(Codec.OPUS, "microphone") for _ in range(10_000)), maxlen=0)


def test_memory_is_bounded_when_time_stands_still() -> None:
    file = io.BytesIO()
    writer = MatroskaWriter(file, "Ada", START_US)
    number = writer.add_track(Codec.OPUS, "microphone")
    for _ in range(20):
        writer.write(number, START_US, bytes(1_000_000), True)
    assert writer._buffered_octets <= 9_000_000
    assert file.tell() > 10_000_000


@given(st.integers(0, 2**56 - 2))
def test_ebml_sizes_say_how_long_they_are(size: int) -> None:
    octets = ebml.size_octets(size)
    assert len(octets) == 9 - octets[0].bit_length()
    assert int.from_bytes(octets, "big") & ~(1 << 7 * len(octets)) == size


@given(st.integers(10, 300))
def test_padding_is_exact(room: int) -> None:
    assert len(ebml.padded(b"abc", room + 3)) == room + 3
    with pytest.raises(ValueError, match="no room"):
        ebml.padded(b"abc", 4)
