"""Native WebRTC participants of the embedded SFU: WHIP publishes (RFC 9725), WHEP subscribes to one participant.

A native publisher enters the room exactly as a tunnelled one does. Both kinds end themselves when their peer is gone;
``NativePeer.end`` ends them from outside. Negotiation happens here, HTTP in ``app/native.py``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from wsmedia import sdp
from wsmedia.adapters.embedded.adapter import EmbeddedAdapter, EmbeddedConnection
from wsmedia.errors import SfuError
from wsmedia.media import EncodedFrame, MediaKind, Participant, Track, TrackSource
from wsmedia.peer import PeerConnection, PeerState, RtpReceiver, RtpSender
from wsmedia.ports import FrameSink, RemoteTrack, RoomState
from wsmedia.sfu import Room

_SOURCES = {MediaKind.AUDIO: TrackSource.MICROPHONE, MediaKind.VIDEO: TrackSource.CAMERA}
_MAX_SECTIONS = 16
_STRAGGLERS = 0.5  # seconds that packets may be under way after the word, by HTTP, that no more follow

logger = logging.getLogger(__name__)


class NativePeer:
    """What publishers and subscribers share: a peer connection that ends once, and ``RoomEvents`` that do nothing.

    Args:
        peer: new.
        on_ended: called once, when the peer is gone or ``end`` has been called.
    """

    def __init__(self, peer: PeerConnection, on_ended: Callable[[], None]) -> None:
        self.peer = peer
        self._on_ended = on_ended
        self._ended = False

    @property
    def has_ended(self) -> bool:
        """Whether it is over, or about to be."""
        return self._ended

    async def answer(self, offer: str) -> str:
        """Take the peer's offer.

        Returns:
            The answer.
        Raises:
            SdpError: the offer cannot be understood.
            PeerError: there is no usable address.
        """
        self.peer.on_state = self._state_changed
        return await self.peer.accept_offer(offer)

    def end(self) -> None:
        """Leave the room at once and tell the owner, who closes the peer; safe to call twice."""
        if not self._ended:
            self._ended = True
            self._leave()
            self._on_ended()

    def _leave(self) -> None:
        raise NotImplementedError

    def _state_changed(self, state: PeerState) -> None:
        if state in (PeerState.FAILED, PeerState.CLOSED):
            self.end()

    def participant_joined(self, participant: Participant) -> None:
        """Native peers learn of the room over HTTP."""

    def participant_left(self, participant_id: str) -> None:
        """Native peers learn of the room over HTTP."""

    def track_added(self, remote: RemoteTrack) -> None:
        """Native peers learn of the room over HTTP."""

    def track_removed(self, remote: RemoteTrack) -> None:
        """Native peers learn of the room over HTTP."""

    def track_muted(self, remote: RemoteTrack, muted: bool) -> None:
        """Native peers learn of the room over HTTP."""

    def publish_rejected(self, track_id: int, reason: str) -> None:
        """The embedded SFU takes every track."""

    def keyframe_requested(self, track_id: int) -> None:
        """Only publishers are asked."""

    def target_bitrate_changed(self, track_id: int, bitrate_bps: int) -> None:
        """Only publishers are told."""

    def room_state_changed(self, state: RoomState, reason: str) -> None:
        """The embedded SFU is always there."""

    def room_failed(self, reason: str) -> None:
        """The embedded SFU is always there."""


class NativePublisher(NativePeer):
    """A native participant who publishes.

    Args:
        adapter: the embedded SFU.
        room: the room to enter.
        participant: as the room sees them.
        peer, on_ended: see ``NativePeer``.
        screen: the ``mid`` of the section that carries a screen instead of a camera, if there is one.
    Raises:
        SfuError: the room is full.
    """

    def __init__(
        self,
        adapter: EmbeddedAdapter,
        room: str,
        participant: Participant,
        peer: PeerConnection,
        on_ended: Callable[[], None],
        *,
        screen: str | None = None,
    ) -> None:
        super().__init__(peer, on_ended)
        self.participant = participant
        self._screen = screen
        self._published: dict[int, tuple[RtpReceiver, FrameSink]] = {}
        self._awaited: dict[RtpReceiver, _FirstFrame] = {}
        self._muted: set[TrackSource] = set()
        self._last_track_id = -1
        self._connection: EmbeddedConnection = adapter.join_now(room, participant, self)
        peer.on_receiver = self._receiver_added
        peer.on_receiver_removed = self._receiver_removed

    def keyframe_requested(self, track_id: int) -> None:
        """Ask the peer."""
        if track_id in self._published:
            self._published[track_id][0].request_keyframe()

    def target_bitrate_changed(self, track_id: int, bitrate_bps: int) -> None:
        """Tell the peer, by REMB."""
        if track_id in self._published:
            receiver, sink = self._published[track_id]
            receiver.set_capacity(sink, bitrate_bps)

    def publish(self, receiver: RtpReceiver) -> FrameSink:
        """Announce what a receiver brings; its following frames go to the room."""
        self._last_track_id += 1
        source = self._source(receiver)
        self._awaited.pop(receiver, None)
        track = Track(self._last_track_id, receiver.codec, source, source in self._muted)
        sink = self._connection.publish(track)
        self._published[track.track_id] = (receiver, sink)
        receiver.add_sink(sink)
        return sink

    def set_muted(self, source: TrackSource, muted: bool) -> None:
        """Tell the room that the user muted or unmuted; one that is muted before its first frame is announced so."""
        (self._muted.add if muted else self._muted.discard)(source)
        for track_id, (receiver, _) in self._published.items():
            if self._source(receiver) is source:
                self._connection.set_muted(track_id, muted)
        for receiver, first_frame in list(self._awaited.items()):
            if muted and self._source(receiver) is source:
                receiver.remove_sink(first_frame)
                self.publish(receiver)

    def end_source(self, source: TrackSource) -> None:
        """The user does not publish it any more; frames that come after the stragglers announce it anew."""
        self._muted.discard(source)
        for track_id, (receiver, _) in list(self._published.items()):
            if self._source(receiver) is source:
                self._unpublish(track_id)
                asyncio.get_running_loop().call_later(_STRAGGLERS, self._await_frame, receiver)

    def _await_frame(self, receiver: RtpReceiver) -> None:
        if not self.has_ended and receiver in self.peer.receivers and receiver not in self._awaited:
            self._receiver_added(receiver)

    def _source(self, receiver: RtpReceiver) -> TrackSource:
        is_screen = receiver.kind is MediaKind.VIDEO and receiver.mid == self._screen
        return TrackSource.SCREEN if is_screen else _SOURCES[receiver.kind]

    def _receiver_added(self, receiver: RtpReceiver) -> None:
        self._awaited[receiver] = _FirstFrame(self, receiver)
        receiver.add_sink(self._awaited[receiver])

    def _receiver_removed(self, removed: RtpReceiver) -> None:
        self._awaited.pop(removed, None)
        for track_id, (receiver, _) in list(self._published.items()):
            if receiver is removed:
                self._unpublish(track_id)

    def _unpublish(self, track_id: int) -> None:
        receiver, sink = self._published.pop(track_id)
        receiver.remove_sink(sink)
        self._connection.unpublish(track_id)

    def _leave(self) -> None:
        for track_id in list(self._published):
            self._unpublish(track_id)
        self._connection.leave_now()


class _FirstFrame:
    """Waits for a section's first frame: an offer has sections for devices that the user may not have."""

    def __init__(self, publisher: NativePublisher, receiver: RtpReceiver) -> None:
        self._publisher = publisher
        self._receiver = receiver

    def send_frame(self, frame: EncodedFrame) -> None:
        self._receiver.remove_sink(self)
        if self._publisher.has_ended:  # the peer's last packets may come while it is being closed
            return
        self._publisher.publish(self._receiver).send_frame(frame)


