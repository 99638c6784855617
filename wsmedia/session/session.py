"""The tunnel session: one object for both roles, without I/O, threads or a clock.

A transport (``transport/pump.py``) owns a ``Session`` and its lanes' carriers. It gives every received message to
``receive_message``, writes what ``next_message`` returns, wakes up at ``next_timeout`` for ``handle_timeout``, and
after each of these calls reads ``events_received``. The application calls ``send_control``, ``send_frame`` and
``close``; the transport then pulls again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from wsmedia.errors import CloseCode
from wsmedia.media import EncodedFrame, MediaKind
from wsmedia.session.events import Event
from wsmedia.session.limits import SessionLimits
from wsmedia.wire import Hello, KnownControl, Welcome


class Role(Enum):
    """Which end of the tunnel a session is."""

    CLIENT = "client"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class WelcomeInfo:
    """What the gateway's application puts into WELCOME; the engine fills in the rest."""

    participant_id: str
    server: str = "wsmedia"


@dataclass(frozen=True, slots=True)
class PathStatistics:
    """How the path is, for logs, charts and tests.

    Attributes:
        bitrate_bps: what the path can carry now, as estimated.
        delivered_bps: what the far end received lately.
        round_trip: smoothed seconds, None before the first acknowledgement.
        queueing_delay: seconds that messages wait on the path beyond the least seen.
        in_flight_bytes: sent and not acknowledged, all lanes.
        window_bytes: how much may be in flight.
        backlog: seconds that the oldest queued video frame has waited; skip a frame before encoding above 0.07.
        frames_dropped: outgoing frames dropped since the session began.
    """

    bitrate_bps: int
    delivered_bps: int
    round_trip: float | None
    queueing_delay: float
    in_flight_bytes: int
    window_bytes: int
    backlog: float
    frames_dropped: int


class Session:
    """One end of a tunnel session (PROTOCOL.md §3, §4, §5).

    Args:
        role: which end this is.
        session_id: 32 lower-case hexadecimal digits.
        key: the session's secret.
        now: monotonic seconds.
        limits: bounds on what the far end sends; None for the defaults. A client enforces only the sizes.
        hello: client only: room, name, token, client and capabilities of every HELLO; ``lane_id``, ``lane_kind``,
            ``key``, ``resume`` and ``control_received`` in it are replaced.
    """

    def __init__(
        self,
        role: Role,
        session_id: str,
        *,
        key: str,
        now: float,
        limits: SessionLimits | None = None,
        hello: Hello | None = None,
    ) -> None:
        self.role = role
        self.session_id = session_id
        self.key = key
        raise NotImplementedError

    @property
    def is_established(self) -> bool:
        """Whether the session ever had a welcomed lane."""
        raise NotImplementedError

    @property
    def is_closed(self) -> bool:
        """Whether ``Closed`` has been told; only CLOSE messages may still leave."""
        raise NotImplementedError

    @property
    def lane_ids(self) -> tuple[int, ...]:
        """The lanes that are open, in the order they came."""
        raise NotImplementedError

    @property
    def welcome(self) -> Welcome | None:
        """The latest WELCOME that was sent or received."""
        raise NotImplementedError

    @property
    def target_bitrate_bps(self) -> int:
        """What the path can carry now, all outgoing tracks together."""
        raise NotImplementedError

    def path(self, now: float) -> PathStatistics:
        """Figures of the path at ``now``."""
        raise NotImplementedError

    def open_lane(self, lane_id: int, kind: str, now: float) -> None:
        """Client: a carrier is open; HELLO is its first message.

        Raises:
            LocalProtocolError: the lane id was used before, or this is a gateway.
        """
        raise NotImplementedError

    def attach_lane(self, lane_id: int, hello: Hello, welcome_info: WelcomeInfo, now: float) -> None:
        """Gateway: a carrier's HELLO belongs here (``SessionRegistry.attach`` said so); WELCOME is its first message.

        A lane id that was used before fails the session with ``malformed``.
        """
        raise NotImplementedError

    def receive_message(self, lane_id: int, data: bytes, now: float) -> None:
        """Take one message from a lane, HELLO excepted. Bytes that break the protocol close the session.

        Messages of lanes that are unknown or lost, and those that come after the end, are ignored.
        """
        raise NotImplementedError

    def lane_lost(self, lane_id: int, now: float) -> None:
        """The carrier is gone, for whatever reason; unknown lanes are ignored."""
        raise NotImplementedError

    def next_message(self, lane_id: int, now: float) -> bytes | None:
        """The next message to write on a lane, or None if there is none or the path's window is full.

        Call it until it says None, after any other call; write at once what it gives, for it counts as sent.
        """
        raise NotImplementedError

    def handle_timeout(self, now: float) -> None:
        """Do what is due; call it at ``next_timeout`` or later, too early does no harm."""
        raise NotImplementedError

    def next_timeout(self) -> float | None:
        """When ``handle_timeout`` (and then ``next_message``) has to be called, in monotonic seconds; None: never."""
        raise NotImplementedError

    def events_received(self) -> list[Event]:
        """What happened since the last call."""
        raise NotImplementedError

    def send_control(self, message: KnownControl, now: float) -> None:
        """Queue a CONTROL: delivered in order and once while the session lives, resumes included.

        ``publish`` and ``track_added`` add the track to the outgoing ones, ``unpublish`` and ``track_removed`` end it;
        ``publish_rejected`` ends an incoming one. After the end it does nothing.
        """
        raise NotImplementedError

    def send_frame(self, track_id: int, frame: EncodedFrame, now: float) -> None:
        """Queue a frame in decode order. It may be dropped (PROTOCOL.md §5): no lane, a slow path, an unknown track."""
        raise NotImplementedError

    def close(self, code: CloseCode, detail: str, now: float) -> None:
        """End the session: everything queued is dropped, each lane gets one CLOSE. ``detail`` is a
        sentence for people on both sides, at most 512 characters."""
        raise NotImplementedError

    def add_outgoing_track(self, track_id: int, kind: MediaKind) -> None:
        """Take frames of this track; done by ``send_control`` for the messages that announce tracks."""
        raise NotImplementedError

    def remove_outgoing_track(self, track_id: int) -> None:
        """Drop the track's queued frames and take no more; unknown ones are ignored."""
        raise NotImplementedError

    def add_incoming_track(self, track_id: int, kind: MediaKind) -> None:
        """Deliver frames of this track; done when ``publish`` or ``track_added`` arrives."""
        raise NotImplementedError

    def remove_incoming_track(self, track_id: int) -> None:
        """Deliver no more frames of the track; unknown ones are ignored."""
        raise NotImplementedError
