"""What we send to Janus: one PeerConnection for all our tracks, renegotiated as they come and go.

One task negotiates, one thing at a time: whatever changes meanwhile is part of the next round.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from wsmedia import sdp
from wsmedia.adapters.janus.errors import NoMediaError, RefusedError, UnavailableError
from wsmedia.adapters.janus.parallel import to_the_end
from wsmedia.adapters.janus.roster import describe
from wsmedia.adapters.janus.videoroom import PublisherHandle
from wsmedia.errors import SdpError
from wsmedia.media import EncodedFrame, Track
from wsmedia.peer import PeerConnection, PeerState, RtpSender
from wsmedia.ports import RoomEvents

_HANGUP_DEADLINE_S = 2.0


class PublishedTrack:
    """A track of ours; implements ``FrameSink``. It outlives the senders that carry it one after another.

    Attributes:
        track: as announced, with its mute state of now.
        sender: what carries it now; frames are dropped while there is none.
        rejected: this room does not take it.
    """

    def __init__(self, track: Track) -> None:
        self.track = track
        self.sender: RtpSender | None = None
        self.rejected = False

    def send_frame(self, frame: EncodedFrame) -> None:
        """See ``FrameSink.send_frame``."""
        if self.sender is not None:
            self.sender.send_frame(frame)

    def set_muted(self, muted: bool) -> None:
        """Remember the mute state."""
        self.track = replace(self.track, muted=muted)


class PublicationLeg:
    """What we publish, for as long as one Janus session lasts.

    Args:
        handle: our place in the room.
        make_peer: makes the PeerConnection.
        tracks: our tracks by id; its owner changes it and calls ``changed``.
        events: hears of rejections, keyframe requests and target bitrates.
        bitrate_bps: the cap to ask Janus for; None for the room's own.
    """

    def __init__(
        self,
        handle: PublisherHandle,
        make_peer: Callable[[], PeerConnection],
        tracks: Mapping[int, PublishedTrack],
        events: RoomEvents,
        bitrate_bps: int | None,
    ) -> None:
        self._handle = handle
        self._make_peer = make_peer
        self._tracks = tracks
        self._events = events
        self._bitrate_bps = bitrate_bps
        self._peer: PeerConnection | None = None
        self._carried: dict[int, PublishedTrack] = {}
        self._mids: dict[int, str] = {}
        self._described: dict[str, str] = {}
        self._hangup_awaited: asyncio.Future[None] | None = None
        self._connected = False
        self._failure: UnavailableError | None = None
        self._wake = asyncio.Event()
        self._wake.set()
        handle.handle.on_hangup = self._hung_up

    def changed(self) -> None:
        """Tracks were added, removed or muted."""
        self._wake.set()

    async def run(self) -> None:
        """Negotiate until cancelled.

        Raises:
            UnavailableError: Janus or the way to it failed.
        """
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._failure is not None:
                    raise self._failure
                await self._follow()
        finally:
            for carried in self._carried.values():
                carried.sender = None
            if self._peer is not None:
                await to_the_end(self._peer.close())

    async def _follow(self) -> None:
        wanted = {track_id: track for track_id, track in self._tracks.items() if not track.rejected}
        if wanted != self._carried:
            if wanted:
                await self._negotiate(wanted)
            else:
                await self._stop()
        descriptions = self._descriptions()
        if self._carried and descriptions != self._described:
            await self._handle.describe(descriptions)
            self._described = descriptions

    async def _negotiate(self, wanted: dict[int, PublishedTrack]) -> None:
        first = self._peer is None
        peer = self._peer = self._peer or self._open()
        for track_id, track in self._carried.items():
            if wanted.get(track_id) is not track and track.sender is not None:
                peer.remove_sender(track.sender)
                track.sender = None
        for track in wanted.values():
            if track.sender is None:
                self._add(peer, track)
        self._carried = wanted
        try:
            offer = await peer.create_offer()
            self._mids = _mids(offer, wanted)
            descriptions = self._descriptions()
            answer = await self._handle.publish(offer, descriptions, first=first, bitrate_bps=self._bitrate_bps)
            await peer.accept_answer(answer)
        except (RefusedError, SdpError) as error:
            # Nothing of this offer is sent, but the participant can stay and watch.
            for track in wanted.values():
                self._reject(track, str(error))
            await self._close_peer()
        else:
            self._described = descriptions

    def _open(self) -> PeerConnection:
        peer = self._make_peer()
        self._connected = False
        peer.on_state = self._state_changed
        return peer

    def _add(self, peer: PeerConnection, track: PublishedTrack) -> None:
        track_id, codec = track.track.track_id, track.track.codec
        sender = track.sender = peer.add_sender(track.track)
        sender.on_keyframe_request = lambda: self._events.keyframe_requested(track_id)
        sender.on_target_bitrate = lambda bitrate_bps: self._events.target_bitrate_changed(track_id, bitrate_bps)
        sender.on_rejected = lambda: self._reject(track, f"the room does not take {codec.value} {codec.kind.value}")

    def _reject(self, track: PublishedTrack, reason: str) -> None:
        track.rejected = True
        track.sender = None
        self._carried = {track_id: kept for track_id, kept in self._carried.items() if kept is not track}
        self._events.publish_rejected(track.track.track_id, reason)

    async def _stop(self) -> None:
        """Give the publisher's place back. Janus tells of this hanging up too: only then may publishing start anew."""
        self._hangup_awaited = asyncio.get_running_loop().create_future()
        try:
            await self._handle.unpublish()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_HANGUP_DEADLINE_S):
                    await self._hangup_awaited
        finally:
            self._hangup_awaited = None
        await self._close_peer()

    async def _close_peer(self) -> None:
        for carried in self._carried.values():
            carried.sender = None
        self._carried = {}
        self._described = {}
        peer, self._peer = self._peer, None
        if peer is not None:
            peer.on_state = lambda _state: None
            await to_the_end(peer.close())

    def _descriptions(self) -> dict[str, str]:
        return {
            self._mids[track_id]: describe(carried.track.source, carried.track.muted)
            for track_id, carried in self._carried.items()
            if track_id in self._mids
        }

    def _state_changed(self, state: PeerState) -> None:
        if state is PeerState.CONNECTED:
            self._connected = True
        elif state is PeerState.FAILED:
            kind = UnavailableError if self._connected else NoMediaError
            self._fail(kind("our media does not reach Janus"))

    def _hung_up(self, reason: str) -> None:
        if self._hangup_awaited is None:
            self._fail(UnavailableError(f"Janus stopped taking our media: {reason}"))
        elif not self._hangup_awaited.done():
            self._hangup_awaited.set_result(None)

    def _fail(self, failure: UnavailableError) -> None:
        self._failure = self._failure or failure
        self._wake.set()


def _mids(offer: str, tracks: Mapping[int, PublishedTrack]) -> dict[int, str]:
    """In which section of our offer each track is sent."""
    mids = {ssrc: section.mid for section in sdp.parse(offer).media for ssrc in section.ssrcs}
    return {
        track_id: mids[track.sender.ssrc]
        for track_id, track in tracks.items()
        if track.sender is not None and track.sender.ssrc in mids
    }
