"""Typed calls of Janus' VideoRoom plugin: a publisher's handle, which is one's place in the room, and a subscriber's.

Requests and events are those of Janus 1.x with several streams per PeerConnection. Nothing here keeps state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from wsmedia.adapters.janus.errors import Refusal, RefusedError, UnavailableError
from wsmedia.adapters.janus.signaling import Handle, PluginReply

_T = TypeVar("_T")

PLUGIN = "janus.plugin.videoroom"

Id = int | str
"""A room's or participant's id: a number, or a string if the plugin is configured with ``string_ids``."""


class PublishedStream(msgspec.Struct, frozen=True):
    """One m-section of a publisher, as the room is told of it; ``mid`` is that of the publisher's description."""

    type: str
    mid: str
    codec: str | None = None
    description: str | None = None
    disabled: bool = False
    moderated: bool = False


class Publisher(msgspec.Struct, frozen=True):
    """Somebody who publishes. ``dummy`` ones are Janus' own place-holders."""

    id: Id
    display: str | None = None
    streams: list[PublishedStream] = []
    dummy: bool = False


class Attendee(msgspec.Struct, frozen=True):
    """Somebody in the room who may not publish; told only by rooms with ``notify_joining``."""

    id: Id
    display: str | None = None


class Joined(msgspec.Struct, frozen=True):
    """The answer to entering a room: our id there, a secret one for our subscriptions, and who is there."""

    id: Id
    private_id: int | None = None
    publishers: list[Publisher] = []
    attendees: list[Attendee] = []


class RoomEvent(msgspec.Struct, frozen=True):
    """Something that happened in the room; the members that are set say what.

    ``id`` with ``display`` is a new name, ``id`` with ``mid`` and ``moderation`` a mute by a moderator.
    """

    videoroom: str = ""
    publishers: list[Publisher] = []
    joining: Attendee | None = None
    leaving: Id | None = None
    unpublished: Id | None = None
    kicked: Id | None = None
    reason: str | None = None
    id: Id | None = None
    display: str | None = None
    mid: str | None = None
    moderation: str | None = None


class SubscribedStream(msgspec.Struct, frozen=True):
    """One m-section of our subscription: whose stream flows there; none if it is not ``active``."""

    mid: str
    type: str = ""
    active: bool = False
    feed_id: Id | None = None
    feed_mid: str | None = None


class Subscription(msgspec.Struct, frozen=True):
    """Janus' view of our subscription: its m-sections, if it tells them, and an offer, if there is one to answer.

    ``pending``: Janus will come back to what was asked once its last offer is answered.
    """

    streams: list[SubscribedStream] | None = None
    offer: str | None = None
    pending: bool = False


Stream = tuple[Id, str]
"""Whose stream and its mid there."""


def room_event(reply: PluginReply) -> RoomEvent:
    """Read an event of a publisher's handle.

    Raises:
        UnavailableError: it is not what the API says.
    """
    return _convert(reply.data, RoomEvent)


def subscription_event(reply: PluginReply) -> Subscription:
    """Read an event of, or an answer to, a subscriber's handle.

    Raises:
        UnavailableError: as ``room_event``.
    """
    streams = _convert(reply.data, _Streams).streams if "streams" in reply.data else None
    return Subscription(streams, reply.sdp, pending=reply.data.get("videoroom") == "updating")


