"""Which frame goes next: the oldest packet of audio, and among videos the frame that has waited longest.

Holds the queues of all outgoing tracks; the session asks it whenever a lane can carry a message.
"""

from __future__ import annotations

from wsmedia.media import EncodedFrame, MediaKind
from wsmedia.session.queues import AudioQueue, VideoQueue


class Scheduler:
    """All outgoing tracks and what waits of them."""

    def __init__(self) -> None:
        self._audio = AudioQueue()
        self._video: dict[int, VideoQueue] = {}
        # The tracks of which something waits, so that a pull does not look at all of them.
        self._ready: dict[int, VideoQueue] = {}
        self._dropped_of_removed = 0

    def add_track(self, track_id: int, kind: MediaKind) -> None:
        """Take frames of this track; one that exists keeps its queue and its numbers."""
        if kind is MediaKind.AUDIO:
            self._audio.add_track(track_id)
        elif track_id not in self._video:
            self._video[track_id] = VideoQueue(track_id)

    def remove_track(self, track_id: int) -> None:
        """Take no more frames of the track and drop what waits; unknown ones are ignored."""
        self._audio.remove_track(track_id)
        queue = self._video.pop(track_id, None)
        if queue is not None:
            self._ready.pop(track_id, None)
            self._dropped_of_removed += queue.dropped + len(queue)

    def push(self, track_id: int, frame: EncodedFrame, now: float) -> None:
        """Queue a frame; of an unknown track it is dropped."""
        queue = self._video.get(track_id)
        if queue is not None:
            queue.push(frame, now)
            if len(queue):
                self._ready[track_id] = queue
        elif track_id in self._audio:
            self._audio.push(track_id, frame, now)

    def pause(self, track_id: int, paused: bool) -> None:
        """Take and keep no frames of the track, or take them again; unknown ones are ignored."""
        self._audio.pause(track_id, paused)
        queue = self._video.get(track_id)
        if queue is not None:
            queue.pause(paused)
            if paused:
                self._ready.pop(track_id, None)

    def drop_stale(self, now: float) -> None:
        """Drop the video that has waited too long; call it before ``pop``, and also when nothing may leave."""
        for queue in list(self._ready.values()):
            queue.drop_stale(now)
            if not len(queue):
                del self._ready[queue.track_id]

    def pop_audio(self, now: float) -> bytes | None:
        """The next packet as a message, or None if none waits that is worth sending."""
        return self._audio.pop(now)

    def pop_video(self, now: float) -> tuple[bytes, int] | None:
        """The next frame as a message and its track, or None if none waits."""
        while self._ready:
            queue = self._video_first() if len(self._ready) > 1 else next(iter(self._ready.values()))
            message = queue.pop(now)
            if not len(queue):
                del self._ready[queue.track_id]
            if message is not None:
                return message, queue.track_id
        return None

    @property
    def has_audio(self) -> bool:
        """Whether a packet of audio waits."""
        return bool(len(self._audio))

    @property
    def has_video(self) -> bool:
        """Whether a video frame waits."""
        return bool(self._ready)

    def lost(self, track_id: int) -> None:
        """A frame of this video track was in flight on a lane that is gone."""
        queue = self._video.get(track_id)
        if queue is not None:
            queue.lost()
            if not len(queue):
                self._ready.pop(track_id, None)

    def clear(self) -> None:
        """Drop all that waits: there is no lane, and what waits now is stale when there is one."""
        self._audio.clear()
        for queue in self._video.values():
            queue.clear()
        self._ready.clear()

    def request_keyframe(self, track_id: int) -> None:
        """The far end needs a keyframe of this track; unknown ones are ignored."""
        queue = self._video.get(track_id)
        if queue is not None:
            queue.request_keyframe()

    def keyframe_needs(self, now: float) -> list[int]:
        """The tracks whose encoders should be asked for a keyframe now; they count as asked."""
        return [track_id for track_id, queue in self._video.items() if queue.take_keyframe_need(now)]

    def takes_keyframe_need(self, track_id: int, now: float) -> bool:
        """``keyframe_needs`` of one track."""
        queue = self._video.get(track_id)
        return queue is not None and queue.take_keyframe_need(now)

    def backlog(self, now: float) -> float:
        """Seconds that the oldest waiting video frame has waited; 0 if none waits."""
        return max((now - queue.since for queue in self._ready.values()), default=0.0)

    @property
    def dropped(self) -> int:
        """Frames dropped here since the session began."""
        return self._dropped_of_removed + self._audio.dropped + sum(queue.dropped for queue in self._video.values())

    def _video_first(self) -> VideoQueue:
        return min(self._ready.values(), key=lambda queue: queue.since)
