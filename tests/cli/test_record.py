from __future__ import annotations

import signal
from collections.abc import Callable, Coroutine
from pathlib import Path

import av
import pytest

from tests.cli.conftest import Command
from tests.client.conftest import CLIP, TONE_CLIP
from tests.support import clip_readers
from wsmedia.app.server import Gateway

Start = Callable[..., Coroutine[None, None, Command]]


async def test_a_published_file_is_recorded(wsmedia: Start, url: str, clips: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "made" / "by record"
    room = ("--url", url, "--room", "R")
    recorder = await wsmedia("record", *room, "--output", folder)
    await recorder.says("joined R")
    publisher = await wsmedia("publish", clips["tone"], *room, "--name", "Ada")
    status, output, errors = await publisher.ends()
    assert (status, errors) == (0, "")
    assert "video: h264 320x180 30 fps, sent as it is" in output
    assert "played 0:02" in output
    recorder.process.send_signal(signal.SIGINT)
    status, output, errors = await recorder.ends()
    assert (status, errors) == (0, "")
    assert output.splitlines()[-1] == f"wrote {folder / 'Ada.mkv'}"
    decoded = clip_readers.decode_file(folder / "Ada.mkv")
    assert [code for _, code in decoded.time_codes()] == [TONE_CLIP.time_ms(index) for index in range(60)]
    assert clip_readers.tone_hz(decoded.sound) == pytest.approx(TONE_CLIP.tone_hz, abs=1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupt_finishes_the_files_in_order(
    wsmedia: Start, url: str, clips: dict[str, Path], tmp_path: Path, number: signal.Signals
) -> None:
    room = ("--url", url, "--room", "R")
    recorder = await wsmedia("record", *room, "--output", tmp_path)
    await recorder.says("joined R")
    publisher = await wsmedia("publish", clips["plain"], *room, "--name", "Ada", "--loop")
    await recorder.says("recording Ada to")
    await publisher.says("0:0")  # its first line of progress, after 5 s
    recorder.process.send_signal(number)
    assert (await recorder.ends())[0] == 0
    publisher.process.send_signal(number)
    status, output, _ = await publisher.ends()
    assert status == 0
    assert "played" in output
    decoded = clip_readers.decode_file(tmp_path / "Ada.mkv")
    assert len(decoded.pictures) > CLIP.frame_count  # the loop's second round
    assert max(map(abs, clip_readers.skews(decoded))) < 0.020


async def test_what_was_recorded_is_kept_when_the_server_goes(
    wsmedia: Start, gateway: Gateway, url: str, clips: dict[str, Path], tmp_path: Path
) -> None:
    room = ("--url", url, "--room", "R", "--reconnect", "0.5")
    recorder = await wsmedia("record", *room, "--output", tmp_path)
    await recorder.says("joined R")
    publisher = await wsmedia("publish", clips["sound"], *room, "--name", "Ada", "--loop")
    await recorder.says("recording Ada to")
    await gateway.stop()
    for command in (recorder, publisher):
        status, _, errors = await command.ends()
        assert status == 1
        assert errors.startswith("error: ")
        assert len(errors.splitlines()) == 1
    assert (tmp_path / "Ada.mkv").stat().st_size > 0


async def test_a_recording_ends_by_itself_after_its_duration(
    wsmedia: Start, url: str, clips: dict[str, Path], tmp_path: Path
) -> None:
    room = ("--url", url, "--room", "R")
    publisher = await wsmedia("publish", clips["plain"], *room, "--name", "Ada", "--loop")
    await publisher.says("joined R")
    recorder = await wsmedia("record", *room, "--duration", "2.5", "--output", tmp_path)
    assert (await recorder.ends())[0] == 0
    with av.open(str(tmp_path / "Ada.mkv")) as container:
        assert 0 < container.duration <= 3_000_000


async def test_an_empty_room_leaves_no_file(wsmedia: Start, url: str, tmp_path: Path) -> None:
    recorder = await wsmedia("record", "--url", url, "--room", "R", "--duration", "0.5", "--output", tmp_path / "out")
    status, _, errors = await recorder.ends()
    assert (status, errors) == (0, "nobody sent anything\n")
    assert not list((tmp_path / "out").iterdir())


async def test_a_folder_that_cannot_be_made_is_an_error(wsmedia: Start, url: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    recorder = await wsmedia("record", "--url", url, "--room", "R", "--output", file / "folder")
    status, _, errors = await recorder.ends()
    assert status == 1
    assert "cannot be made" in errors