class PublisherHandle:
    """One's place in a room: enter, publish, hear of the others. ``handle`` carries the events."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    async def create(self, room: Id, settings: Mapping[str, Any]) -> None:
        """Create a room that Janus forgets when it ends; a room that exists already is left as it is."""
        try:
            await self.handle.send({"request": "create", "room": room, "permanent": False, **settings})
        except RefusedError as error:
            if error.code != Refusal.ROOM_EXISTS:
                raise

    async def exists(self, room: Id) -> bool:
        """Whether Janus knows the room."""
        return bool((await self.handle.send({"request": "exists", "room": room})).data.get("exists"))

    async def join(self, room: Id, participant: Id, display: str, pin: str | None) -> Joined:
        """Enter under an id of our choice.

        Raises:
            RefusedError: no such room, wrong PIN, or the id is taken (``Refusal.PARTICIPANT_EXISTS``).
        """
        body: dict[str, Any] = {
            "request": "join",
            "ptype": "publisher",
            "room": room,
            "id": participant,
            "display": display,
        }
        if pin is not None:
            body["pin"] = pin
        return _convert((await self.handle.send(body)).data, Joined)

    async def publish(
        self, offer: str, descriptions: Mapping[str, str], *, first: bool, bitrate_bps: int | None
    ) -> str:
        """Negotiate what we send.

        Args:
            offer: SDP of all our tracks.
            descriptions: a text for the others, by mid.
            first: nothing was published on this handle so far; else the offer renegotiates.
            bitrate_bps: what Janus' REMB shall allow us at most; None for the room's own.
        Returns:
            Janus' answer.
        """
        body: dict[str, Any] = {"request": "publish" if first else "configure", "descriptions": _texts(descriptions)}
        if bitrate_bps is not None:
            body["bitrate"] = bitrate_bps
        reply = await self.handle.send(body, offer=offer)
        if reply.sdp is None:
            raise UnavailableError("Janus did not answer the offer")
        return reply.sdp

    async def describe(self, descriptions: Mapping[str, str]) -> None:
        """Change the texts of streams; Janus tells the others."""
        await self.handle.send({"request": "configure", "descriptions": _texts(descriptions)})

    async def unpublish(self) -> None:
        """Stop publishing and stay in the room."""
        await self.handle.send({"request": "unpublish"})


class SubscriberHandle:
    """A subscription to any number of streams over one PeerConnection; ``handle`` carries Janus' own offers."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    async def join(self, room: Id, private_id: int | None, streams: Iterable[Stream]) -> Subscription:
        """Subscribe for the first time; at least one stream.

        Raises:
            RefusedError: ``Refusal.NO_SUCH_FEED`` if one of the publishers is not there (yet).
        """
        body: dict[str, Any] = {"request": "join", "ptype": "subscriber", "room": room, "streams": _feeds(streams)}
        if private_id is not None:
            body["private_id"] = private_id
        return subscription_event(await self.handle.send(body))

    async def update(self, subscribe: Iterable[Stream], unsubscribe: Iterable[str]) -> Subscription:
        """Add streams, and drop m-sections of ours by mid. No offer in the answer: one follows as an event, or none
        is needed.

        Raises:
            RefusedError: as ``join``.
        """
        body: dict[str, Any] = {"request": "update"}
        if feeds := _feeds(subscribe):
            body["subscribe"] = feeds
        if dropped := [{"sub_mid": mid} for mid in unsubscribe]:
            body["unsubscribe"] = dropped
        return subscription_event(await self.handle.send(body))

    async def set_flowing(self, flowing: Mapping[str, bool]) -> None:
        """Let Janus send, or hold back, m-sections of ours by mid; there is nothing to negotiate. It asks the publisher
        for a keyframe itself where it begins again."""
        await self.handle.send(
            {"request": "configure", "streams": [{"mid": mid, "send": send} for mid, send in flowing.items()]}
        )

    async def start(self, answer: str) -> None:
        """Answer the offer; media flows."""
        await self.handle.send({"request": "start"}, answer=answer)


class _Streams(msgspec.Struct):
    streams: list[SubscribedStream] = []


def _feeds(streams: Iterable[Stream]) -> list[dict[str, Any]]:
    return [{"feed": feed, "mid": mid} for feed, mid in streams]


def _texts(descriptions: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"mid": mid, "description": text} for mid, text in descriptions.items()]


def _convert(data: Mapping[str, Any], type_: type[_T]) -> _T:
    try:
        return msgspec.convert(data, type_)
    except msgspec.ValidationError as error:
        raise UnavailableError(f"Janus' VideoRoom speaks differently than expected: {error}") from error
