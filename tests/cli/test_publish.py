from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from wsmedia.cli.client_command import RateMeter, clock_text

Start = Callable[..., Coroutine[None, None, Command]]


async def test_what_cannot_be_played_is_said_in_one_line(
    wsmedia: Start, clips: dict[str, Path], tmp_path: Path
) -> None:
    room = ("--url", "http://127.0.0.1:1", "--room", "R")
    text = tmp_path / "text.txt"
    text.write_text("hello")
    commands = {
        "no such file": await wsmedia("publish", tmp_path / "none.mp4", *room),
        "cannot be read as audio or video": await wsmedia("publish", text, *room),
        "must be transcoded": await wsmedia("publish", clips["b_frames"], *room, "--transcode", "never"),
        "nothing listens on 127.0.0.1:1": await wsmedia("publish", clips["plain"], *room),
    }
    for words, command in commands.items():
        status, _, errors = await command.ends()
        assert status == 1
        assert words in errors
        assert len(errors.splitlines()) == 1


async def test_transcoding_is_announced_with_its_reason(wsmedia: Start, url: str, clips: dict[str, Path]) -> None:
    publisher = await wsmedia("publish", clips["b_frames"], "--url", url, "--room", "R", "--video-bitrate", "300")
    status, output, _ = await publisher.ends()
    assert status == 0
    assert "video: h264 320x180 30 fps, encoded anew: it has B-frames" in output
    assert "audio: aac 48000 Hz mono, encoded anew: aac is not Opus" in output
    assert "90 video frames" in output


@pytest.mark.parametrize("command", ["publish", "record"])
async def test_help_tells_what_it_does(wsmedia: Start, command: str) -> None:
    status, output, errors = await (await wsmedia(command, "--help")).ends()
    assert (status, errors) == (0, "")
    for words in ("--url", "--room", "--token", "--insecure", "WSMEDIA_TOKEN", "Example: wsmedia"):
        assert words in output


def test_figures_for_people() -> None:
    assert clock_text(65.9) == "1:05"
    meter = RateMeter()
    assert meter.bits_per_second(1000) == 0
    assert meter.bits_per_second(2000) > 0