class NativeSubscriber(NativePeer):
    """A native peer that receives one participant's tracks, those that they publish later included.

    A section of the offer is filled by the participant's tracks of its kind, in the order of publishing, if it offers
    to take their codec; a track that no free section takes is left out.

    Args:
        adapter: the embedded SFU.
        room: where the participant is.
        participant_id: whose tracks.
        peer, on_ended: see ``NativePeer``.
    Raises:
        SfuError: nobody of that id is in the room.
    """

    def __init__(
        self,
        adapter: EmbeddedAdapter,
        room: str,
        participant_id: str,
        peer: PeerConnection,
        on_ended: Callable[[], None],
    ) -> None:
        super().__init__(peer, on_ended)
        found = adapter.find_room(room)
        if found is None or all(one.participant_id != participant_id for one in found.participants):
            raise SfuError("This participant is not in the room.")
        self._adapter = adapter
        self._room: Room = found
        self._participant_id = participant_id
        self._bound: dict[RtpSender, RemoteTrack | None] = {}

    async def answer(self, offer: str) -> str:
        """Take the peer's offer to receive; see ``NativePeer.answer``."""
        for section in sdp.parse(offer).media[:_MAX_SECTIONS]:
            encoding = next((one for one in sdp.encodings(sdp.usable_formats(section)) if one.fragmentable), None)
            if encoding is not None:
                # Which of the codecs it will be is seen when a track is there.
                self._add_sender(Track(len(self._bound), encoding.codec, _SOURCES[encoding.codec.kind]))
        answer = await super().answer(offer)
        if not self.has_ended:
            self._room.watch(self)
            if all(one.participant_id != self._participant_id for one in self._room.participants):
                self.end()  # they left while we were at it
        return answer

    def participant_left(self, participant_id: str) -> None:
        """The end, if it was ours."""
        if participant_id == self._participant_id:
            self.end()

    def track_added(self, remote: RemoteTrack) -> None:
        """Send it, if it is theirs and a section of its kind is free."""
        if remote.participant_id != self._participant_id:
            return
        codec = remote.track.codec
        for sender, bound in self._bound.items():
            if bound is None and sender.can_carry(codec):
                self._bound[sender] = remote
                sender.carry(codec)
                remote.source.add_sink(sender)
                return
        logger.info("a native subscriber has no section for another %s track", codec.value)

    def track_removed(self, remote: RemoteTrack) -> None:
        """Free its section, for another of their tracks if there is one."""
        for sender, bound in self._bound.items():
            if bound is remote:
                remote.source.remove_sink(sender)
                self._bound[sender] = None
                self._fill_free_sections(but=remote)
                return

    def _fill_free_sections(self, but: RemoteTrack) -> None:
        taken = list(self._bound.values())
        for remote in self._room.tracks_of(self._participant_id):
            if remote is not but and all(remote is not one for one in taken):
                self.track_added(remote)

    def _add_sender(self, track: Track) -> None:
        sender = self.peer.add_sender(track, stream_id=self._participant_id)

        def request_keyframe() -> None:
            remote = self._bound[sender]
            if remote is not None:
                remote.source.request_keyframe()

        def set_capacity(bitrate_bps: int) -> None:
            remote = self._bound[sender]
            if remote is not None:
                remote.source.set_capacity(sender, bitrate_bps)

        self._bound[sender] = None
        sender.on_keyframe_request = request_keyframe
        sender.on_target_bitrate = set_capacity

    def _leave(self) -> None:
        for sender, remote in self._bound.items():
            if remote is not None:
                remote.source.remove_sink(sender)
                self._bound[sender] = None
        self._adapter.unwatch(self._room, self)
