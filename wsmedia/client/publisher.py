"""Publishes a file in a room: connects a ``FilePlayer``'s tracks with a ``Client``'s."""

from __future__ import annotations

from functools import partial

from wsmedia.client.client import Client
from wsmedia.client.media_inspection import FileInfo
from wsmedia.client.player import FilePlayer
from wsmedia.media import Codec, MediaKind, TrackSource


class FilePublisher:
    """A file's tracks in a room, for as long as the file plays.

    Args:
        client: connected.
        info: from ``inspect``.
        loop: begin again at the end, for ever.
        video_bitrate_bps: most that transcoded video uses; None chooses by its size.
    """

    def __init__(
        self, client: Client, info: FileInfo, *, loop: bool = False, video_bitrate_bps: int | None = None
    ) -> None:
        self.local_tracks = {
            track: client.publish(
                Codec.H264 if track.kind is MediaKind.VIDEO else Codec.OPUS,
                TrackSource.CAMERA if track.kind is MediaKind.VIDEO else TrackSource.MICROPHONE,
            )
            for track in info.tracks
        }
        self.player = FilePlayer(info, self.local_tracks, loop=loop, video_bitrate_bps=video_bitrate_bps)
        for track, local in self.local_tracks.items():
            local.on_keyframe_request = partial(self.player.request_keyframe, track)
            local.on_target_bitrate = partial(self.player.set_target_bitrate, track)

    async def run(self) -> None:
        """Play to the end; with ``loop``, until cancelled. Ends the tracks in the room.

        Raises:
            MediaFileError: the file holds no frame that can be played.
        """
        try:
            await self.player.play()
        finally:
            for local in self.local_tracks.values():
                local.unpublish()
