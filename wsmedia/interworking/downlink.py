"""Gateway → browser: everybody else's tracks, from the room into the session."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from wsmedia.clock import Clock
from wsmedia.interworking.rate import video_share
from wsmedia.media import EncodedFrame, MediaKind
from wsmedia.ports import RemoteTrack
from wsmedia.session import Session
from wsmedia.wire import KnownControl, TrackAdded, TrackDescription, TrackMuted, TrackRemoved

_TRACK_IDS = 65536


class DownlinkTrack:
    """One remote track on its way to the client: the sink that its source feeds."""

    __slots__ = ("_clock", "_session", "_wake", "limit_bps", "paused", "remote", "track_id")

    def __init__(
        self, track_id: int, remote: RemoteTrack, session: Session, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self.track_id = track_id
        self.remote = remote
        self.limit_bps: int | None = None
        """What the client wants of the track at most."""
        self.paused = False
        """Whether the client does not want it at all for now."""
        self._session = session
        self._clock = clock
        self._wake = wake

    def send_frame(self, frame: EncodedFrame) -> None:
        """Queue the frame in the session and let the pump write it at once."""
        self._session.send_frame(self.track_id, frame, self._clock.monotonic())
        self._wake()


class Downlink:
    """Subscribes to every track that the room offers and tells their sources what the tunnel can carry.

    Args:
        session: where frames go.
        send: queues a CONTROL message to the client.
        clock: gives ``now`` to the session.
        wake: makes the pump look at the session.
    """

    def __init__(
        self, session: Session, send: Callable[[KnownControl], None], clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._session = session
        self._send = send
        self._clock = clock
        self._wake = wake
        self._by_remote_id: dict[int, DownlinkTrack] = {}
        self._by_track_id: dict[int, DownlinkTrack] = {}
        self._last_track_id = -1
        self._path_bps: int | None = None

    def add(self, remote: RemoteTrack) -> None:
        """A track can be had: announce it to the client and subscribe."""
        remote_id = remote.track.track_id
        if remote_id in self._by_remote_id or len(self._by_track_id) >= _TRACK_IDS:
            return
        track = DownlinkTrack(self._new_track_id(), remote, self._session, self._clock, self._wake)
        self._by_remote_id[remote_id] = track
        self._by_track_id[track.track_id] = track
        described = TrackDescription.of(dataclasses.replace(remote.track, track_id=track.track_id))
        self._send(TrackAdded(remote.participant_id, described))
        remote.source.add_sink(track)
        self._share()

    def remove(self, remote: RemoteTrack) -> None:
        """The track has ended; unknown ones are ignored."""
        track = self._by_remote_id.pop(remote.track.track_id, None)
        if track is None:
            return
        del self._by_track_id[track.track_id]
        track.remote.source.remove_sink(track)
        self._send(TrackRemoved(track.track_id))
        self._share()

    def set_muted(self, remote: RemoteTrack, muted: bool) -> None:
        """Its owner muted or unmuted the track; unknown ones are ignored."""
        track = self._by_remote_id.get(remote.track.track_id)
        if track is not None:
            self._send(TrackMuted(track.track_id, muted))
            self._share()

    def request_keyframe(self, track_id: int) -> None:
        """The client cannot decode a track until its next keyframe."""
        track = self._by_track_id.get(track_id)
        if track is not None:
            track.remote.source.request_keyframe()

    def limit(self, track_id: int, bitrate_bps: int) -> None:
        """The client wants no more than this of a track; unknown ones are ignored."""
        track = self._by_track_id.get(track_id)
        if track is not None:
            track.limit_bps = bitrate_bps
            self._share()

    def pause(self, track_id: int, paused: bool) -> None:
        """The client does not want frames of a track, or wants them again; unknown ones are ignored.

        To its source a paused track has one sink less: it holds nobody back, and a source without any may rest. The
        session drops what waits, and asks for the keyframe with which video goes on.
        """
        track = self._by_track_id.get(track_id)
        if track is None or track.paused == paused:
            return
        track.paused = paused
        if paused:
            track.remote.source.remove_sink(track)
        else:
            track.remote.source.add_sink(track)
        self._share()

    def set_path_capacity(self, bitrate_bps: int) -> None:
        """The tunnel carries this much, all tracks together."""
        self._path_bps = bitrate_bps
        self._share()

    def close(self) -> None:
        """Unsubscribe from everything, without a word to the client."""
        for track in self._by_track_id.values():
            track.remote.source.remove_sink(track)
        self._by_track_id.clear()
        self._by_remote_id.clear()

    def _share(self) -> None:
        videos = [track for track in self._by_track_id.values() if track.remote.track.kind is MediaKind.VIDEO]
        # A muted camera sends nothing, nor does a paused track; its share helps the others until it is back.
        sending = sum(not (track.remote.track.muted or track.paused) for track in videos)
        share: int | None = None
        if self._path_bps is not None:
            audio_tracks = sum(
                track.remote.track.kind is MediaKind.AUDIO and not track.paused for track in self._by_track_id.values()
            )
            share = video_share(self._path_bps, audio_tracks, sending)
        for track in videos:
            if track.paused:
                continue
            known = [bps for bps in (share, track.limit_bps) if bps is not None]
            if known:
                track.remote.source.set_capacity(track, min(known))

    def _new_track_id(self) -> int:
        while True:
            self._last_track_id = (self._last_track_id + 1) % _TRACK_IDS
            if self._last_track_id not in self._by_track_id:
                return self._last_track_id
