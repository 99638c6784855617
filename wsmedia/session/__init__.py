"""The tunnel session engine, without I/O (PROTOCOL.md)."""

from wsmedia.session.congestion import PathStatistics
from wsmedia.session.events import (
    AllLanesLost,
    Closed,
    ControlReceived,
    Established,
    Event,
    FrameReceived,
    KeyframeNeeded,
    LaneLost,
    LanesWantedChanged,
    PathEstimateChanged,
    Resumed,
)
from wsmedia.session.handshake import Role, WelcomeInfo
from wsmedia.session.lane import LaneFigures
from wsmedia.session.lane_count import MAX_LANES
from wsmedia.session.limits import SessionLimits
from wsmedia.session.registry import Attachment, SessionRegistry
from wsmedia.session.session import Session

__all__ = [
    "MAX_LANES",
    "AllLanesLost",
    "Attachment",
    "Closed",
    "ControlReceived",
    "Established",
    "Event",
    "FrameReceived",
    "KeyframeNeeded",
    "LaneFigures",
    "LaneLost",
    "LanesWantedChanged",
    "PathEstimateChanged",
    "PathStatistics",
    "Resumed",
    "Role",
    "Session",
    "SessionLimits",
    "SessionRegistry",
    "WelcomeInfo",
]
