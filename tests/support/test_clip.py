"""The instruments themselves: time code, tone, flashes and PSNR read back what the clip holds."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from tests.support import clip_files, clip_readers, clip_time_code
from tests.support.clip import Clip

SMALL = Clip(width=320, height=180, seconds=1.5)


@pytest.mark.parametrize(("width", "height"), [(160, 90), (320, 240), (640, 360), (1280, 720)])
@pytest.mark.parametrize("time_ms", [0, 1, 0x555555, 0xAAAAAA, 0xFFFFFF])
def test_time_code_round_trip(width: int, height: int, time_ms: int) -> None:
    luma = np.full((height, width), 128, np.uint8)
    clip_time_code.draw(luma, time_ms)
    assert clip_time_code.read(luma) == time_ms
    assert clip_time_code.read(np.stack([luma] * 3, axis=-1)) == time_ms


def test_pictures_without_a_time_code_are_not_misread() -> None:
    random = np.random.default_rng(7)
    assert clip_time_code.read(np.zeros((180, 320), np.uint8)) is None
    assert clip_time_code.read(np.full((180, 320), 255, np.uint8)) is None
    assert clip_time_code.read(random.integers(0, 256, (180, 320), np.uint8)) is None
    luma = np.zeros((180, 320), np.uint8)
    clip_time_code.draw(luma, 1234)
    luma[18:24, 32:48] = 255  # the first cell turned over
    assert clip_time_code.read(luma) is None


def test_the_same_clip_draws_the_same_samples() -> None:
    assert np.array_equal(Clip().picture(7), Clip().picture(7))
    assert not np.array_equal(Clip().picture(7), Clip().picture(8))


@pytest.mark.parametrize(("name", "audio_codec"), [("clip.mp4", "aac"), ("clip.mkv", "libopus")])
def test_a_clip_survives_encoding_at_300_kbps_and_scaling(tmp_path: Path, name: str, audio_codec: str) -> None:
    clip = Clip(seconds=1.0, start_ms=100_000)
    path = clip_files.write_container(clip, tmp_path / name, video_bitrate=300_000, audio_codec=audio_codec)
    decoded = clip_readers.decode_file(path)
    assert [code for _, code in decoded.time_codes()] == [clip.time_ms(index) for index in range(clip.frame_count)]
    assert clip_readers.psnr_db(clip.picture(20)[: clip.height], decoded.pictures[20][1]) > 30
    assert clip_readers.tone_hz(decoded.sound) == pytest.approx(clip.tone_hz, abs=1)
    frame = av.VideoFrame.from_ndarray(clip.picture(20), format="yuv420p")
    for size in ((213, 120), (960, 540)):
        rgb = frame.reformat(*size, format="rgb24").to_ndarray()
        assert clip_time_code.read(rgb) == clip.time_ms(20)


@pytest.mark.parametrize("audio_codec", ["aac", "libopus"])
def test_skew_of_a_clip_is_zero(tmp_path: Path, audio_codec: str) -> None:
    clip = Clip(width=320, height=180, seconds=3.0, flashes=True)
    decoded = clip_readers.decode_file(
        clip_files.write_container(clip, tmp_path / "flash.mkv", audio_codec=audio_codec)
    )
    assert clip_readers.flash_times(decoded.pictures) == pytest.approx(clip.flash_times, abs=0.001)
    assert clip_readers.skews(decoded) == pytest.approx([0, 0, 0], abs=0.003)


def test_b_frames_are_there_when_asked_for(tmp_path: Path) -> None:
    for b_frames in (0, 2):
        path = clip_files.write_container(SMALL, tmp_path / f"b{b_frames}.mp4", b_frames=b_frames)
        with av.open(str(path)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
        assert any(packet.pts != packet.dts for packet in packets) == bool(b_frames)


def test_raw_files_have_every_picture_and_sample(tmp_path: Path) -> None:
    y4m = clip_files.write_y4m(SMALL, tmp_path / "clip.y4m")
    decoded = clip_readers.decode_file(y4m)
    assert [code for _, code in decoded.time_codes()] == [SMALL.time_ms(index) for index in range(SMALL.frame_count)]
    wav = clip_readers.decode_file(clip_files.write_wav(SMALL, tmp_path / "clip.wav"))
    assert clip_readers.tone_hz(wav.sound) == pytest.approx(SMALL.tone_hz, abs=0.5)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_javascript_reader_agrees() -> None:
    rgba = av.VideoFrame.from_ndarray(SMALL.picture(31), format="yuv420p").to_ndarray(format="rgba")
    script = Path(clip_time_code.__file__).with_name("time_code.js").read_text()
    image = {"data": rgba.reshape(-1).tolist(), "width": SMALL.width, "height": SMALL.height}
    script += f"\nconsole.log(readTimeCode({json.dumps(image)}, {json.dumps(clip_time_code.GEOMETRY)}));"
    result = subprocess.run(["node", "-"], input=script, capture_output=True, text=True, check=True, timeout=60)
    assert int(result.stdout) == SMALL.time_ms(31)
