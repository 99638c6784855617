"""Records a room: one Matroska file per participant, frames as they came. Give it to a ``Client`` as its events."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wsmedia.client.events import ClientEvents
from wsmedia.client.participant_recording import ParticipantRecording
from wsmedia.client.tracks import RemoteTrack
from wsmedia.clock import Clock, SystemClock
from wsmedia.media import EncodedFrame, Participant

logger = logging.getLogger(__name__)

_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
_MAX_NAME_OCTETS = 120


def safe_file_name(name: str) -> str:
    """A file name without suffix that every file system takes, as like ``name`` as can be."""
    text = unicodedata.normalize("NFC", name)
    text = re.sub(r"[^\w .()@+-]", "_", text).strip(" .")
    text = text.encode()[:_MAX_NAME_OCTETS].decode(errors="ignore").strip(" .")
    if not text or text.lower().split(".")[0] in _RESERVED:
        text = f"_{text}" if text else "participant"
    return text


@dataclass(slots=True)
class _Feed:
    """A ``FrameSink`` that knows which track it records."""

    recording: ParticipantRecording
    remote: RemoteTrack

    def send_frame(self, frame: EncodedFrame) -> None:
        self.recording.write(self.remote, frame)


class Recorder(ClientEvents):
    """Writes ``NAME.mkv`` into a folder for everybody who sends something.

    Two people of one name get ``NAME.mkv`` and ``NAME-2.mkv``, and so does one who leaves and joins anew. Somebody whom
    we see again after our own connection failed goes on in the same file. Older files are overwritten.

    Args:
        folder: where the files go; must exist.
        clock: tells when frames arrive.
        on_change: called when somebody's recording begins or fails, with a sentence for people.
    """

    def __init__(
        self, folder: Path, clock: Clock | None = None, on_change: Callable[[str], None] | None = None
    ) -> None:
        self.recordings: dict[str, ParticipantRecording] = {}
        self._folder = folder
        self._clock = clock or SystemClock()
        self._on_change = on_change or logger.info
        self._names: set[str] = set()

    @property
    def failed(self) -> bool:
        """Whether some recording ended early, as for want of disk space."""
        return any(recording.failure for recording in self.recordings.values())

    def track_added(self, participant: Participant, remote: RemoteTrack) -> None:
        """Record the track from now on, video from its next keyframe on."""
        recording = self.recordings.get(participant.participant_id)
        if recording is None:
            path = self._folder / f"{self._free_name(participant.name)}.mkv"
            recording = ParticipantRecording(path, participant.name, self._clock, self._on_change)
            self.recordings[participant.participant_id] = recording
        remote.add_sink(_Feed(recording, remote))
        remote.request_keyframe()

    def participant_left(self, participant: Participant) -> None:
        """Write what waits; the file stays open in case that they come back."""
        recording = self.recordings.get(participant.participant_id)
        if recording is not None:
            recording.flush()

    def close(self) -> list[Path]:
        """Finish all files.

        Returns:
            Those that hold something.
        """
        return [recording.path for recording in self.recordings.values() if recording.close()]

    def _free_name(self, name: str) -> str:
        base = safe_file_name(name)
        candidate, number = base, 1
        while candidate.casefold() in self._names:
            number += 1
            candidate = f"{base}-{number}"
        self._names.add(candidate.casefold())
        return candidate
