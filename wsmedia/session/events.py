"""What a session tells its owner; ``Session.events_received`` hands these out in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from wsmedia.media import EncodedFrame
from wsmedia.wire import ControlMessage


@dataclass(frozen=True, slots=True)
class Established:
    """The first lane is up: WELCOME was queued (gateway) or received (client). Comes once.

    ``resumed`` is true on a client whose first WELCOME was lost on the way.
    """

    resumed: bool


@dataclass(frozen=True, slots=True)
class ControlReceived:
    """A CONTROL for the application, in order and once. ``keyframe_request`` and unknown types do not come here."""

    message: ControlMessage


@dataclass(slots=True)
class FrameReceived:
    """A frame of an announced track; video is decodable if everything delivered before it was decoded."""

    track_id: int
    frame: EncodedFrame


@dataclass(frozen=True, slots=True)
class KeyframeNeeded:
    """The encoder of our outgoing track should make a keyframe now: the far end asked, or we dropped frames."""

    track_id: int


@dataclass(frozen=True, slots=True)
class PathEstimateChanged:
    """What the path can carry moved noticeably; all outgoing tracks together should stay below ``bitrate_bps``."""

    bitrate_bps: int


@dataclass(frozen=True, slots=True)
class LaneLost:
    """The engine gave up on a lane (idle too long, replaced by a resume): its owner closes the carrier.

    Not sent for lanes that their owner reported lost, nor when the session closes.
    """

    lane_id: int


@dataclass(frozen=True, slots=True)
class AllLanesLost:
    """No lane is left; the resume window runs. A client opens a new lane, a gateway waits."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A new lane is up after ``AllLanesLost``; unacknowledged CONTROL goes out again by itself."""


@dataclass(frozen=True, slots=True)
class LanesWantedChanged:
    """Client: ``count`` lanes should be open from now on (``Session.lanes_wanted``)."""

    count: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The session is over; the last event. ``next_message`` may still give a CLOSE for each lane.

    ``code`` is a ``CloseCode`` or, from a newer peer, another number of 4000 … 4999; ``detail`` is a sentence for
    people.
    """

    code: int
    reason: str
    by_remote: bool
    detail: str = ""


Event: TypeAlias = (
    Established
    | ControlReceived
    | FrameReceived
    | KeyframeNeeded
    | PathEstimateChanged
    | LaneLost
    | AllLanesLost
    | Resumed
    | LanesWantedChanged
    | Closed
)
