from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from tests.client.conftest import CLIP
from tests.support import clip_readers, clip_time_code
from tests.support.clip import Clip
from wsmedia.client.media_inspection import TranscodePolicy, inspect
from wsmedia.client.video_transcoder import VideoEncoder, VideoTranscoder, default_bitrate_bps
from wsmedia.media import EncodedFrame
from wsmedia.rtp.h264_units import IDR_SLICE, PPS, SPS, split_nals


def decode(frames: list[EncodedFrame]) -> list[av.VideoFrame]:
    decoder = av.CodecContext.create("h264", "r")
    pictures = []
    for frame in frames:
        pictures += decoder.decode(av.Packet(bytes(frame.data)))
    return pictures + decoder.decode(None)


def transcode(path: Path, keyframes_at: tuple[int, ...] = ()) -> list[EncodedFrame]:
    info = inspect(path, TranscodePolicy.ALWAYS)
    transcoder = VideoTranscoder(info, info.tracks[0])
    frames = []
    while (unit := transcoder.next_unit()) is not None:
        if len(frames) in keyframes_at:
            transcoder.request_keyframe()
        frame = transcoder.encode(unit)
        assert frame is not None
        frames.append(frame)
    transcoder.close()
    return frames


@pytest.mark.parametrize("name", ["b_frames", "mpeg4", "plain"])
def test_every_picture_comes_out_in_order(clips: dict[str, Path], name: str) -> None:
    frames = transcode(clips[name])
    pictures = [clip_readers.luma_plane(picture) for picture in decode(frames)]
    codes = [clip_time_code.read(picture) for picture in pictures]
    assert codes == [CLIP.time_ms(index) for index in range(CLIP.frame_count)]
    assert clip_readers.psnr_db(CLIP.picture(60)[: CLIP.height], pictures[60]) > 28


def test_keyframes_come_when_asked_for_and_only_then(clips: dict[str, Path]) -> None:
    frames = transcode(clips["plain"], keyframes_at=(17, 40))
    assert [index for index, frame in enumerate(frames) if frame.keyframe] == [0, 17, 40]
    assert {SPS, PPS, IDR_SLICE} <= {nal[0] & 0x1F for nal in split_nals(frames[17].data)}
    # Whoever joins at a keyframe decodes everything from there.
    assert len(decode(frames[17:])) == len(frames) - 17


def test_the_bitrate_follows_its_target() -> None:
    clip = Clip(width=640, height=360, seconds=6.0)
    encoder = VideoEncoder(640, 360, 30, 1_000_000)
    sizes = []
    for index in range(clip.frame_count):
        if index == 60:
            encoder.set_target_bitrate(250_000)
        picture = av.VideoFrame.from_ndarray(clip.picture(index), format="yuv420p")
        frame = encoder.encode(picture, index / 30, keyframe=False)
        assert frame is not None
        sizes.append(len(frame.data) * 8)
    assert 600_000 < sum(sizes[30:60]) < 1_300_000
    assert 150_000 < sum(sizes[120:150]) < 330_000


def test_the_target_never_exceeds_what_the_encoder_was_made_for() -> None:
    encoder = VideoEncoder(320, 180, 30, 300_000)
    encoder.set_target_bitrate(10_000_000)
    assert encoder._context.bit_rate == 300_000
    encoder.set_target_bitrate(1)
    assert encoder._context.bit_rate == 50_000


def test_default_bitrates_grow_with_the_picture() -> None:
    assert default_bitrate_bps(160, 90, 15) == 150_000
    assert 500_000 < default_bitrate_bps(640, 360, 30) < 800_000
    assert default_bitrate_bps(3840, 2160, 60) == 2_500_000


def test_large_and_odd_pictures_become_720p_and_even(tmp_path: Path) -> None:
    path = tmp_path / "large.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 1922, 1082, "yuv420p"
        for _ in range(3):
            picture = np.full((1082, 1922, 3), 90, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    pictures = decode(transcode(path))
    assert [(picture.width, picture.height) for picture in pictures] == [(1280, 720)] * 3 or pictures[0].height == 720
    assert pictures[0].width % 2 == 0


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg (apt install ffmpeg)")
def test_a_phones_picture_is_turned_upright(clips: dict[str, Path], tmp_path: Path) -> None:
    sideways = tmp_path / "sideways.mp4"
    source = tmp_path / "source.mp4"
    # The picture lies on its side in the file, and the file says how to turn it.
    ffmpeg = ["ffmpeg", "-v", "error"]
    subprocess.run([*ffmpeg, "-i", clips["plain"], "-vf", "transpose=clock", "-an", source], check=True, timeout=60)
    rotate = ["-i", source, "-c", "copy", "-metadata:s:v", "rotate=90", sideways]
    subprocess.run([*ffmpeg, *rotate], check=True, timeout=60)
    track = inspect(sideways).tracks[0]
    assert track.transcode_reason.startswith("pictures must be turned")
    picture = decode(transcode(sideways)[:1])[0]
    assert (picture.width, picture.height) == (320, 180)
    assert clip_time_code.read(clip_readers.luma_plane(picture)) == 0
