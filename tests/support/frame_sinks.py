"""Sinks that keep what they get."""

from __future__ import annotations

from wsmedia.media import EncodedFrame


class FrameList:
    """A ``FrameSink`` that keeps every frame."""

    def __init__(self) -> None:
        self.frames: list[EncodedFrame] = []

    def send_frame(self, frame: EncodedFrame) -> None:
        self.frames.append(frame)

    @property
    def data(self) -> list[bytes]:
        return [bytes(frame.data) for frame in self.frames]

    @property
    def keyframes(self) -> list[int]:
        """Indices of the keyframes."""
        return [index for index, frame in enumerate(self.frames) if frame.keyframe]
