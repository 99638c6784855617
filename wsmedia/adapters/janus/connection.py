"""One participant's place in a VideoRoom; implements ``RoomConnection`` and survives Janus.

A task keeps trying to have a Janus session with both legs up. When the session is lost, our tracks and everybody
else's stay as objects and are bound to new senders and receivers after the return: whoever holds them notices a pause
and the room's state, nothing else. We come back under the same id, so the others recognise us too.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import secrets
from collections.abc import Callable, Mapping

from wsmedia.adapters.janus.config import JanusConfig
from wsmedia.adapters.janus.errors import FINAL, NoMediaError, Refusal, RefusedError, UnavailableError
from wsmedia.adapters.janus.parallel import first_to_end, raise_when
from wsmedia.adapters.janus.publication import PublicationLeg, PublishedTrack
from wsmedia.adapters.janus.remote import JanusRemoteTrack
from wsmedia.adapters.janus.roster import Roster
from wsmedia.adapters.janus.signaling import JanusConnection, PluginReply
from wsmedia.adapters.janus.subscription import SubscriptionLeg
from wsmedia.adapters.janus.videoroom import PLUGIN, Id, Joined, PublisherHandle, Stream, room_event
from wsmedia.errors import SdpError, SfuError
from wsmedia.media import Participant, Track
from wsmedia.peer import PeerConnection, RtpReceiver
from wsmedia.ports import FrameSink, RoomEvents, RoomState

_log = logging.getLogger(__name__)

_STABLE_S = 10.0
"""A session that lived this long was a good one: patience starts anew."""


class JanusRoomConnection:
    """See the module. Made by ``JanusAdapter.join``; ``enter`` is to be awaited first.

    Args:
        config: which Janus and how.
        room: the room's name with us.
        participant: who enters.
        events: hears of everything.
        make_peer: makes a PeerConnection.
        on_left: told when everything is freed.
    """

    def __init__(
        self,
        config: JanusConfig,
        room: str,
        participant: Participant,
        events: RoomEvents,
        make_peer: Callable[[], PeerConnection],
        *,
        on_left: Callable[[JanusRoomConnection], None] = lambda _connection: None,
    ) -> None:
        self._on_left = on_left
        self._config = config
        self._room = room
        self._room_id = config.room_id(room)
        self._participant = participant
        self._own_id = self._new_id()
        self._events = events
        self._make_peer = make_peer
        self._published: dict[int, PublishedTrack] = {}
        self._remotes: dict[Stream, JanusRemoteTrack] = {}
        self._track_ids = itertools.cycle(range(1 << 16))
        self._roster = Roster(self)
        self._publication: PublicationLeg | None = None
        self._subscription: SubscriptionLeg | None = None
        self._entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None
        self._prune: asyncio.TimerHandle | None = None
        self._state = RoomState.CONNECTING
        self._joined_at: float | None = None

    # What interworking calls: RoomConnection.

    def publish(self, track: Track) -> FrameSink:
        """See ``RoomConnection.publish``."""
        published = self._published[track.track_id] = PublishedTrack(track)
        self._publication_changed()
        return published

    def unpublish(self, track_id: int) -> None:
        """See ``RoomConnection.unpublish``."""
        if self._published.pop(track_id, None) is not None:
            self._publication_changed()

    def set_muted(self, track_id: int, muted: bool) -> None:
        """See ``RoomConnection.set_muted``."""
        published = self._published.get(track_id)
        if published is not None and published.track.muted != muted:
            published.set_muted(muted)
            self._publication_changed()

    async def leave(self) -> None:
        """See ``RoomConnection.leave``."""
        if self._prune is not None:
            self._prune.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._on_left(self)

    # What the adapter calls.

    async def enter(self) -> None:
        """Enter the room for the first time.

        Raises:
            SfuError: Janus is not there, or refuses.
        """
        self._task = asyncio.create_task(self._run(), name="janus-room")
        try:
            await asyncio.shield(self._entered)
        except BaseException:
            await self.leave()
            raise

    # What the roster calls: RosterListener.

    def participant_joined(self, participant: Participant) -> None:
        """See ``RosterListener``."""
        self._events.participant_joined(participant)

    def participant_left(self, participant_id: str) -> None:
        """See ``RosterListener``."""
        self._events.participant_left(participant_id)

    def stream_ended(self, stream: Stream) -> None:
        """See ``RosterListener``."""
        remote = self._remotes.pop(stream, None)
        if remote is not None:
            remote.source.attach(None)
            self._events.track_removed(remote)

    def stream_muted(self, stream: Stream, muted: bool) -> None:
        """See ``RosterListener``."""
        remote = self._remotes.get(stream)
        if remote is not None:
            remote.set_muted(muted)
            self._events.track_muted(remote, muted)

    # The task.

    async def _run(self) -> None:
        try:
            await self._keep_trying()
        except SfuError as error:
            self._failed(error)
        except Exception as error:  # a bug must end this session with a reason, and no other
            _log.exception("the connection to Janus failed unexpectedly")
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        if not self._entered.done():
            self._entered.set_exception(error)
        else:
            self._events.room_failed(str(error))

    async def _keep_trying(self) -> None:
        now = asyncio.get_running_loop().time
        delay = self._config.first_retry_s
        down_since: float | None = None
        while True:
            self._joined_at = None
            try:
                await self._session()
            except (UnavailableError, RefusedError, SdpError) as error:
                if not self._entered.done() or (isinstance(error, RefusedError) and error.code in FINAL):
                    raise SfuError(str(error)) from error
                worked = self._joined_at is not None and now() - self._joined_at > _STABLE_S
                if down_since is None or (worked and not isinstance(error, NoMediaError)):
                    delay, down_since = self._config.first_retry_s, now()
                elif now() - down_since > self._config.give_up_s:
                    raise SfuError(f"Janus did not come back: {error}") from error
                self._tell(RoomState.RECONNECTING, str(error))
            self._lost_sight()
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, hides nothing
            delay = min(delay * 2, self._config.last_retry_s)

    def _tell(self, state: RoomState, reason: str) -> None:
        if state is not self._state:
            self._state = state
            if state is RoomState.RECONNECTING:
                _log.warning("lost Janus: %s", reason)
            self._events.room_state_changed(state, reason)

    async def _session(self) -> None:
        """Have one Janus session until it is lost; raises in any case."""
        config = self._config
        async with JanusConnection(
            config.url,
            api_secret=config.api_secret,
            token=config.token,
            timeout_s=config.timeout_s,
            keepalive_s=config.keepalive_s,
        ) as janus:
            place = PublisherHandle(await janus.attach(PLUGIN))
            if config.create_rooms:
                await place.create(self._room_id, config.room_settings(self._room))
            ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            # Events can overtake the answer on its way to this task; they are taken in order, behind it.
            early: list[PluginReply] = []
            place.handle.on_event = early.append
            joined = await self._join(place)
            place.handle.on_event = lambda reply: self._event(reply, ended)
            self._publication = PublicationLeg(
                place, self._make_peer, self._published, self._events, config.bitrate_bps
            )
            self._subscription = SubscriptionLeg(
                lambda: janus.attach(PLUGIN), self._room_id, joined.private_id, self._make_peer, self._bind
            )
            try:
                self._back(joined)
                for reply in early:
                    self._event(reply, ended)
                await first_to_end(
                    self._publication.run(),
                    self._subscription.run(),
                    raise_when(janus.lost, UnavailableError),
                    raise_when(ended, SfuError),
                )
            finally:
                self._publication = self._subscription = None

    async def _join(self, place: PublisherHandle) -> Joined:
        pin = self._config.room_pin(self._room)
        try:
            return await place.join(self._room_id, self._own_id, self._participant.name, pin)
        except RefusedError as error:
            if error.code != Refusal.PARTICIPANT_EXISTS:
                raise
            # Janus has not noticed yet that our last session is gone; do not wait for it.
            self._own_id = self._new_id()
            return await place.join(self._room_id, self._own_id, self._participant.name, pin)

    def _back(self, joined: Joined) -> None:
        self._roster.joined(joined)
        self._follow()
        if not self._entered.done():
            self._entered.set_result(None)
        elif self._prune is None:
            self._prune = asyncio.get_running_loop().call_later(self._config.rejoin_grace_s, self._drop_absent)
        self._joined_at = asyncio.get_running_loop().time()
        self._tell(RoomState.CONNECTED, "")

    def _drop_absent(self) -> None:
        self._prune = None
        self._roster.drop_absent()

    def _lost_sight(self) -> None:
        if self._prune is not None:
            self._prune.cancel()
            self._prune = None
        self._roster.suspect_all()
        for remote in self._remotes.values():
            remote.source.attach(None)

    def _event(self, reply: PluginReply, ended: asyncio.Future[str]) -> None:
        event = room_event(reply)
        if event.videoroom == "destroyed" or (event.reason == "kicked" and event.leaving == "ok"):
            if not ended.done():
                ended.set_result("the room was closed" if event.videoroom == "destroyed" else "removed from the room")
            return
        self._roster.event(event)
        self._follow()

    def _follow(self) -> None:
        if self._subscription is not None:
            self._subscription.set_wanted(self._roster.streams)

    def _bind(self, receivers: Mapping[Stream, RtpReceiver]) -> None:
        streams = self._roster.streams
        for stream, remote in self._remotes.items():
            remote.source.attach(receivers.get(stream))
        for stream, receiver in receivers.items():
            if stream in streams and stream not in self._remotes:
                remote = self._remotes[stream] = JanusRemoteTrack(
                    self._next_track_id(), streams[stream], self._tell_wanted
                )
                remote.source.attach(receiver)
                self._events.track_added(remote)
        self._tell_wanted()

    def _tell_wanted(self) -> None:
        if self._subscription is not None:
            self._subscription.set_resting(
                {stream for stream, remote in self._remotes.items() if not remote.source.is_wanted}
            )

    def _next_track_id(self) -> int:
        used = {remote.track.track_id for remote in self._remotes.values()}
        return next(track_id for track_id in self._track_ids if track_id not in used)

    def _publication_changed(self) -> None:
        if self._publication is not None:
            self._publication.changed()

    def _new_id(self) -> Id:
        return secrets.randbits(52) if self._config.id_kind == "number" else f"p-{secrets.token_hex(8)}"
