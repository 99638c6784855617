"""What is published is what is recorded: through a real gateway, and through cut connections."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from tests.client.conftest import CLIP, TONE_CLIP, until_lanes
from tests.support import clip_readers
from tests.support.tcp_proxy import TcpProxy
from wsmedia.app.server import Gateway
from wsmedia.client import Client, FilePublisher, Recorder, TranscodePolicy, inspect
from wsmedia.client.track_reader import PassThroughReader
from wsmedia.media import MediaKind
from wsmedia.ports import RoomState
from wsmedia.rtp.h264_units import split_nals


async def publish(url: str, path: Path, name: str, policy: TranscodePolicy = TranscodePolicy.AUTO) -> None:
    async with Client(url, "studio", name) as client:
        await client.wait_until(lambda: client.room_state is RoomState.CONNECTED)
        await FilePublisher(client, inspect(path, policy)).run()
        await client.drain()


def make_folder(path: Path) -> Path:
    path.mkdir()
    return path


async def record_while(url: str, folder: Path, *people: tuple[str, Path]) -> Recorder:
    """Record the room while people publish their files into it at the same time."""
    recorder = Recorder(folder)
    async with Client(url, "studio", "recorder", events=recorder) as client:
        await asyncio.gather(*(publish(url, path, name) for name, path in people))
        await client.wait_until(lambda: not client.remote_tracks)
    recorder.close()
    return recorder


def contents(path: Path, kind: MediaKind) -> list[list[bytes]]:
    """NAL units of every access unit, or every Opus packet, of a file."""
    info = inspect(path, TranscodePolicy.NEVER)
    reader = PassThroughReader(info, next(track for track in info.tracks if track.kind is kind))
    frames = []
    while (unit := reader.next_unit()) is not None:
        data = unit.content.data
        frames.append([bytes(nal) for nal in split_nals(data)] if kind is MediaKind.VIDEO else [bytes(data)])
    reader.close()
    return frames


async def test_a_recording_has_every_frame_byte_for_byte_and_in_sync(
    url: str, clips: dict[str, Path], tmp_path: Path
) -> None:
    await record_while(url, tmp_path, ("Ada", clips["plain"]))
    path = tmp_path / "Ada.mkv"
    for kind in MediaKind:
        assert contents(path, kind) == contents(clips["plain"], kind)
    decoded = clip_readers.decode_file(path)
    assert [code for _, code in decoded.time_codes()] == [CLIP.time_ms(index) for index in range(CLIP.frame_count)]
    skews = clip_readers.skews(decoded)
    assert len(skews) == 3
    assert max(map(abs, skews)) < 0.020


async def test_two_people_into_two_recorders(url: str, clips: dict[str, Path], tmp_path: Path) -> None:
    second = Recorder(tmp_path)
    async with Client(url, "studio", "second recorder", events=second) as client:
        first = await record_while(
            url, make_folder(tmp_path / "first"), ("Ada", clips["tone"]), ("Bob", clips["plain"])
        )
        await client.wait_until(lambda: not client.remote_tracks)
    second.close()
    assert {recording.path.name for recording in first.recordings.values()} == {"Ada.mkv", "Bob.mkv"}
    for folder in (tmp_path, tmp_path / "first"):
        ada, bob = clip_readers.decode_file(folder / "Ada.mkv"), clip_readers.decode_file(folder / "Bob.mkv")
        assert clip_readers.tone_hz(ada.sound) == pytest.approx(TONE_CLIP.tone_hz, abs=1)
        assert [code for _, code in ada.time_codes()] == [TONE_CLIP.time_ms(index) for index in range(60)]
        assert len(clip_readers.skews(bob)) == 3


async def test_a_b_frame_file_is_transcoded_on_the_way(url: str, clips: dict[str, Path], tmp_path: Path) -> None:
    await record_while(url, tmp_path, ("Ada", clips["b_frames"]))
    decoded = clip_readers.decode_file(tmp_path / "Ada.mkv")
    codes = [code for _, code in decoded.time_codes()]
    assert codes == [CLIP.time_ms(index) for index in range(CLIP.frame_count)]
    assert max(map(abs, clip_readers.skews(decoded))) < 0.020
    times = [time for time, _ in decoded.pictures]
    assert times == sorted(times)


async def test_a_late_recorder_gets_a_picture_at_once_from_a_transcoded_file(
    url: str, clips: dict[str, Path], tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path)
    async with Client(url, "studio", "Ada") as ada:
        publisher = FilePublisher(ada, inspect(clips["long_gop"]), loop=True)
        playing = asyncio.create_task(publisher.run())
        while publisher.player.position < 0.5:  # noqa: ASYNC110 - the player tells nobody of its position
            await asyncio.sleep(0.02)
        async with Client(url, "studio", "recorder", events=recorder) as client:
            await client.wait_until(lambda: len(client.remote_tracks) == 2)
            joined = publisher.player.position
            while publisher.player.position < joined + 1.2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
    recorder.close()
    codes = [code for _, code in clip_readers.decode_file(tmp_path / "Ada.mkv").time_codes()]
    assert codes[0] is not None
    assert codes[0] <= (joined + 0.5) * 1000


async def test_recording_goes_on_when_connections_are_cut(
    gateway: Gateway, clips: dict[str, Path], tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path)
    port = gateway.listeners[0].port
    async with (
        TcpProxy(port) as publishers_way,
        TcpProxy(port) as recorders_way,
        Client(recorders_way.url, "studio", "recorder", events=recorder) as client,
        Client(publishers_way.url, "studio", "Ada") as ada,
    ):
        publisher = FilePublisher(ada, inspect(clips["plain"], TranscodePolicy.ALWAYS), loop=True)
        playing = asyncio.create_task(publisher.run())
        for way, at in ((publishers_way, 1.0), (recorders_way, 2.5), (None, 4.5)):
            while publisher.player.position < at:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            if way is not None:
                await until_lanes(client, 2)
                await until_lanes(ada, 2)
                assert way.reset() == 2
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        await client.wait_until(lambda: not client.remote_tracks)
    assert recorder.close() == [tmp_path / "Ada.mkv"]
    assert (publishers_way.accepted, recorders_way.accepted) == (4, 4)
    decoded = clip_readers.decode_file(tmp_path / "Ada.mkv")
    # Everything but a short hole around either cut is there, decodes without damage, and stands at its own time.
    times = [time for time, _ in decoded.pictures]
    holes = [late - early for early, late in itertools.pairwise(times) if late - early > 0.05]
    assert sum(holes) < 1.5
    assert times[-1] > 4.0
    readable = [(time, code) for time, code in decoded.time_codes() if code is not None]
    assert len(readable) == len(times)
    # The looped clip's time code and the recording's time differ by the same amount throughout a round.
    offsets = {round((time - code / 1000) * 10) for time, code in readable}
    assert len(offsets) <= 4
    skews = clip_readers.skews(decoded)
    assert len(skews) >= 3
    assert max(map(abs, skews)) < 0.020
