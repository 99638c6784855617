"""Everything that leaves: CONTROL, frames, what is in flight, and how much may be. The session's sending half."""

from __future__ import annotations

from collections.abc import Mapping

from wsmedia.media import EncodedFrame
from wsmedia.session.acknowledgements import MANY_LANES
from wsmedia.session.blocks import Block, Urgency
from wsmedia.session.congestion import CongestionController, PathStatistics
from wsmedia.session.control_channel import ControlSender
from wsmedia.session.dispatcher import Dispatcher
from wsmedia.session.events import Event, KeyframeNeeded, PathEstimateChanged
from wsmedia.session.lane import BEHIND, Lane, LaneFigures, Sent, best_rank
from wsmedia.session.pacing import Pacer
from wsmedia.session.redundancy import Redundancy
from wsmedia.session.scheduler import Scheduler
from wsmedia.wire import (
    Ack,
    KnownControl,
    Ping,
    Publish,
    PublishRejected,
    TrackAdded,
    TrackRemoved,
    Unpublish,
    encode,
    is_discardable,
    is_keyframe,
)

ALONE = 3_000
"""Octets in flight on a lane, the message itself included, with which any connection's window has room."""


class Outgoing:
    """The sending half of a session; it puts its events into the session's list.

    ``max_frame_bytes`` is what the far end accepts: a larger frame would end the session, so it is dropped.
    ``lanes`` are the session's.
    """

    def __init__(self, max_frame_bytes: int, lanes: Mapping[int, Lane], events: list[Event]) -> None:
        self.max_frame_bytes = max_frame_bytes
        self.congestion = CongestionController()
        self.redundancy = Redundancy()
        self.control = ControlSender()
        self.scheduler = Scheduler()
        self._lanes = lanes
        self._dispatcher = Dispatcher(lanes, self.redundancy)
        self._events = events
        self._pacer = Pacer()
        self._next_block_number = 0
        # When video that is held back for its pace may leave.
        self._next_send_at: float | None = None
        # Whether something has happened since there was nothing to assign, or no lane for it.
        self._may_assign = True

    def next_message(self, lane: Lane, now: float, ping_after: float) -> bytes | None:
        """The next message that ACK will report, in order of urgency: PONG, CONTROL, audio, video, PING.

        Messages for other lanes may get into their outboxes: pull those lanes, too.

        Args:
            lane: the lane that can carry it.
            now: monotonic seconds.
            ping_after: seconds of silence of ours after which a PING is due.
        """
        block: Block | None = None
        if lane.pongs:
            data = encode(lane.pongs.popleft())
        else:
            while self._may_assign and not lane.outbox:
                self._may_assign = self._assign(now)
            if lane.outbox:
                data, block = lane.outbox.popleft()
                self._may_assign = True
            elif now >= lane.last_sent_at + ping_after:
                data = encode(Ping(int(now * 1e6)))
            else:
                return None
        lane.sent(len(data), now, block)
        return data

    def _assign(self, now: float) -> bool:
        """Give the most urgent message to the lane that suits it best; False if there is nothing to give."""
        dispatcher = self._dispatcher
        if dispatcher.assign(Urgency.CONTROL, now):
            return True
        if self.control.is_waiting:
            lane = dispatcher.free_lane(Urgency.CONTROL, now)
            data = None if lane is None else self.control.next_message(lane.lane_id)
            if data is not None:
                dispatcher.send(Block(data, Urgency.CONTROL, now))
                return dispatcher.assign(Urgency.CONTROL, now)
        return self._assign_audio(now) or self._assign_video(now)

    def _assign_audio(self, now: float) -> bool:
        """Audio is not held back by the window: it is small, and its delay is heard."""
        dispatcher = self._dispatcher
        if dispatcher.assign(Urgency.AUDIO, now):
            return True
        if not self.scheduler.has_audio or dispatcher.free_lane(Urgency.AUDIO, now) is None:
            return False
        message = self.scheduler.pop_audio(now)
        if message is None:
            return False
        repeat = len(self._lanes) > 1 and self.redundancy.is_lossy(now)
        dispatcher.send(Block(message, Urgency.AUDIO, now, spare_count=1 if repeat else 0))
        return dispatcher.assign(Urgency.AUDIO, now)

    def _assign_video(self, now: float) -> bool:
        dispatcher = self._dispatcher
        for track_id in dispatcher.drop_stale(now):
            self.scheduler.lost(track_id)
        self.scheduler.drop_stale(now)
        if not (dispatcher.waits(Urgency.VIDEO) or self.scheduler.has_video):
            return False
        if not self.congestion.allows_video(dispatcher.bytes_in_flight):
            return False
        if not self._pacer.allows(self.congestion.bitrate_bps, now):
            self._next_send_at = self._pacer.open_at
            return False
        if not dispatcher.waits(Urgency.VIDEO) and dispatcher.free_lane(Urgency.VIDEO, now) is not None:
            popped = self.scheduler.pop_video(now)
            if popped is not None:
                dispatcher.send(self._video_block(*popped, now))
        size = dispatcher.piece_size(Urgency.VIDEO)
        if not dispatcher.assign(Urgency.VIDEO, now):
            return False
        self._pacer.sent(size)
        return True

    def _video_block(self, message: bytes, track_id: int, now: float) -> Block:
        # Keyframes are few, and so large that hedges for their first pieces leave while the last ones are held back.
        relaxed = is_discardable(message) or is_keyframe(message)
        lanes = len(self._dispatcher.usable_lanes)
        data_count, spare_count = self.redundancy.plan(len(message), lanes, now, relaxed=relaxed)
        number = self._next_block_number
        if data_count > 1:
            self._next_block_number = (number + 1) % (1 << 32)
        return Block(
            message,
            Urgency.VIDEO,
            now,
            number=number,
            data_count=data_count,
            spare_count=spare_count,
            video_track_id=track_id,
        )

    def send_control(self, message: KnownControl) -> None:
        """Queue a CONTROL, and begin or end the track that it announces.

        Raises:
            RemoteProtocolError: too many wait; ``overloaded``.
        """
        self._may_assign = True
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
        self._may_assign = True
        self.scheduler.pause(track_id, paused)
        if not paused:
            self.tell_keyframe_needs(now)

    def send_frame(self, track_id: int, frame: EncodedFrame, now: float) -> None:
        """Queue a frame; without a lane, too large, or of an unknown track, it is dropped."""
        self._may_assign = True
        if not self._lanes:
            return
        if len(frame.data) > self.max_frame_bytes:
            self.scheduler.lost(track_id)
        else:
            self.scheduler.push(track_id, frame, now)
        if self._path_is_open and self.scheduler.takes_keyframe_need(track_id, now):
            self._events.append(KeyframeNeeded(track_id))

    def keyframe_requested(self, track_id: int, now: float) -> None:
        """The far end needs a keyframe of our track."""
        self._may_assign = True
        self.scheduler.request_keyframe(track_id)
        self.tell_keyframe_needs(now)

    def tell_keyframe_needs(self, now: float) -> None:
        """Ask the encoders for the keyframes that are needed, once those can leave."""
        if self._path_is_open:
            self._events += map(KeyframeNeeded, self.scheduler.keyframe_needs(now))

    @property
    def _path_is_open(self) -> bool:
        return bool(self._lanes) and self._dispatcher.bytes_in_flight < self.congestion.limit

    def take_ack(self, ack: Ack, now: float) -> None:
        """Learn what has arrived; lanes that are gone are skipped.

        Raises:
            RemoteProtocolError: something is acknowledged that was never sent.
        """
        self._may_assign = True
        self.control.acknowledge(ack.control_received)
        arrivals = [
            (lane, receipt.held_us / 1e6, acknowledged)
            for receipt in ack.lanes
            if (lane := self._lanes.get(receipt.lane_id)) is not None
            and (acknowledged := lane.acknowledge(receipt.messages_received))
        ]
        if arrivals:
            self._learn(arrivals, ack.sent_at_us / 1e6, now)
            self._dispatcher.hedge(now)
        self.tell_keyframe_needs(now)
        changed = self.congestion.take_change(self._dispatcher.cost)
        if changed is not None:
            self._events.append(PathEstimateChanged(changed))

    def _learn(self, arrivals: list[tuple[Lane, float, list[Sent]]], ack_sent_at: float, now: float) -> None:
        """Take what an ACK reports; of all lanes the one that was quickest tells the delay of the path."""
        dispatcher = self._dispatcher
        overtaking = dispatcher.newest_acknowledged
        # In a queue messages of one lane may pass those of another without any loss.
        queueing = self.congestion.is_queueing
        many = len(self._lanes) >= MANY_LANES
        best = best_rank(self._lanes.values())
        octets = 0
        least: tuple[float, float] | None = None
        for lane, held, acknowledged in arrivals:
            on_time = False
            for sent in acknowledged:
                octets += sent.size
                dispatcher.acknowledged(sent)
                late = lane.is_late(sent, overtaking)
                # What a worse kind of lane brings late says nothing of the network.
                if not queueing and lane.rank == best:
                    self.redundancy.acknowledged(late=late, now=now)
                on_time = not late
                if sent.sent_at >= overtaking - BEHIND:
                    lane.proven_bytes = max(lane.proven_bytes, sent.ahead + sent.size)
            last = acknowledged[-1]
            dispatcher.newest_acknowledged = max(dispatcher.newest_acknowledged, last.sent_at)
            # Behind other data of its lane a message may have waited for that lane's own window.
            if on_time and lane.rank == best and (not many or last.ahead + last.size <= ALONE):
                sample = (ack_sent_at - held - last.sent_at, now - last.sent_at - held)
                least = sample if least is None else min(least, sample)
        if least is None:
            self.congestion.delivered.add(octets, ack_sent_at, now)
            return
        self.congestion.acknowledged(
            octets=octets, delay=least[0], round_trip=least[1], at=ack_sent_at, now=now, many_lanes=many
        )
        dispatcher.round_trip = self.congestion.round_trip or 0.0
        if self.congestion.is_congested:
            self.redundancy.congested(now)

    def next_timeout(self, handled_at: float) -> float | None:
        """When ``handle_timeout`` is due, later than it was last; None: never."""
        hedge_at = self._dispatcher.next_hedge_at(handled_at)
        if self._next_send_at is None or hedge_at is None:
            return self._next_send_at if hedge_at is None else hedge_at
        return min(self._next_send_at, hedge_at)

    def handle_timeout(self, now: float) -> None:
        """Let video go on whose time has come, and repeat what waits for its ACK for too long."""
        self._dispatcher.hedge(now)
        self._may_assign = True
        if self._next_send_at is not None and now >= self._next_send_at:
            self._next_send_at = None

    def lanes_changed(self) -> None:
        """A lane was opened or welcomed."""
        self._may_assign = True

    def lane_lost(self, lane: Lane) -> None:
        """Send its CONTROL again, and its frames if there is another lane; without any drop what waits."""
        self._may_assign = True
        self.control.lane_lost(lane.lane_id)
        for track_id in self._dispatcher.lane_lost(lane):
            self.scheduler.lost(track_id)
        if not self._lanes:
            self.scheduler.clear()
            self.congestion.path_changed()
        elif lane.rank < best_rank(self._lanes.values()):
            # A worse kind has delays of its own, which are no queue.
            self.congestion.path_changed()

    def end(self) -> None:
        """Keep nothing: the session is over."""
        self.scheduler = Scheduler()
        self.control = ControlSender()

    def lane_figures(self, now: float) -> list[LaneFigures]:
        """Figures of each lane at ``now``."""
        newest, round_trip = self._dispatcher.newest_acknowledged, self.congestion.round_trip or 0.0
        return [lane.figures(newest, round_trip, now) for lane in self._lanes.values()]

    @property
    def bitrate_bps(self) -> int:
        """What the path can carry of media, all tracks together: the estimate without what redundancy costs."""
        return int(self.congestion.bitrate_bps / self._dispatcher.cost)

    def path(self, now: float, fragments_late: int) -> PathStatistics:
        """Figures of the path at ``now``, with what the receiving half counts."""
        return PathStatistics(
            bitrate_bps=self.bitrate_bps,
            delivered_bps=self.congestion.delivered.bps,
            round_trip=self.congestion.round_trip,
            queueing_delay=self.congestion.delay.newest,
            in_flight_bytes=self._dispatcher.bytes_in_flight,
            window_bytes=self.congestion.limit,
            backlog=self.scheduler.backlog(now),
            frames_dropped=self.scheduler.dropped,
            fragments_late=fragments_late,
        )
