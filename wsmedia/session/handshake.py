"""Who a session is and how a lane begins: roles, HELLO and WELCOME (PROTOCOL.md §3.1, §3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from msgspec.structs import replace

from wsmedia.session.limits import SessionLimits
from wsmedia.wire import Hello, Welcome


class Role(Enum):
    """Which end of the tunnel a session is."""

    CLIENT = "client"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class WelcomeInfo:
    """What the gateway's application puts into WELCOME; the engine fills in the rest."""

    participant_id: str
    server: str = "wsmedia"


def hello_for_lane(template: Hello, *, lane_id: int, kind: str, key: str, resume: bool, control_received: int) -> Hello:
    """The HELLO of one lane: who we are, from ``template``, and what is the lane's own."""
    return replace(template, lane_id=lane_id, lane_kind=kind, key=key, resume=resume, control_received=control_received)


def welcome_for_lane(
    info: WelcomeInfo, limits: SessionLimits, *, lane_id: int, resumed: bool, control_received: int
) -> Welcome:
    """The WELCOME of one lane."""
    return Welcome(
        lane_id,
        resumed,
        info.participant_id,
        limits.welcome,
        control_received,
        round(limits.resume_window * 1000),
        round(limits.idle_timeout * 1000),
        info.server,
    )


def limits_from_welcome(limits: SessionLimits, welcome: Welcome) -> SessionLimits:
    """The client's limits after WELCOME: the gateway's timers, our own bounds on what it sends us."""
    return SessionLimits(
        max_message_bytes=limits.max_message_bytes,
        max_frame_bytes=limits.max_frame_bytes,
        max_lanes=limits.max_lanes,
        resume_window=welcome.resume_window_ms / 1000,
        idle_timeout=welcome.idle_timeout_ms / 1000,
    )
