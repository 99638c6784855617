"""The messages whose bodies are JSON: HELLO, WELCOME, CLOSE (PROTOCOL.md §3.1, §3.2, §3.7).

The field types are the specification's bounds; msgspec checks them while it decodes, so that an object which exists is
valid. Made and read by the session engine and by the registry; ``codec`` turns them into bytes and back.
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

PROTOCOL_VERSION = 1
"""The version that this implementation speaks."""

LaneId = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
TrackId = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
SequenceNumber = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
Opaque = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
"""An identifier or a short self-description: never parsed, only compared or shown."""

_ROOM = r"^[A-Za-z0-9._~-]{1,64}\Z"
_KEY = r"^[0-9a-fA-F]{32,64}\Z"
_HANDOVER = r"^[0-9a-f]{32}\Z"
_SESSION_ID = re.compile(r"[0-9a-f]{32}")
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_MAX_NAME_LENGTH = 64


def is_session_id(text: str) -> bool:
    """Whether ``text``, from a URL's path, is a session id: 32 lower-case hexadecimal digits (PROTOCOL.md §2.1)."""
    return _SESSION_ID.fullmatch(text) is not None


def is_handover(text: str) -> bool:
    """Whether ``text`` is a participant's handover secret: 32 lower-case hexadecimal digits (PROTOCOL.md §3.1)."""
    return re.fullmatch(_HANDOVER, text) is not None


class Capabilities(msgspec.Struct, frozen=True):
    """The codecs that a client can decode, by kind; names that we do not know are kept and ignored."""

    audio: tuple[str, ...] = ()
    video: tuple[str, ...] = ()


class Hello(msgspec.Struct, frozen=True, omit_defaults=False):
    """The first message on every lane, from the client (PROTOCOL.md §3.1).

    ``name`` is trimmed when the object is made. ``token`` is None when the client has none, ``handover`` when it is the
    only connection of its participant.

    Raises:
        ValueError: the name is empty or too long after trimming, or holds control characters.
    """

    lane_id: LaneId
    key: Annotated[str, msgspec.Meta(pattern=_KEY)]
    room: Annotated[str, msgspec.Meta(pattern=_ROOM)]
    name: str
    lane_kind: Opaque = "websocket"
    resume: bool = False
    token: str | None = None
    handover: Annotated[str, msgspec.Meta(pattern=_HANDOVER)] | None = None
    control_received: SequenceNumber = 0
    client: Opaque = "wsmedia"
    capabilities: Capabilities = Capabilities()
    version: int = PROTOCOL_VERSION

    def __post_init__(self) -> None:
        name = self.name.strip()
        if not 1 <= len(name) <= _MAX_NAME_LENGTH or _CONTROL_CHARACTERS.search(name):
            raise ValueError("name must have 1 to 64 characters, none of them a control character")
        msgspec.structs.force_setattr(self, "name", name)


class WelcomeLimits(msgspec.Struct, frozen=True):
    """What the gateway accepts on the uplink, and how many lanes at once; exceeding it ends the session."""

    max_message_bytes: Annotated[int, msgspec.Meta(ge=1)]
    max_frame_bytes: Annotated[int, msgspec.Meta(ge=1)]
    max_tracks: Annotated[int, msgspec.Meta(ge=0)]
    max_bytes_per_second: Annotated[int, msgspec.Meta(ge=1)]
    max_messages_per_second: Annotated[int, msgspec.Meta(ge=1)]
    max_lanes: Annotated[int, msgspec.Meta(ge=1)] = 32


class Welcome(msgspec.Struct, frozen=True):
    """The gateway's answer to HELLO, first on its side of the lane (PROTOCOL.md §3.2)."""

    lane_id: LaneId
    resumed: bool
    participant_id: Opaque
    limits: WelcomeLimits
    control_received: SequenceNumber = 0
    resume_window_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] = 30_000
    idle_timeout_ms: Annotated[int, msgspec.Meta(ge=1, le=3_600_000)] = 15_000
    server: Opaque = "wsmedia"
    version: int = PROTOCOL_VERSION


class Close(msgspec.Struct, frozen=True):
    """The end of the session (PROTOCOL.md §3.7).

    ``code`` is a ``CloseCode`` or, from a newer peer, another number; ``reason`` its word; ``detail`` a sentence for
    people.
    """

    code: Annotated[int, msgspec.Meta(ge=4000, le=4999)]
    reason: Annotated[str, msgspec.Meta(max_length=512)] = ""
    detail: Annotated[str, msgspec.Meta(max_length=512)] = ""
