"""Fixtures of the interop tests: Janus running in a namespace of its own, the test inside, and a listener for rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support import janus as janus_support
from tests.support.janus import Janus, Room
from tests.support.netns import NetworkNamespace
from wsmedia.media import EncodedFrame, Participant
from wsmedia.ports import RemoteTrack, RoomState


@contextmanager
def running_janus(folder: Path, rooms: Sequence[Room] = (Room(),), **options: Any) -> Iterator[Janus]:
    """Start Janus in a fresh namespace and stay inside; skips the test, with the reason, where that cannot be."""
    reason = janus_support.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    namespace = NetworkNamespace()
    try:
        with namespace.entered():
            janus = Janus(namespace, folder, rooms, **options)
            janus.start()
            try:
                yield janus
            finally:
                janus.kill()
    finally:
        namespace.close()


class Sink:
    """Keeps what arrives; implements ``FrameSink``."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.frames: list[EncodedFrame] = []
        self._changed = changed

    def send_frame(self, frame: EncodedFrame) -> None:
        self.frames.append(frame)
        self._changed()


class RoomListener:
    """Implements ``RoomEvents``: keeps the state of the room, a log of what happened, and every remote frame.

    Attributes:
        log: words and arguments of every call.
        participants: names by id.
        remotes: the tracks that can be had, by (name, kind).
        sinks: what each of them received, from ``track_added`` on.
    """

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []
        self.participants: dict[str, str] = {}
        self.remotes: dict[tuple[str, str], RemoteTrack] = {}
        self.sinks: dict[tuple[str, str], Sink] = {}
        self.on_keyframe_requested: Callable[[], None] = lambda: None
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], object], deadline_s: float = 15.0) -> None:
        """Wait until ``condition()`` holds; looked at after every call and frame."""
        try:
            async with asyncio.timeout(deadline_s):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            counts = {key: len(sink.frames) for key, sink in self.sinks.items()}
            raise AssertionError(f"waited in vain; frames {counts}, heard {self.log}") from None

    def count(self, *words: object) -> int:
        """How often a call with these leading arguments came."""
        return sum(entry[: len(words)] == words for entry in self.log)

    def _note(self, *entry: Any) -> None:
        self.log.append(entry)
        self._changed.set()

    def participant_joined(self, participant: Participant) -> None:
        self.participants[participant.participant_id] = participant.name
        self._note("participant_joined", participant.name)

    def participant_left(self, participant_id: str) -> None:
        self._note("participant_left", self.participants.pop(participant_id))

    def track_added(self, remote: RemoteTrack) -> None:
        key = (self.participants[remote.participant_id], remote.track.kind.value)
        self.remotes[key] = remote
        sink = self.sinks[key] = Sink(self._changed.set)
        remote.source.add_sink(sink)
        self._note("track_added", *key)

    def track_removed(self, remote: RemoteTrack) -> None:
        key = next(key for key, other in self.remotes.items() if other is remote)
        del self.remotes[key]
        self._note("track_removed", *key)

    def track_muted(self, remote: RemoteTrack, muted: bool) -> None:
        assert remote.track.muted is muted
        self._note("track_muted", self.participants[remote.participant_id], remote.track.kind.value, muted)

    def publish_rejected(self, track_id: int, reason: str) -> None:
        self._note("publish_rejected", track_id, reason)

    def keyframe_requested(self, track_id: int) -> None:
        self._note("keyframe_requested", track_id)
        self.on_keyframe_requested()

    def target_bitrate_changed(self, track_id: int, bitrate_bps: int) -> None:
        self._note("target_bitrate_changed", track_id, bitrate_bps)

    def room_state_changed(self, state: RoomState, reason: str) -> None:
        self._note("room_state_changed", state, reason)

    def room_failed(self, reason: str) -> None:
        self._note("room_failed", reason)
