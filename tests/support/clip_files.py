"""Writes a ``Clip`` to disk: raw files for Chromium's fake devices, containers for the Python client.

Chromium plays ``write_y4m`` and ``write_wav`` with ``--use-fake-device-for-media-stream=fps=30
--use-file-for-fake-video-capture=clip.y4m --use-file-for-fake-audio-capture=clip.wav``; it repeats both for ever.
"""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.support.clip import Clip


def write_y4m(clip: Clip, path: Path) -> Path:
    """Write the pictures as YUV4MPEG2, 4:2:0; about 350 kB a frame at 640x360."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{clip.width} H{clip.height} F{clip.fps}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in clip.pictures():
            file.write(b"FRAME\n")
            file.write(picture.tobytes())
    return path


def write_wav(clip: Clip, path: Path) -> Path:
    """Write the sound as 16-bit mono PCM."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(clip.sample_rate)
        file.writeframes(clip.sound().tobytes())
    return path


def write_container(
    clip: Clip,
    path: Path,
    *,
    video_bitrate: int = 1_000_000,
    keyframe_seconds: float = 1.0,
    b_frames: int = 0,
    video_codec: str | None = "libx264",
    audio_codec: str | None = "libopus",
) -> Path:
    """Write pictures and sound into the container that the file's name asks for (mp4, mkv, webm, …).

    Args:
        video_bitrate: bits per second.
        keyframe_seconds: time from one keyframe to the next.
        b_frames: consecutive B-frames; 0 gives constrained baseline, which a WebRTC decoder plays.
        video_codec, audio_codec: FFmpeg's encoder names, ``libopus`` or ``aac`` for audio; None leaves that track out.
    """
    with av.open(str(path), "w") as container:
        video = audio = None
        if video_codec:
            video = container.add_stream(video_codec, rate=clip.fps)
            video.width, video.height, video.pix_fmt = clip.width, clip.height, "yuv420p"
            video.bit_rate = video_bitrate
            video.gop_size = max(1, round(keyframe_seconds * clip.fps))
            video.max_b_frames = b_frames
            video.time_base = Fraction(1, clip.fps)
            if video_codec == "libx264":
                # One thread, no scene-cut detection: the same file on every machine, keyframes where expected.
                video.options = {
                    "preset": "veryfast",
                    "profile": "main" if b_frames else "baseline",
                    "x264-params": "scenecut=0:threads=1:b-adapt=0",
                }
        if audio_codec:
            audio = container.add_stream(audio_codec, rate=clip.sample_rate, layout="mono")
        if video is not None:
            for index, picture in enumerate(clip.pictures()):
                frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
                frame.pts, frame.time_base = index, Fraction(1, clip.fps)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        if audio is not None:
            sound = clip.sound()
            for start in range(0, len(sound), 960):
                block = np.ascontiguousarray(sound[start : start + 960]).reshape(1, -1)
                sample = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
                sample.sample_rate, sample.pts = clip.sample_rate, start
                sample.time_base = Fraction(1, clip.sample_rate)
                container.mux(audio.encode(sample))
            container.mux(audio.encode(None))
    return path
