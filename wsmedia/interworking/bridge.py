"""One tunnelled participant: a session on one side, a place in a room on the other.

The bridge is the session's event handler and the room's ``RoomEvents``. It is the same for every adapter.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from wsmedia.auth import Grant
from wsmedia.clock import Clock
from wsmedia.errors import CloseCode, SfuError
from wsmedia.interworking.downlink import Downlink
from wsmedia.interworking.uplink import Uplink
from wsmedia.limits import CallLater
from wsmedia.media import Participant
from wsmedia.ports import Adapter, RemoteTrack, RoomConnection, RoomState
from wsmedia.session import Closed, ControlReceived, Event, FrameReceived, KeyframeNeeded, PathEstimateChanged, Session
from wsmedia.wire import (
    ControlMessage,
    KnownControl,
    Mute,
    ParticipantDescription,
    ParticipantJoined,
    ParticipantLeft,
    Pause,
    Publish,
    RoomStateChanged,
    TargetBitrate,
    Unpublish,
)

_MAX_REASON = 512  # PROTOCOL.md §3.3 carries no longer ones

logger = logging.getLogger(__name__)


class Bridge:
    """Joins ``session`` and a room.

    Args:
        session: of the participant; the gateway's end.
        participant: as the room will see them.
        grant: what their token allows.
        clock, call_later: time.
        wake: makes the pump look at the session.
    """

    def __init__(
        self,
        session: Session,
        participant: Participant,
        grant: Grant,
        *,
        clock: Clock,
        call_later: CallLater,
        wake: Callable[[], None],
    ) -> None:
        self.participant = participant
        self._session = session
        self._grant = grant
        self._clock = clock
        self._wake = wake
        self._uplink = Uplink(self._send, clock, call_later)
        self._downlink = Downlink(session, self._send, clock, wake)

    async def run(self, adapter: Adapter, room: str, ended: asyncio.Future[Closed]) -> None:
        """Enter the room, stay until ``ended`` is done, leave. A room that cannot be entered closes the session."""
        self.room_state_changed(RoomState.CONNECTING, "")
        joining = asyncio.create_task(_join(adapter, room, self))
        try:
            await asyncio.wait((joining, ended), return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                self._uplink.open(joining.result())
                self._wake()
                await asyncio.wait((ended,))
        except SfuError as error:
            self.room_failed(str(error))
        except Exception:
            logger.exception("Entering a room failed")
            self._close(CloseCode.INTERNAL_ERROR, "The gateway failed to enter the room.")
        finally:
            self._uplink.close()
            self._downlink.close()
            await _leave(joining)

    def handle_event(self, event: Event) -> None:
        """Act on one event of the session."""
        if isinstance(event, FrameReceived):
            self._uplink.send_frame(event.track_id, event.frame)
        elif isinstance(event, ControlReceived):
            self._handle_control(event.message)
        elif isinstance(event, KeyframeNeeded):
            self._downlink.request_keyframe(event.track_id)
        elif isinstance(event, PathEstimateChanged):
            self._downlink.set_path_capacity(event.bitrate_bps)

    def participant_joined(self, participant: Participant) -> None:
        """Tell the client."""
        self._send(ParticipantJoined(ParticipantDescription.of(participant)))

    def participant_left(self, participant_id: str) -> None:
        """Tell the client."""
        self._send(ParticipantLeft(participant_id))

    def track_added(self, remote: RemoteTrack) -> None:
        """Subscribe, where the token allows it."""
        if self._grant.subscribe:
            self._downlink.add(remote)

    def track_removed(self, remote: RemoteTrack) -> None:
        """Unsubscribe and tell the client."""
        self._downlink.remove(remote)

    def track_muted(self, remote: RemoteTrack, muted: bool) -> None:
        """Tell the client."""
        self._downlink.set_muted(remote, muted)

    def publish_rejected(self, track_id: int, reason: str) -> None:
        """Tell the client and drop the track's frames."""
        self._uplink.reject(track_id, reason[:_MAX_REASON])

    def keyframe_requested(self, track_id: int) -> None:
        """Ask the client, coalesced."""
        self._uplink.request_keyframe(track_id)

    def target_bitrate_changed(self, track_id: int, bitrate_bps: int) -> None:
        """Tell the client, as often as it matters."""
        self._uplink.set_target_bitrate(track_id, bitrate_bps)

    def room_state_changed(self, state: RoomState, reason: str) -> None:
        """Tell the client."""
        self._send(RoomStateChanged(state.value, reason[:_MAX_REASON]))

    def room_failed(self, reason: str) -> None:
        """Close the session and tell the client why."""
        logger.warning("A session ends because of the SFU: %s", reason)
        self._close(CloseCode.SFU_FAILED, reason)

    def _handle_control(self, message: ControlMessage) -> None:
        if isinstance(message, Publish):
            if self._grant.publish:
                self._uplink.publish(message.track.to_track())
            else:
                self._uplink.reject(message.track.track_id, "The token does not allow publishing.")
        elif isinstance(message, Unpublish):
            self._uplink.unpublish(message.track_id)
        elif isinstance(message, Mute):
            self._uplink.set_muted(message.track_id, message.muted)
        elif isinstance(message, TargetBitrate):
            self._downlink.limit(message.track_id, message.bitrate_bps)
        elif isinstance(message, Pause):
            self._downlink.pause(message.track_id, message.paused)

    def _send(self, message: KnownControl) -> None:
        self._session.send_control(message, self._clock.monotonic())
        self._wake()

    def _close(self, code: CloseCode, detail: str) -> None:
        self._session.close(code, detail, self._clock.monotonic())
        self._wake()


async def _join(adapter: Adapter, room: str, bridge: Bridge) -> RoomConnection:
    return await adapter.join(room, bridge.participant, bridge)


async def _leave(joining: asyncio.Task[RoomConnection]) -> None:
    """Leave a room that was entered, or give up entering it."""
    if not joining.done():
        joining.cancel()
    try:
        connection = await joining
    except (Exception, asyncio.CancelledError):
        return
    await connection.leave()
