from __future__ import annotations

from pathlib import Path

import av
import pytest

from wsmedia.client.media_inspection import FileInfo, inspect
from wsmedia.client.track_reader import MediaUnit, ParameterSets, PassThroughReader
from wsmedia.rtp.h264_units import IDR_SLICE, PPS, SPS, join_nals, split_nals

SPS_A, PPS_A, SPS_B = b"\x67\x42\xc0\x1e", b"\x68\xce", b"\x67\x42\xc0\x1f"
IDR, SLICE = b"\x65\x88", b"\x41\x9a"


def read(info: FileInfo, index: int) -> list[MediaUnit]:
    reader = PassThroughReader(info, info.tracks[index])
    units = []
    while (unit := reader.next_unit()) is not None:
        units.append(unit)
    reader.close()
    return units


@pytest.mark.parametrize("name", ["plain", "plain_mkv", "mpeg_ts"])
def test_access_units_are_the_files_own(clips: dict[str, Path], name: str) -> None:
    info = inspect(clips[name])
    units = read(info, 0)
    assert len(units) == 90
    with av.open(str(clips[name])) as container:
        sizes = [packet.size for packet in container.demux(video=0) if packet.size]
    nals = [split_nals(unit.content.data) for unit in units]
    if name != "mpeg_ts":  # length-prefixed in the file: the same slices, with parameter sets added to keyframes
        stored = [sum(len(nal) + 4 for nal in one if nal[0] & 0x1F not in {SPS, PPS}) for one in nals]
        assert stored == sizes
    keyframes = [index for index, unit in enumerate(units) if unit.content.keyframe]
    assert keyframes == [0, 30, 60]
    for index in keyframes:
        assert {SPS, PPS, IDR_SLICE} <= {nal[0] & 0x1F for nal in nals[index]}
    assert [unit.time for unit in units] == pytest.approx([index / 30 for index in range(90)], abs=0.04)
    assert units[30].time - units[0].time == pytest.approx(1.0, abs=0.001)


def test_opus_packets_begin_before_zero_by_the_codecs_delay(clips: dict[str, Path]) -> None:
    units = read(inspect(clips["plain"]), 1)
    assert units[0].time == pytest.approx(-0.0065)
    assert [unit.duration for unit in units[:-1]] == pytest.approx([0.02] * (len(units) - 1))


def test_a_file_that_is_cut_off_ends_where_it_is_cut(clips: dict[str, Path], tmp_path: Path) -> None:
    data = clips["plain_mkv"].read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) // 2])
    assert 10 < len(read(inspect(cut), 0)) < 90


def test_parameter_sets_are_put_in_front_of_keyframes_that_lack_them() -> None:
    sets = ParameterSets()
    assert sets.complete(join_nals([IDR])) == (join_nals([IDR]), False)  # undecodable: none seen yet
    whole = join_nals([SPS_A, PPS_A, IDR])
    assert sets.complete(whole) == (whole, True)
    assert sets.complete(join_nals([SLICE])) == (join_nals([SLICE]), False)
    assert sets.complete(join_nals([IDR])) == (whole, True)
    assert sets.complete(join_nals([SPS_B, IDR])) == (join_nals([PPS_A, SPS_B, IDR]), True)
