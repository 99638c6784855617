"""The adapter over ``wsmedia.sfu``: a table of rooms, made by the first who enters and forgotten with the last."""

from __future__ import annotations

import asyncio

from wsmedia.clock import Clock, SystemClock
from wsmedia.errors import SfuError
from wsmedia.media import Participant, Track
from wsmedia.ports import FrameSink, RoomEvents, RoomState
from wsmedia.sfu import Membership, Room


class EmbeddedConnection:
    """One participant's place in a room of this process."""

    def __init__(self, adapter: EmbeddedAdapter, room: Room, membership: Membership) -> None:
        self._adapter = adapter
        self._room = room
        self._membership = membership

    def publish(self, track: Track) -> FrameSink:
        """Announce a track of ours; frames may follow at once."""
        return self._membership.publish(track)

    def unpublish(self, track_id: int) -> None:
        """End a track of ours."""
        self._membership.unpublish(track_id)

    def set_muted(self, track_id: int, muted: bool) -> None:
        """Tell the room that our track is muted or not."""
        self._membership.set_muted(track_id, muted)

    def leave_now(self) -> None:
        """Leave the room, as ``leave`` does, without being awaited."""
        self._membership.leave()
        self._adapter.forget_if_empty(self._room)

    async def leave(self) -> None:
        """Leave the room; safe to call twice."""
        self.leave_now()


class EmbeddedAdapter:
    """Rooms in this process.

    Args:
        clock: time for what rooms coalesce.
        max_participants: how many a room holds.
    """

    def __init__(self, clock: Clock | None = None, max_participants: int = 100) -> None:
        self._clock = clock or SystemClock()
        self._max_participants = max_participants
        self._rooms: dict[str, Room] = {}

    async def start(self) -> None:
        """Nothing to do."""

    async def join(self, room: str, participant: Participant, events: RoomEvents) -> EmbeddedConnection:
        """Enter a room, making it if need be; again under the id of somebody in it: another place of theirs.

        Raises:
            SfuError: the room is full, or they have too many places in it.
        """
        return self.join_now(room, participant, events)

    def join_now(self, name: str, participant: Participant, events: RoomEvents) -> EmbeddedConnection:
        """Enter a room, as ``join`` does, without being awaited."""
        room = self._room(name)
        here = room.participants
        is_here = any(one.participant_id == participant.participant_id for one in here)
        if len(here) >= self._max_participants and not is_here:
            raise SfuError(f"The room is full: {self._max_participants} people are in it.")
        membership = room.join(participant, events)
        events.room_state_changed(RoomState.CONNECTED, "")
        return EmbeddedConnection(self, room, membership)

    def find_room(self, name: str) -> Room | None:
        """The room of that name, if anybody is in it."""
        return self._rooms.get(name)

    def watch(self, name: str, events: RoomEvents) -> Room:
        """Tell ``events`` of everything in a room without entering it; end with ``unwatch``."""
        room = self._room(name)
        room.watch(events)
        return room

    def unwatch(self, room: Room, events: RoomEvents) -> None:
        """Tell ``events`` nothing more."""
        room.unwatch(events)
        self.forget_if_empty(room)

    def forget_if_empty(self, room: Room) -> None:
        """Drop a room that nobody needs."""
        if room.is_empty and self._rooms.get(room.name) is room:
            del self._rooms[room.name]

    async def close(self) -> None:
        """Forget all rooms; sessions end by themselves."""
        self._rooms.clear()

    def _room(self, name: str) -> Room:
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(name, self._clock, asyncio.get_running_loop().call_later)
        return room
