from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import clip_readers
from tests.support.clip import Clip
from tests.support.other_codecs import OTHER_CODECS, clip_frames
from wsmedia.client.media_inspection import inspect
from wsmedia.client.participant_recording import picture_size
from wsmedia.client.recorder import Recorder, safe_file_name
from wsmedia.client.track_reader import PassThroughReader
from wsmedia.client.tracks import RemoteTrack
from wsmedia.clock import SystemClock
from wsmedia.media import Codec, EncodedFrame, Participant, Track, TrackSource
from wsmedia.wire import KeyframeRequest, KnownControl


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Alice", "Alice"),
        ("Zoë Müller", "Zoë Müller"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c:d*e?", "a_b_c_d_e_"),
        ("..", "participant"),
        (" dots. ", "dots"),
        ("con", "_con"),
        ("LPT1.txt", "_LPT1.txt"),
        ("会議", "会議"),
        ("x" * 300, "x" * 120),
        ("👍", "_"),
    ],
)
def test_file_names_are_safe(name: str, expected: str) -> None:
    assert safe_file_name(name) == expected


class Room:
    """Somebody else's tracks without a network."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.sent: list[KnownControl] = []
        self._next_track_id = 0

    def add(self, participant: Participant, codec: Codec) -> RemoteTrack:
        source = TrackSource.MICROPHONE if codec is Codec.OPUS else TrackSource.CAMERA
        track = Track(self._next_track_id, codec, source)
        self._next_track_id += 1
        remote = RemoteTrack(participant.participant_id, track, self.sent.append, SystemClock())
        self.recorder.track_added(participant, remote)
        return remote


def frames_of(path: Path, index: int, offset_us: int = 0) -> list[EncodedFrame]:
    info = inspect(path)
    reader = PassThroughReader(info, info.tracks[index])
    frames = []
    while (unit := reader.next_unit()) is not None:
        frame = unit.content
        frame.capture_time_us = offset_us + round(unit.time * 1e6)
        frames.append(frame)
    reader.close()
    return frames


def deliver(remote: RemoteTrack, frames: list[EncodedFrame]) -> None:
    for frame in frames:
        remote.deliver(frame)


ADA, OTHER_ADA = Participant("p-1", "Ada"), Participant("p-2", "ada")


async def test_everybody_gets_a_file_of_their_own(clips: dict[str, Path], tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    room = Room(recorder)
    for participant in (ADA, OTHER_ADA, Participant("p-3", "nobody")):
        remote = room.add(participant, Codec.H264)
        if participant.name != "nobody":
            deliver(remote, frames_of(clips["plain"], 0))
    assert [type(message) for message in room.sent] == [KeyframeRequest] * 3
    assert recorder.close() == [tmp_path / "Ada.mkv", tmp_path / "ada-2.mkv"]
    assert recorder.close() == [tmp_path / "Ada.mkv", tmp_path / "ada-2.mkv"]  # twice does no harm
    assert not (tmp_path / "nobody.mkv").exists()
    assert len(clip_readers.decode_file(tmp_path / "ada-2.mkv").pictures) == 90


async def test_video_begins_with_a_keyframe(clips: dict[str, Path], tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    deliver(Room(recorder).add(ADA, Codec.H264), frames_of(clips["plain"], 0)[10:])
    recorder.close()
    codes = [code for _, code in clip_readers.decode_file(tmp_path / "Ada.mkv").time_codes()]
    assert len(codes) == 60
    assert codes[0] == 1000


async def test_a_track_that_comes_back_goes_on_in_the_same_file(clips: dict[str, Path], tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    room = Room(recorder)
    for offset_us in (0, 3_500_000):
        video, audio = room.add(ADA, Codec.H264), room.add(ADA, Codec.OPUS)
        deliver(audio, frames_of(clips["plain"], 1, offset_us))
        deliver(video, frames_of(clips["plain"], 0, offset_us))
        recorder.participant_left(ADA)
    assert len(recorder.close()) == 1
    decoded = clip_readers.decode_file(tmp_path / "Ada.mkv")
    assert len(decoded.pictures) == 180


async def test_undecodable_bytes_do_no_harm(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    remote = Room(recorder).add(ADA, Codec.H264)
    for data in (b"\x00", b"\x00\x00\x01\x65", b"\x00\x00\x01\x67\x42\x00\x00\x01\x68\x00\x00\x01\x65\x00"):
        remote.deliver(EncodedFrame(data, 0, 0, keyframe=True))
    assert recorder.close() == []
    assert not recorder.failed


async def test_what_decoders_take_but_files_cannot_hold_is_left_out(clips: dict[str, Path], tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    room = Room(recorder)
    (av1,) = clip_frames(Codec.AV1, Clip(width=320, height=180, fps=30), 1)
    h264 = frames_of(clips["plain"], 0)[0]
    parts = bytes(h264.data).partition(b"\x00\x00\x00\x01\x68")
    for codec, data in (
        (Codec.AV1, bytes(av1.data) + b"\x4a\x00" * 3000),  # OBUs of a reserved type
        (Codec.H264, parts[0] + b"\xff" * 70_000 + parts[1] + parts[2]),  # a sequence parameter set with a long tail
    ):
        assert picture_size(codec, data) is not None
        room.add(ADA, codec).deliver(EncodedFrame(data, 0, 0, keyframe=True))
    assert recorder.close() == []
    assert not recorder.failed


async def test_a_file_that_cannot_be_written_ends_one_recording_with_a_sentence(
    clips: dict[str, Path], tmp_path: Path
) -> None:
    said: list[str] = []
    recorder = Recorder(tmp_path / "gone", on_change=said.append)  # a folder that does not exist
    room = Room(recorder)
    remote = room.add(ADA, Codec.OPUS)
    deliver(remote, frames_of(clips["plain"], 1))
    assert recorder.failed
    assert recorder.close() == []
    assert len(said) == 1
    assert "cannot be written" in said[0]


@pytest.mark.parametrize("codec", OTHER_CODECS)
async def test_other_codecs_are_recorded_as_they_are(tmp_path: Path, codec: Codec) -> None:
    clip = Clip(width=320, height=180, fps=30)
    recorder = Recorder(tmp_path)
    remote = Room(recorder).add(ADA, codec)
    frames = clip_frames(codec, clip, 30)
    deliver(remote, [frames[7], *frames])
    (path,) = recorder.close()
    recorded = clip_readers.decode_file(path)
    assert [time_code for _, time_code in recorded.time_codes()] == [clip.time_ms(index) for index in range(30)]
    for index, (_, picture) in enumerate(recorded.pictures):
        assert clip_readers.psnr_db(clip.picture(index)[: clip.height], picture) > 25
