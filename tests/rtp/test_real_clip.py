"""Real encoders' output through the payload format: byte for byte the same, and the decoder agrees."""

from __future__ import annotations

import random
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.rtp.test_h264 import packets_of
from wsmedia.rtp import h264, opus
from wsmedia.rtp.packet import parse
from wsmedia.rtp.reorder import ReorderBuffer

WIDTH, HEIGHT, FRAMES = 320, 240, 40

ENCODERS = {
    "x264, one slice": ("libx264", {"preset": "ultrafast", "tune": "zerolatency", "g": "20"}),
    "x264, six slices, delimiters": (
        "libx264",
        {"preset": "veryfast", "tune": "zerolatency", "g": "20", "x264-params": "slices=6:aud=1:repeat-headers=1"},
    ),
    "x264, slices of 300 octets": (
        "libx264",
        {"preset": "ultrafast", "tune": "zerolatency", "g": "20", "x264-params": "slice-max-size=300"},
    ),
    "openh264": ("libopenh264", {"g": "20"}),
    "openh264, four slices": ("libopenh264", {"g": "20", "slices": "4"}),
}


def pictures():
    """Noise that moves over a gradient: many bits, differing from picture to picture."""
    noise = np.random.default_rng(1).integers(0, 60, (HEIGHT, WIDTH), dtype=np.uint8)
    gradient = np.add.outer(np.arange(HEIGHT) // 2, np.arange(WIDTH) // 4).astype(np.uint8)
    for index in range(FRAMES):
        luma = gradient + np.roll(noise, 3 * index, axis=1)
        frame = av.VideoFrame.from_ndarray(np.repeat(luma[:, :, np.newaxis], 3, axis=2), format="rgb24")
        frame = frame.reformat(format="yuv420p")
        frame.pts = index
        frame.time_base = Fraction(1, 30)
        yield frame


def encode(name):
    encoder_name, options = ENCODERS[name]
    try:
        context = av.CodecContext.create(encoder_name, "w")
    except av.codec.codec.UnknownCodecError:
        pytest.skip(f"this build of PyAV has no {encoder_name}")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 30), Fraction(30, 1)
    context.bit_rate = 1_500_000
    context.options = options
    packets = [packet for frame in pictures() for packet in context.encode(frame)]
    return [bytes(packet) for packet in packets + context.encode(None)]


def decode(access_units):
    context = av.CodecContext.create("h264", "r")
    frames = [frame for unit in access_units for frame in context.decode(av.Packet(unit))]
    return [frame.to_ndarray() for frame in frames + context.decode(None)]


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("max_payload", [200, 1150])
def test_access_units_come_out_as_the_encoder_made_them(name, max_payload):
    access_units = encode(name)
    assert len(access_units) == FRAMES

    depacketizer = h264.Depacketizer()
    received = []
    sequence_number = 65500
    for index, unit in enumerate(access_units):
        packets = packets_of(unit, max_payload, start=sequence_number, rtp_timestamp=3000 * index)
        sequence_number += len(packets)
        for packet in packets:
            received += depacketizer.push(parse(packet.serialize()))

    normalised = [h264.join_nals(h264.split_nals(unit)) for unit in access_units]
    assert [frame.data for frame in received] == normalised
    assert [frame.rtp_timestamp for frame in received] == [3000 * index for index in range(FRAMES)]
    assert [index for index, frame in enumerate(received) if frame.keyframe] == [0, 20]
    for got, expected in zip(decode(frame.data for frame in received), decode(access_units), strict=True):
        assert np.array_equal(got, expected)


@pytest.mark.parametrize("name", ENCODERS)
def test_a_lossy_reordering_path_gives_whole_frames_only(name):
    """2 % loss, packets swapped: every frame that comes out is one that went in, in order, and losses are told."""
    access_units = [h264.join_nals(h264.split_nals(unit)) for unit in encode(name)]
    packets = []
    for index, unit in enumerate(access_units):
        packets += packets_of(unit, 500, start=len(packets), rtp_timestamp=3000 * index)
    source = random.Random(7)
    arriving = sorted(
        (index + source.uniform(0, 4), packet.sequence_number, packet)
        for index, packet in enumerate(packets)
        if source.random() > 0.02
    )
    reorder, depacketizer, received = ReorderBuffer(max_wait=0.05), h264.Depacketizer(), []
    for arrival, _, packet in arriving:
        now = arrival / 1000
        for ready in (*reorder.poll(now), *reorder.push(packet, now)):
            received += depacketizer.push(ready)

    numbers = [frame.rtp_timestamp // 3000 for frame in received]
    assert numbers == sorted(set(numbers))
    assert [frame.data for frame in received] == [access_units[number] for number in numbers]
    assert 5 < len(received) < FRAMES
    for earlier, later, frame in zip(numbers, numbers[1:], received[1:], strict=False):
        assert frame.after_loss or later == earlier + 1


def test_opus_packets_come_out_as_the_encoder_made_them():
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = 48000, "mono", "s16"
    context.time_base = Fraction(1, 48000)
    tone = (np.sin(np.arange(48000) * 2 * np.pi * 440 / 48000) * 9000).astype(np.int16)
    encoded = []
    for index in range(50):
        frame = av.AudioFrame.from_ndarray(
            tone[np.newaxis, 960 * index : 960 * (index + 1)], format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = 48000, 960 * index
        encoded += [bytes(packet) for packet in context.encode(frame)]
    assert len(encoded) > 40
    packetizer, depacketizer = opus.Packetizer(), opus.Depacketizer()
    received = []
    for index, data in enumerate(encoded):
        (payload,) = packetizer.packetize(data, 1200)
        received += depacketizer.push(parse(packets_for_audio(index, payload)))
    assert [frame.data for frame in received] == encoded


def packets_for_audio(index, payload):
    from wsmedia.rtp.packet import RtpPacket

    return RtpPacket(111, index, 960 * index, 1, payload).serialize()
