"""Everything that arrives for the application: frames, CONTROL, and the keyframe requests that gaps cause."""

from __future__ import annotations

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.media import MediaKind
from wsmedia.session.assembly import IncomingBlocks
from wsmedia.session.continuity import IncomingTracks
from wsmedia.session.control_channel import ControlReceiver
from wsmedia.session.early_frames import EarlyFrames
from wsmedia.session.events import ControlReceived, Event, FrameReceived
from wsmedia.session.handshake import Role
from wsmedia.session.outgoing import Outgoing
from wsmedia.wire import (
    DOWNLINK_ONLY,
    UPLINK_ONLY,
    AudioMessage,
    Control,
    ControlMessage,
    Fragment,
    KeyframeRequest,
    KnownControl,
    LanesWanted,
    Pause,
    Publish,
    PublishRejected,
    TrackAdded,
    TrackRemoved,
    UnknownControl,
    Unpublish,
    VideoMessage,
    WireLimits,
    decode,
)


class Incoming:
    """The receiving half of a session; it puts its events into the session's list and its requests into ``outgoing``.

    Args:
        role: which CONTROL types are for us.
        max_tracks: how many tracks the far end may announce at once, None for any number.
        wire_limits: on what fragments make.
        outgoing: carries our keyframe requests.
        events: the session's list.
    """

    def __init__(
        self, role: Role, max_tracks: int | None, wire_limits: WireLimits, outgoing: Outgoing, events: list[Event]
    ) -> None:
        self.tracks = IncomingTracks()
        self.wire_limits = wire_limits
        self.lanes_wanted = 1
        """How many lanes the gateway would like."""
        self._early = EarlyFrames()
        self._blocks = IncomingBlocks()
        self._control = ControlReceiver()
        self._not_for_us = UPLINK_ONLY if role is Role.CLIENT else DOWNLINK_ONLY
        self._max_tracks = max_tracks
        self._outgoing = outgoing
        self._events = events

    @property
    def control_received(self) -> int:
        """The highest CONTROL number below which nothing is missing."""
        return self._control.received

    @property
    def fragments_late(self) -> int:
        """Fragments that came when nobody needed them any more, so far."""
        return self._blocks.fragments_late

    def receive_frame(self, message: AudioMessage | VideoMessage, now: float, *, patient: bool) -> None:
        """Deliver a frame and what waited for it, let it wait, or drop it; and ask for the keyframes that are wanted.

        ``patient``: what is missing may still come on another lane.
        """
        if message.track_id not in self.tracks:
            self._early.keep(message, now)
            return
        for ready in self.tracks.accept(message, now, patient=patient):
            self._events.append(FrameReceived(ready.track_id, ready.frame))
        self.send_keyframe_requests(now)

    def receive_fragment(self, fragment: Fragment) -> AudioMessage | VideoMessage | None:
        """Keep a fragment; gives the message that it completes.

        Raises:
            RemoteProtocolError: it contradicts others, or what they make is neither VIDEO nor AUDIO.
        """
        data = self._blocks.receive(fragment)
        if data is None:
            return None
        message = decode(data, self.wire_limits)
        if not isinstance(message, AudioMessage | VideoMessage):
            raise RemoteProtocolError("fragments of something else than VIDEO or AUDIO")
        return message

    def deliver_due(self, now: float, *, patient: bool) -> None:
        """Deliver what has waited long enough for frames in front of it; forget what has waited for its track."""
        self._early.forget(now)
        for ready in self.tracks.due(now, patient=patient):
            self._events.append(FrameReceived(ready.track_id, ready.frame))

    def receive_control(self, control: Control, now: float, *, patient: bool) -> None:
        """Deliver CONTROL in order, and behind a track's announcement what came of it before.

        Raises:
            RemoteProtocolError: wrong direction, too far ahead, or too many tracks.
        """
        for message in self._control.receive(control):
            self._take(message, now)
            match message:
                case Publish(track) | TrackAdded(_, track):
                    for early in self._early.take(track.track_id, now):
                        self.receive_frame(early, now, patient=patient)
                case _:
                    pass

    def _take(self, message: ControlMessage, now: float) -> None:
        if isinstance(message, self._not_for_us):
            raise RemoteProtocolError(f"{type(message).__name__} in the wrong direction")
        match message:
            case UnknownControl():
                return
            case KeyframeRequest(track_id):
                self._outgoing.keyframe_requested(track_id, now)
                return
            case Publish(track) | TrackAdded(_, track):
                self._announce(track.track_id, track.kind)
            case Unpublish(track_id) | TrackRemoved(track_id):
                self.tracks.remove(track_id)
            case LanesWanted(wanted):
                self.lanes_wanted = wanted
                return
            case Pause(track_id, paused):
                # Told first: whoever resumes a source has to do so before a keyframe is asked of it.
                self._events.append(ControlReceived(message))
                self._outgoing.pause(track_id, paused, now)
                return
            case _:
                self._outgoing.take_control(message)
        self._events.append(ControlReceived(message))

    def _announce(self, track_id: int, kind: MediaKind) -> None:
        is_new = track_id not in self.tracks
        if is_new and self._max_tracks is not None and len(self.tracks) >= self._max_tracks:
            raise RemoteProtocolError("too many tracks", CloseCode.RATE_LIMITED)
        self.tracks.add(track_id, kind)

    def sending_control(self, message: KnownControl) -> None:
        """See what a CONTROL of ours means for what we receive."""
        if isinstance(message, PublishRejected):
            self.tracks.remove(message.track_id)

    def want_keyframe(self, track_id: int, now: float) -> None:
        """The application needs a keyframe: ask now, or as soon as the interval since the last request is over."""
        self.tracks.want_keyframe(track_id)
        self.send_keyframe_requests(now)

    def send_keyframe_requests(self, now: float) -> None:
        """Send what is due.

        Raises:
            RemoteProtocolError: too many CONTROL messages wait; ``overloaded``.
        """
        for track_id in self.tracks.requests_due(now):
            self._outgoing.send_control(KeyframeRequest(track_id))
