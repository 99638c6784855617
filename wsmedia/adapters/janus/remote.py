"""A track of somebody else's that outlives what carries it: receivers come and go with negotiations and with Janus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wsmedia.adapters.janus.roster import RemoteStream
from wsmedia.media import Track
from wsmedia.ports import FrameSink, FrameSource


class RelayedSource:
    """A frame source whose sinks are moved from one receiver to the next; frames do not pass through here.

    Args:
        on_wanted: called when the first sink has come or the last has gone; ``is_wanted`` tells which.
    """

    def __init__(self, on_wanted: Callable[[], None] = lambda: None) -> None:
        self._on_wanted = on_wanted
        self._receiver: FrameSource | None = None
        self._capacities: dict[FrameSink, int | None] = {}

    @property
    def is_wanted(self) -> bool:
        """Whether there is a sink: without one the SFU need not send."""
        return bool(self._capacities)

    def attach(self, receiver: FrameSource | None) -> None:
        """Let ``receiver`` feed the sinks from now on; None while there is none."""
        if receiver is self._receiver:
            return
        for sink in self._capacities:
            if self._receiver is not None:
                self._receiver.remove_sink(sink)
            if receiver is not None:
                self._feed(receiver, sink)
        self._receiver = receiver

    def _feed(self, receiver: FrameSource, sink: FrameSink) -> None:
        receiver.add_sink(sink)
        capacity = self._capacities[sink]
        if capacity is not None:
            receiver.set_capacity(sink, capacity)

    def add_sink(self, sink: FrameSink) -> None:
        """See ``FrameSource.add_sink``."""
        self._capacities.setdefault(sink, None)
        if self._receiver is not None:
            self._feed(self._receiver, sink)
        if len(self._capacities) == 1:
            self._on_wanted()

    def remove_sink(self, sink: FrameSink) -> None:
        """See ``FrameSource.remove_sink``."""
        self._capacities.pop(sink, None)
        if self._receiver is not None:
            self._receiver.remove_sink(sink)
        if not self._capacities:
            self._on_wanted()

    def request_keyframe(self) -> None:
        """See ``FrameSource.request_keyframe``."""
        if self._receiver is not None:
            self._receiver.request_keyframe()

    def set_capacity(self, sink: FrameSink, bitrate_bps: int) -> None:
        """See ``FrameSource.set_capacity``."""
        if sink in self._capacities:
            self._capacities[sink] = bitrate_bps
            if self._receiver is not None:
                self._receiver.set_capacity(sink, bitrate_bps)


class JanusRemoteTrack:
    """One stream of another participant; implements ``RemoteTrack``."""

    def __init__(self, track_id: int, remote: RemoteStream, on_wanted: Callable[[], None] = lambda: None) -> None:
        self.participant_id = str(remote.stream[0])
        self.track = Track(track_id, remote.codec, remote.source, remote.muted)
        self.source = RelayedSource(on_wanted)

    def set_muted(self, muted: bool) -> None:
        """Its owner, or a moderator, muted or unmuted it."""
        self.track = replace(self.track, muted=muted)
