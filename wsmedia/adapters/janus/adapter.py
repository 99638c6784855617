"""The adapter for Janus' VideoRoom: every tunnelled participant is one Janus participant of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wsmedia.adapters.janus.config import JanusConfig
from wsmedia.adapters.janus.connection import JanusRoomConnection
from wsmedia.media import Participant
from wsmedia.peer import PeerConfig, PeerConnection
from wsmedia.ports import RoomConnection, RoomEvents


class JanusAdapter:
    """Implements ``Adapter``.

    Args:
        config: which Janus and how.
        make_peer: makes a PeerConnection; tests give their own.
    """

    def __init__(
        self, config: JanusConfig, make_peer: Callable[[], PeerConnection] = lambda: PeerConnection(PeerConfig())
    ) -> None:
        self._config = config
        self._make_peer = make_peer
        self._connections: set[JanusRoomConnection] = set()

    async def start(self) -> None:
        """Nothing to do before the first join: Janus may come up later than the gateway."""

    async def join(self, room: str, participant: Participant, events: RoomEvents) -> RoomConnection:
        """See ``Adapter.join``."""
        connection = JanusRoomConnection(
            self._config, room, participant, events, self._make_peer, on_left=self._connections.discard
        )
        self._connections.add(connection)
        await connection.enter()
        return connection

    async def close(self) -> None:
        """See ``Adapter.close``."""
        await asyncio.gather(*(connection.leave() for connection in list(self._connections)))
