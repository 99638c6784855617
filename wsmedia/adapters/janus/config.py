"""What an operator tells about a Janus server, and how the gateway's room names become Janus' room ids."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class JanusConfig:
    """How to reach and use one Janus.

    Attributes:
        url: its WebSocket transport, ``ws://host:8188`` or ``wss://…``.
        api_secret: the core's ``api_secret``, if it has one.
        token: a token of the core's token authentication, if that is on.
        id_kind: ``number``, or ``string`` if the VideoRoom plugin is configured with ``string_ids``.
        rooms: Janus room ids by room name, for rooms whose id does not follow from their name (see ``room_id``).
        pin: the PIN of every room that has none of its own in ``pins``.
        pins: PINs by room name.
        create_rooms: create a room that does not exist, for H.264 and Opus, with ``pin`` and ``bitrate_bps``.
        admin_key: the plugin's ``admin_key``, if creating rooms needs one.
        max_publishers: how many may publish in a room that we create.
        bitrate_bps: what a participant of ours may send at most; None leaves it to the room.
        timeout_s: how long Janus may take to answer.
        keepalive_s: how often to say that we live; Janus forgets a session that is silent for 60 s.
        first_retry_s, last_retry_s: after Janus is lost, the first wait before trying again, and the longest.
        give_up_s: how long to try before the room counts as failed.
        rejoin_grace_s: after a return, how long those whom Janus no longer knows are kept: they return as well.
    """

    url: str
    api_secret: str | None = None
    token: str | None = None
    id_kind: Literal["number", "string"] = "number"
    rooms: Mapping[str, int | str] = field(default_factory=dict)
    pin: str | None = None
    pins: Mapping[str, str] = field(default_factory=dict)
    create_rooms: bool = False
    admin_key: str | None = None
    max_publishers: int = 16
    bitrate_bps: int | None = None
    timeout_s: float = 10.0
    keepalive_s: float = 25.0
    first_retry_s: float = 0.25
    last_retry_s: float = 8.0
    give_up_s: float = 120.0
    rejoin_grace_s: float = 5.0

    def room_id(self, room: str) -> int | str:
        """The Janus room that a room name stands for.

        The table ``rooms`` first. Else, with string ids, the name itself; with numbers, a name of up to 15 digits is
        its number, and any other the first 52 bits of its SHA-256: stable everywhere, and exact in JavaScript.
        """
        if room in self.rooms:
            return self.rooms[room]
        if self.id_kind == "string":
            return room
        if room.isascii() and room.isdigit() and len(room) <= 15:
            return int(room)
        return int.from_bytes(hashlib.sha256(room.encode()).digest()[:7]) >> 4

    def room_pin(self, room: str) -> str | None:
        """The PIN to enter a room with, if there is one."""
        return self.pins.get(room, self.pin)

    def room_settings(self, room: str) -> dict[str, Any]:
        """What to create a room with, as members of the VideoRoom's ``create`` request."""
        settings: dict[str, Any] = {
            "description": room,
            "publishers": self.max_publishers,
            "audiocodec": "opus",
            "videocodec": "h264",
            "notify_joining": True,
            "is_private": True,
            "bitrate": self.bitrate_bps,
            "admin_key": self.admin_key,
            "pin": self.room_pin(room),
        }
        return {name: value for name, value in settings.items() if value is not None}
