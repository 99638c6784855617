"""The page's own H.264 (openh264 in WebAssembly) against FFmpeg: each decodes what the other encodes.

Node runs the page's TypeScript (``web/scripts/codec-streams.mjs``); the built modules must be there (``make wasm``).
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.clip import Clip

WEB = Path(__file__).resolve().parents[2] / "web"
SCRIPT = WEB / "scripts" / "codec-streams.mjs"
COUNT = 40

pytestmark = [pytest.mark.interop, pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")]


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    if not (WEB / "src/codecs/generated/h264.wasm").is_file():
        pytest.fail("the WebAssembly codecs are not built: `make wasm`")


def run(job: str, given: bytes, settings: dict[str, object] | None = None) -> Iterator[bytes]:
    """What our codec makes of ``given``: access units or pictures, empty where there is none."""
    command = ["node", str(SCRIPT), job, json.dumps(settings)]
    out = subprocess.run(command, input=given, cwd=WEB, capture_output=True, check=True, timeout=100).stdout
    at = 0
    while at < len(out):
        (length,) = struct.unpack_from("<I", out, at)
        yield out[at + 4 : at + 4 + length]
        at += 4 + length


def prefixed(parts: Iterable[bytes]) -> bytes:
    """The parts as the script reads them."""
    return b"".join(struct.pack("<I", len(part)) + part for part in parts)


def decoded_by_ffmpeg(access_units: Iterable[bytes]) -> list[NDArray[np.uint8]]:
    """The pictures as packed I420, shape (height * 3 // 2, width)."""
    decoder = av.CodecContext.create("h264", "r")
    pictures = []
    for access_unit in [*access_units, None]:
        packet = av.Packet(access_unit) if access_unit is not None else None
        pictures += [frame.to_ndarray(format="yuv420p") for frame in decoder.decode(packet)]
    return pictures


def encoded_by_x264(clip: Clip, profile: str, **options: str) -> list[bytes]:
    """One access unit (Annex B) a picture; the first, and none else, is a keyframe."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = clip.width, clip.height, "yuv420p"
    encoder.time_base, encoder.bit_rate = Fraction(1, clip.fps), 1_000_000
    encoder.options = {"profile": profile, "preset": "veryfast", "tune": "zerolatency", "g": "1000", **options}
    access_units = []
    for index in range(COUNT):
        frame = av.VideoFrame.from_ndarray(clip.picture(index), format="yuv420p")
        frame.pts = index
        access_units += [bytes(packet) for packet in encoder.encode(frame)]
    return access_units + [bytes(packet) for packet in encoder.encode(None)]


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """In decibels."""
    return float(10 * np.log10(255**2 / max(1e-9, np.mean((a.astype(float) - b.astype(float)) ** 2))))


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("content", ["motion", "detail"])
@pytest.mark.parametrize(("width", "height"), [(322, 182), (640, 360)])
def test_ffmpeg_decodes_what_we_encode(width: int, height: int, content: str, layers: int) -> None:
    clip = Clip(width, height)
    settings = {"width": width, "height": height, "framerate": clip.fps, "bitrateBps": 1_500_000}
    given = b"".join(clip.picture(index).tobytes() for index in range(COUNT))
    access_units = list(run("encode", given, {**settings, "temporalLayers": layers, "content": content}))
    assert len(access_units) == COUNT
    sent = [index for index, access_unit in enumerate(access_units) if access_unit]
    assert len(sent) > COUNT * 0.8
    pictures = decoded_by_ffmpeg(access_units[index] for index in sent)
    assert len(pictures) == len(sent)
    qualities = [psnr(picture, clip.picture(index)) for picture, index in zip(pictures, sent, strict=True)]
    assert min(qualities) > 28
    assert float(np.mean(qualities)) > 31


@pytest.mark.parametrize(
    ("profile", "options"),
    [("baseline", {}), ("baseline", {"slices": "4"}), ("main", {}), ("high", {"refs": "3"})],
    ids=["baseline", "baseline, four slices", "main", "high"],
)
@pytest.mark.parametrize(("width", "height"), [(322, 182), (640, 360)])
def test_we_decode_what_x264_encodes(width: int, height: int, profile: str, options: dict[str, str]) -> None:
    access_units = encoded_by_x264(Clip(width, height), profile, **options)
    expected = decoded_by_ffmpeg(access_units)
    pictures = list(run("decode", prefixed(access_units)))
    assert len(pictures) == COUNT
    # H.264 says what every sample is: there is nothing to be tolerated.
    for index, picture in enumerate(pictures):
        assert picture == expected[index].tobytes(), f"picture {index}"
