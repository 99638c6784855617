"""The embedded SFU's rooms: frames in, frames out, no RTP and no I/O."""

from wsmedia.sfu.room import MAX_PLACES, Membership, Room
from wsmedia.sfu.track import MIN_VIDEO_TARGET_BPS, RoomTrack

__all__ = ["MAX_PLACES", "MIN_VIDEO_TARGET_BPS", "Membership", "Room", "RoomTrack"]
