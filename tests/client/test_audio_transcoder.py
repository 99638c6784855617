from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.client.conftest import CLIP, TONE_CLIP
from tests.support import clip_files, clip_readers
from tests.support.clip import Clip
from wsmedia.client.audio_transcoder import AudioTranscoder, audio_level
from wsmedia.client.media_inspection import TranscodePolicy, inspect
from wsmedia.client.track_reader import MediaUnit


def transcode(path: Path) -> list[MediaUnit]:
    info = inspect(path, TranscodePolicy.ALWAYS)
    transcoder = AudioTranscoder(info, info.tracks[-1])
    units = []
    while (unit := transcoder.next_unit()) is not None:
        units.append(unit)
    transcoder.close()
    return units


def decode(units: list[MediaUnit]) -> np.ndarray:
    decoder = av.CodecContext.create("opus", "r")
    decoder.sample_rate = 48_000
    decoder.layout = "mono"
    decoder.open()
    blocks = [frame for unit in units for frame in decoder.decode(av.Packet(bytes(unit.content.data)))]
    return np.concatenate([block.to_ndarray()[0] for block in blocks])


@pytest.mark.parametrize("rate", [48_000, 44_100, 16_000])
def test_a_tone_keeps_its_frequency_at_any_sample_rate(tmp_path: Path, rate: int) -> None:
    clip = Clip(seconds=2.0, tone_hz=700.0, sample_rate=rate)
    units = transcode(clip_files.write_wav(clip, tmp_path / "tone.wav"))
    assert len(units) == pytest.approx(100, abs=2)
    assert clip_readers.tone_hz(decode(units)) == pytest.approx(700.0, abs=1)


def test_times_tell_when_the_samples_sound(clips: dict[str, Path]) -> None:
    units = transcode(clips["b_frames"])
    steps = np.diff([unit.time for unit in units])
    assert steps == pytest.approx(np.full(len(steps), 0.02), abs=1e-6)
    beeps = clip_readers.beep_times(decode(units), start=units[0].time)
    assert beeps == pytest.approx(CLIP.flash_times, abs=0.004)


def test_levels_tell_loud_from_silent(clips: dict[str, Path]) -> None:
    loud = [unit.content.audio_level for unit in transcode(clips["tone"])[10:20]]
    assert all(level & 0x80 and level & 0x7F == pytest.approx(11, abs=1) for level in loud), TONE_CLIP
    assert audio_level(np.zeros(960, np.float32)) == 127
    assert audio_level(np.ones(960, np.float32)) == 0x80
