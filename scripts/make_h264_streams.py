"""Write ``tests/vectors/h264_streams.json``: short H.264 streams of another encoder, to test our decoder with.

Run it when a kind of stream is to be added, and commit the result:

    .venv/bin/python -m scripts.make_h264_streams

libx264 encodes FFmpeg's test picture; FFmpeg decodes it again, and the SHA-256 of each decoded picture (I420, tightly
packed) tells whether another decoder is right. No B-frames: participants of a call do not send them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.filter import Graph
from av.video.frame import PictureType

OUTPUT = Path(__file__).parent.parent / "tests" / "vectors" / "h264_streams.json"
PICTURES = 12
WIDTH, HEIGHT = 146, 98

# What kernels must meet: every partition, all motion phases, CABAC, 8×8 transforms, weights, slices, filter offsets.
STREAMS = {
    "baseline, small partitions, three references": {
        "profile": "baseline",
        "x264-params": "bframes=0:ref=3:partitions=all:subme=7:me=umh:keyint=8:scenecut=0:bitrate=250",
    },
    "main, CABAC, weighted prediction": {
        "profile": "main",
        "x264-params": "bframes=0:ref=2:weightp=2:subme=7:keyint=99:scenecut=0:bitrate=200",
    },
    "high, 8x8 transform": {
        "profile": "high",
        "x264-params": "bframes=0:8x8dct=1:partitions=all:subme=7:keyint=99:scenecut=0:bitrate=250",
    },
    "baseline, four slices, filter offsets, few bits": {
        "profile": "baseline",
        "x264-params": "bframes=0:slices=4:deblock=3,3:keyint=99:scenecut=0:bitrate=60",
    },
    "baseline, many bits": {
        "profile": "baseline",
        "x264-params": "bframes=0:qp=14:deblock=-2,-2:keyint=99:scenecut=0",
    },
}


def pictures() -> Iterator[av.VideoFrame]:
    """FFmpeg's moving test picture, turned slowly so that it moves by fractions of a sample, and the same noise."""
    graph = Graph()
    source = graph.add("testsrc2", f"size={WIDTH}x{HEIGHT}:rate=30")
    turned = graph.add("rotate", "angle=n/60")
    noise = graph.add("noise", "alls=2:allf=t:all_seed=7")
    shape = graph.add("format", "pix_fmts=yuv420p")
    sink = graph.add("buffersink")
    source.link_to(turned)
    turned.link_to(noise)
    noise.link_to(shape)
    shape.link_to(sink)
    graph.configure()
    for _ in range(PICTURES):
        frame = sink.pull()
        assert isinstance(frame, av.VideoFrame)
        # The filters' pictures say that they are keyframes, and the encoder would obey.
        frame.pict_type = PictureType.NONE
        yield frame


def encode(options: dict[str, str]) -> list[bytes]:
    """The access units, Annex B, parameter sets before a keyframe."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base = Fraction(1, 30)
    encoder.thread_count = 1
    encoder.options = {"preset": "medium", "tune": "zerolatency", **options}
    packets = [packet for frame in pictures() for packet in encoder.encode(frame)]
    return [bytes(packet) for packet in [*packets, *encoder.encode(None)]]


def digests(access_units: list[bytes]) -> list[str]:
    """SHA-256 of each picture that FFmpeg decodes."""
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for unit in access_units for frame in decoder.decode(av.Packet(unit))]
    frames += decoder.decode(None)
    if len(frames) != PICTURES:
        raise RuntimeError(f"{len(frames)} pictures came back of {PICTURES}")
    return [hashlib.sha256(packed(frame)).hexdigest() for frame in frames]


def packed(frame: av.VideoFrame) -> bytes:
    """A picture's planes without what stands behind each row."""
    rows = []
    for plane in frame.planes:
        octets, step = bytes(plane), plane.line_size
        rows += [octets[row * step : row * step + plane.width] for row in range(plane.height)]
    return b"".join(rows)


def main() -> None:
    """Encode all, and write the file."""
    streams = []
    for name, options in STREAMS.items():
        units = encode(options)
        texts = [base64.b64encode(unit).decode() for unit in units]
        streams.append({"name": name, "access_units": texts, "sha256": digests(units)})
    OUTPUT.write_text(json.dumps({"streams": streams}, indent=1) + "\n")
    print(f"{OUTPUT.name}: {OUTPUT.stat().st_size} octets")


if __name__ == "__main__":
    main()
