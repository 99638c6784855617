"""One subscriber's PeerConnection with Janus, kept in step with the streams that are wanted.

Janus makes the offers here: in answer to our ``join`` and ``update`` and of its own accord, as when a publisher leaves.
One task does one thing at a time, answering before asking, so that the two sides' wishes cannot cross.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from wsmedia import sdp
from wsmedia.adapters.janus.errors import NoMediaError, Refusal, RefusedError, UnavailableError
from wsmedia.adapters.janus.parallel import to_the_end
from wsmedia.adapters.janus.reports import adapt as adapt_reports
from wsmedia.adapters.janus.signaling import Handle, PluginReply
from wsmedia.adapters.janus.videoroom import Id, Stream, SubscriberHandle, Subscription, subscription_event
from wsmedia.peer import PeerConnection, PeerState, RtpReceiver

_log = logging.getLogger(__name__)

_FIRST_RETRY_S = 0.05
_LAST_RETRY_S = 2.0


class SubscriptionLeg:
    """What we receive, for as long as one Janus session lasts.

    Args:
        attach: makes a plugin handle; called when there is something to subscribe to.
        room: Janus' room id.
        private_id: ours, from entering the room.
        make_peer: makes the PeerConnection.
        on_receivers: called after every negotiation with who receives which stream.
    """

    def __init__(
        self,
        attach: Callable[[], Awaitable[Handle]],
        room: Id,
        private_id: int | None,
        make_peer: Callable[[], PeerConnection],
        on_receivers: Callable[[Mapping[Stream, RtpReceiver]], None],
    ) -> None:
        self._attach = attach
        self._room = room
        self._private_id = private_id
        self._make_peer = make_peer
        self._on_receivers = on_receivers
        self._handle: SubscriberHandle | None = None
        self._peer: PeerConnection | None = None
        self._receivers: dict[str, RtpReceiver] = {}
        self._wanted: set[Stream] = set()
        self._held: dict[str, Stream] = {}
        self._resting: set[Stream] = set()
        # What Janus was told to hold back or let flow, and of which stream: a section may get another.
        self._flowing: dict[str, tuple[Stream, bool]] = {}
        self._asking = False
        self._asked: set[Stream] = set()
        self._dropped: set[str] = set()
        self._delays: dict[Stream, float] = {}
        self._waiting: dict[Stream, asyncio.TimerHandle] = {}
        self._offer: str | None = None
        self._connected = False
        self._failure: UnavailableError | None = None
        self._wake = asyncio.Event()

    def set_wanted(self, streams: Iterable[Stream]) -> None:
        """From now on receive exactly these."""
        self._wanted = set(streams)
        for stream in self._waiting.keys() - self._wanted:
            self._waiting.pop(stream).cancel()
        for stream in self._delays.keys() - self._wanted:
            del self._delays[stream]
        self._bind()
        self._wake.set()

    def set_resting(self, streams: Iterable[Stream]) -> None:
        """Stay subscribed to these, but let Janus hold their media back until they rest no more."""
        self._resting = set(streams)
        self._wake.set()

    async def run(self) -> None:
        """Negotiate until cancelled.

        Raises:
            UnavailableError: Janus or the way to it failed.
            RefusedError: Janus refuses what it should not.
        """
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while await self._step():
                    pass
        finally:
            for timer in self._waiting.values():
                timer.cancel()
            self._waiting.clear()
            if self._peer is not None:
                await to_the_end(self._peer.close())

    async def _step(self) -> bool:
        """Do the most urgent thing; False when there is nothing left to do."""
        if self._failure is not None:
            raise self._failure
        if self._offer is not None:
            await self._answer(self._offer)
            return True
        add = self._wanted - set(self._held.values()) - self._asked - self._waiting.keys()
        drop = {mid for mid, stream in self._held.items() if stream not in self._wanted} - self._dropped
        if add or drop:
            await self._ask(add, drop)
            return True
        return await self._steer()

    async def _steer(self) -> bool:
        """Tell Janus which sections are to flow, where that has changed."""
        wanted = {mid: (stream, stream not in self._resting) for mid, stream in self._held.items()}
        changed = {mid: flow for mid, flow in wanted.items() if self._flowing.get(mid, (flow[0], True)) != flow}
        if not changed or self._handle is None:
            return False
        self._flowing |= changed
        try:
            await self._handle.set_flowing({mid: flows for mid, (_, flows) in changed.items()})
        except RefusedError as error:
            # A section may have gone meanwhile. Media that flows unwanted costs something, but breaks nothing.
            _log.info("Janus does not hold back or let flow what it was asked to: %s", error)
        return True

    async def _ask(self, add: set[Stream], drop: set[str]) -> None:
        self._asked |= add
        self._dropped |= drop
        self._asking = True
        subscription: Subscription | None = None
        try:
            if self._handle is None:
                subscription = await self._join(add)
            else:
                subscription = await self._handle.update(sorted(add, key=str), sorted(drop))
        except RefusedError as error:
            self._asked -= add
            self._dropped -= drop
            if error.code != Refusal.NO_SUCH_FEED or not add:
                raise
        finally:
            self._asking = False
        if subscription is not None:
            self._take(subscription)
            return
        # One of them has said that it publishes, but its media is not up yet, or it has just left: Janus refuses the
        # whole request. Ask for each alone, so that one does not hold up the others.
        if len(add) == 1:
            self._postpone(add.pop())
        else:
            for stream in sorted(add, key=str):
                await self._ask({stream}, set())

    async def _join(self, streams: set[Stream]) -> Subscription:
        handle = SubscriberHandle(await self._attach())
        handle.handle.on_event = self._event
        handle.handle.on_hangup = self._hung_up
        try:
            subscription = await handle.join(self._room, self._private_id, sorted(streams, key=str))
        except RefusedError:
            await handle.handle.detach()
            raise
        self._handle = handle
        return subscription

    def _event(self, reply: PluginReply) -> None:
        if "streams" in reply.data or reply.sdp is not None:
            self._take(subscription_event(reply))

    def _take(self, subscription: Subscription) -> None:
        if subscription.streams is not None:
            self._held = {
                listed.mid: (listed.feed_id, listed.feed_mid)
                for listed in subscription.streams
                if listed.active and listed.feed_id is not None and listed.feed_mid is not None
            }
        if subscription.offer is not None:
            self._offer = subscription.offer
        held = set(self._held.values())
        for stream in held:
            self._delays.pop(stream, None)
        # A listing that crosses our request does not know of it, and one that is announced is still to come.
        if not (self._asking or subscription.pending):
            for stream in (self._asked & self._wanted) - held:
                self._postpone(stream)  # its owner has switched it off meanwhile
            self._asked.clear()
            if subscription.streams is not None:
                self._dropped.clear()
        self._wake.set()

    async def _answer(self, offer: str) -> None:
        if self._handle is None:  # answered on arrival: an offer implies a handle
            raise UnavailableError("Janus offered what was not asked for")
        if self._peer is None:
            self._peer = self._make_peer()
            adapt_reports(self._peer, time.monotonic)
            self._peer.on_receiver = self._receiver_added
            self._peer.on_receiver_removed = self._receiver_removed
            self._peer.on_state = self._state_changed
        self._offer = None
        answer = await self._peer.accept_offer(_labelled(offer, self._held))
        self._bind()
        await self._handle.start(answer)

    def _bind(self) -> None:
        self._on_receivers(
            {stream: self._receivers[mid] for mid, stream in self._held.items() if mid in self._receivers}
        )

    def _receiver_added(self, receiver: RtpReceiver) -> None:
        self._receivers[receiver.mid] = receiver

    def _receiver_removed(self, receiver: RtpReceiver) -> None:
        if self._receivers.get(receiver.mid) is receiver:
            del self._receivers[receiver.mid]

    def _state_changed(self, state: PeerState) -> None:
        if state is PeerState.CONNECTED:
            self._connected = True
        elif state is PeerState.FAILED:
            kind = UnavailableError if self._connected else NoMediaError
            self._fail(kind("media from Janus does not reach the gateway"))

    def _hung_up(self, reason: str) -> None:
        self._fail(UnavailableError(f"Janus stopped sending media: {reason}"))

    def _fail(self, failure: UnavailableError) -> None:
        self._failure = self._failure or failure
        self._wake.set()

    def _postpone(self, stream: Stream) -> None:
        delay = self._delays.get(stream, _FIRST_RETRY_S)
        self._delays[stream] = min(delay * 2, _LAST_RETRY_S)

        def again() -> None:
            self._waiting.pop(stream, None)
            self._wake.set()

        with contextlib.suppress(KeyError):
            self._waiting[stream].cancel()
        self._waiting[stream] = asyncio.get_running_loop().call_later(delay, again)


def _labelled(offer: str, held: Mapping[str, Stream]) -> str:
    """The offer with every section labelled by its participant.

    Janus calls all streams of a subscription ``janus``, as if one participant sent them on one clock; the peer
    connection keeps a clock per label, and takes a new label for a new track.
    """
    description = sdp.parse(offer)
    for section in description.media:
        stream = held.get(section.mid)
        if stream is not None and section.msid is not None:
            section.msid = sdp.Msid(str(stream[0]), f"{stream[0]}-{stream[1]}")
    return sdp.write(description)
