"""Everything that leaves: CONTROL, frames, what is in flight, and how much may be. The session's sending half."""

from __future__ import annotations

from collections.abc import Mapping

from wsmedia.media import EncodedFrame
from wsmedia.session.congestion import CongestionController, PathStatistics
from wsmedia.session.control_channel import ControlSender
from wsmedia.session.events import Event, KeyframeNeeded, PathEstimateChanged
from wsmedia.session.lane import NOT_VIDEO, Lane
from wsmedia.session.scheduler import Scheduler
from wsmedia.wire import Ack, KnownControl, Ping, Publish, PublishRejected, TrackAdded, TrackRemoved, Unpublish, encode


class Outgoing:
    """The sending half of a session; it puts its events into the session's list.

    ``max_frame_bytes`` is what the far end accepts: a larger frame would end the session, so it is dropped.
    """

    def __init__(self, max_frame_bytes: int, events: list[Event]) -> None:
        self.max_frame_bytes = max_frame_bytes
        self.congestion = CongestionController()
        self.control = ControlSender()
        self.scheduler = Scheduler()
        self._events = events
        self._in_flight_bytes = 0
        self._has_lane = False

    def next_message(self, lane: Lane, now: float, ping_after: float) -> bytes | None:
        """The next message that ACK will report, in order of urgency: PONG, CONTROL, audio, video, PING.

        Args:
            lane: the lane that can carry it.
            now: monotonic seconds.
            ping_after: seconds of silence of ours after which a PING is due.
        """
        video_track_id = NOT_VIDEO
        data: bytes | None
        if lane.pongs:
            data = encode(lane.pongs.popleft())
        else:
            data = self.control.next_message(lane.lane_id)
            if data is None:
                frame = self._next_frame(lane, now)
                if frame is not None:
                    data, video_track_id = frame
                elif now >= lane.last_sent_at + ping_after:
                    data = encode(Ping(int(now * 1e6)))
        if data is not None:
            lane.sent(len(data), now, video_track_id)
            self._in_flight_bytes += len(data)
        return data

    def _next_frame(self, lane: Lane, now: float) -> tuple[bytes, int] | None:
        """Audio is not held back by the window: it is small, and its delay is heard."""
        if self.scheduler.is_empty:
            return None
        self.scheduler.drop_stale(now)
        with_video = self.scheduler.has_video and self.congestion.allows_video(self._in_flight_bytes)
        if lane.is_stalled(self.congestion.round_trip or 0.0, now):
            return None
        return self.scheduler.pop(now, with_video=with_video)

    def send_control(self, message: KnownControl) -> None:
        """Queue a CONTROL, and begin or end the track that it announces.

        Raises:
            RemoteProtocolError: too many wait; ``overloaded``.
        """
        match message:
            case Publish(track) | TrackAdded(_, track):
                self.scheduler.add_track(track.track_id, track.kind)
            case Unpublish(track_id) | TrackRemoved(track_id):
                self.scheduler.remove_track(track_id)
            case _:
                pass
        self.control.send(message)

    def take_control(self, message: object) -> None:
        """See what a received CONTROL means for what we send."""
        if isinstance(message, PublishRejected):
            self.scheduler.remove_track(message.track_id)

    def pause(self, track_id: int, paused: bool, now: float) -> None:
        """The far end does not want frames of our track, or wants them again; video then goes on with a keyframe."""
        self.scheduler.pause(track_id, paused)
        if not paused:
            self.tell_keyframe_needs(now)

    def send_frame(self, track_id: int, frame: EncodedFrame, now: float) -> None:
        """Queue a frame; without a lane, too large, or of an unknown track, it is dropped."""
        if not self._has_lane:
            return
        if len(frame.data) > self.max_frame_bytes:
            self.scheduler.lost(track_id)
        else:
            self.scheduler.push(track_id, frame, now)
        if self._path_is_open and self.scheduler.takes_keyframe_need(track_id, now):
            self._events.append(KeyframeNeeded(track_id))

    def keyframe_requested(self, track_id: int, now: float) -> None:
        """The far end needs a keyframe of our track."""
        self.scheduler.request_keyframe(track_id)
        self.tell_keyframe_needs(now)

    def tell_keyframe_needs(self, now: float) -> None:
        """Ask the encoders for the keyframes that are needed, once those can leave."""
        if self._path_is_open:
            self._events += map(KeyframeNeeded, self.scheduler.keyframe_needs(now))

    @property
    def _path_is_open(self) -> bool:
        return self._has_lane and self._in_flight_bytes < self.congestion.limit

    def take_ack(self, ack: Ack, lanes: Mapping[int, Lane], now: float) -> None:
        """Learn what has arrived; lanes that are gone are skipped.

        Raises:
            RemoteProtocolError: something is acknowledged that was never sent.
        """
        self.control.acknowledge(ack.control_received)
        sent_at = ack.sent_at_us / 1e6
        for receipt in ack.lanes:
            lane = lanes.get(receipt.lane_id)
            if lane is None:
                continue
            octets, last = lane.acknowledge(receipt.messages_received)
            if last is None:
                continue
            self._in_flight_bytes -= octets
            held = receipt.held_us / 1e6
            self.congestion.acknowledged(
                octets=octets,
                delay=sent_at - held - last.sent_at,
                round_trip=now - last.sent_at - held,
                at=sent_at,
                now=now,
            )
        self.tell_keyframe_needs(now)
        changed = self.congestion.take_change()
        if changed is not None:
            self._events.append(PathEstimateChanged(changed))

    def lane_opened(self) -> None:
        """There is a lane to send on."""
        self._has_lane = True

    def lane_lost(self, lane: Lane, *, is_last: bool) -> None:
        """Send its CONTROL again, give its frames up; without any lane drop what waits."""
        self._in_flight_bytes -= lane.in_flight_bytes
        self.control.lane_lost(lane.lane_id)
        for track_id in {sent.video_track_id for sent in lane.in_flight} - {NOT_VIDEO}:
            self.scheduler.lost(track_id)
        if is_last:
            self._has_lane = False
            self.scheduler.clear()
            self.congestion.path_changed()

    def end(self) -> None:
        """Keep nothing: the session is over."""
        self._has_lane = False
        self._in_flight_bytes = 0
        self.scheduler = Scheduler()
        self.control = ControlSender()

    def path(self, now: float) -> PathStatistics:
        """Figures of the path at ``now``."""
        return PathStatistics(
            bitrate_bps=self.congestion.bitrate_bps,
            delivered_bps=self.congestion.delivered.bps,
            round_trip=self.congestion.round_trip,
            queueing_delay=self.congestion.delay.newest,
            in_flight_bytes=self._in_flight_bytes,
            window_bytes=self.congestion.limit,
            backlog=self.scheduler.backlog(now),
            frames_dropped=self.scheduler.dropped,
        )
