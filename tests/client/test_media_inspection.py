from __future__ import annotations

from pathlib import Path

import pytest

from wsmedia.client.errors import MediaFileError
from wsmedia.client.media_inspection import TranscodePolicy, inspect
from wsmedia.media import MediaKind


@pytest.mark.parametrize("name", ["plain", "plain_mkv"])
def test_baseline_h264_and_opus_pass_through(clips: dict[str, Path], name: str) -> None:
    info = inspect(clips[name])
    assert [(track.kind, track.transcoded) for track in info.tracks] == [
        (MediaKind.VIDEO, False),
        (MediaKind.AUDIO, False),
    ]
    assert info.tracks[0].format_text == "320x180 30 fps"
    assert info.duration == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("b_frames", ["it has B-frames", "aac is not Opus"]),
        ("long_gop", ["keyframes are 3.0 s apart", ""]),
        ("mpeg_ts", ["", "aac is not Opus"]),
        ("mpeg4", ["mpeg4 is not H.264", "aac is not Opus"]),
        ("sound", [""]),
        ("silent", [""]),
    ],
)
def test_what_must_be_transcoded_and_why(clips: dict[str, Path], name: str, reasons: list[str]) -> None:
    assert [track.transcode_reason for track in inspect(clips[name]).tracks] == reasons


def test_always_transcodes_everything(clips: dict[str, Path]) -> None:
    assert all(track.transcoded for track in inspect(clips["plain"], TranscodePolicy.ALWAYS).tracks)


def test_never_allows_far_keyframes_but_refuses_b_frames(clips: dict[str, Path]) -> None:
    assert not any(track.transcoded for track in inspect(clips["long_gop"], TranscodePolicy.NEVER).tracks)
    with pytest.raises(MediaFileError, match=r"video track \(h264\) must be transcoded: it has B-frames"):
        inspect(clips["b_frames"], TranscodePolicy.NEVER)


def test_errors_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError, match="no such file"):
        inspect(tmp_path / "none.mp4")
    text = tmp_path / "text.mp4"
    text.write_text("this is not a film")
    with pytest.raises(MediaFileError, match="cannot be read as audio or video"):
        inspect(text)
    with pytest.raises(MediaFileError, match="cannot be read"):
        inspect(tmp_path)
