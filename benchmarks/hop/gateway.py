"""The gateway process: the real server, whose SFU is the load generator at the other end of a peer connection.

Prints its HTTP port on a line once it listens; ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import signal
import tempfile
from pathlib import Path

import uvloop

from benchmarks.hop.frames import AUDIO, VIDEO
from benchmarks.hop.signaling import exchange
from wsmedia.app.server import Gateway
from wsmedia.app.settings import Settings
from wsmedia.media import MediaKind, Participant, Track
from wsmedia.peer import PeerConfig, PeerConnection, PeerState, RtpReceiver
from wsmedia.ports import FrameSink, FrameSource, RoomEvents, RoomState


class PeerTrack:
    """What the far end of the peer connection sends, as somebody's track."""

    participant_id = "far-end"

    def __init__(self, receiver: RtpReceiver) -> None:
        self.track = VIDEO if receiver.kind is MediaKind.VIDEO else AUDIO
        self.source: FrameSource = receiver


class PeerRoom:
    """A place in a room of two: us, and the far end of one peer connection."""

    def __init__(self, events: RoomEvents) -> None:
        self._events = events
        self._connection = PeerConnection(PeerConfig(addresses=["127.0.0.1"]))
        self._senders = {track.kind: self._connection.add_sender(track) for track in (VIDEO, AUDIO)}
        for kind in MediaKind:
            self._connection.add_receiver_section(kind)
        self._senders[MediaKind.VIDEO].on_keyframe_request = lambda: events.keyframe_requested(VIDEO.track_id)
        self._connected = asyncio.Event()
        self._connection.on_state = self._state_changed
        self._receivers: list[RtpReceiver] = []
        self._connection.on_receiver = self._receivers.append

    async def connect(self, path: str, label: str) -> None:
        """Negotiate over ``path``, wait for DTLS, announce the far end's tracks."""
        await self._connection.accept_answer(await exchange(path, label, await self._connection.create_offer()))
        await self._connected.wait()
        self._events.room_state_changed(RoomState.CONNECTED, "")
        for receiver in self._receivers:
            self._events.track_added(PeerTrack(receiver))

    def publish(self, track: Track) -> FrameSink:
        """The sender that was negotiated for this kind."""
        return self._senders[track.kind]

    def unpublish(self, track_id: int) -> None:
        """Senders stay until the end."""

    def set_muted(self, track_id: int, muted: bool) -> None:
        """Nobody listens."""

    async def leave(self) -> None:
        """Hang up."""
        await self._connection.close()

    def _state_changed(self, state: PeerState) -> None:
        if state is PeerState.CONNECTED:
            self._connected.set()


class PeerAdapter:
    """Joins rooms by a peer connection to whoever answers on a Unix socket."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def start(self) -> None:
        """Nothing to do."""

    async def join(self, room: str, participant: Participant, events: RoomEvents) -> PeerRoom:
        """Make the peer connection and wait until media can flow."""
        place = PeerRoom(events)
        await place.connect(self._path, room)
        return place

    async def close(self) -> None:
        """Nothing to do."""


async def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--profile", help="write cProfile's statistics to this file")
    options = parser.parse_args()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with tempfile.TemporaryDirectory() as state_dir:
        settings = Settings(https=False, http_port=0, state_dir=Path(state_dir))
        gateway = Gateway(settings, PeerAdapter(options.socket))
        await gateway.start()
        print(gateway.listeners[0].port, flush=True)
        profile = cProfile.Profile() if options.profile else None
        if profile is not None:
            profile.enable()
        await stop.wait()
        if profile is not None:
            profile.disable()
            profile.dump_stats(options.profile)
        await gateway.stop()


if __name__ == "__main__":
    uvloop.run(main())
