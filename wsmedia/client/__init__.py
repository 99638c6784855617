"""The Python client: joins a room through the tunnel, publishes files, records what others send."""

from wsmedia.client.client import MOST_LANES, RECONNECT_SECONDS, Client
from wsmedia.client.errors import ClientError, MediaFileError
from wsmedia.client.events import ClientEvents, ConnectionState
from wsmedia.client.media_inspection import FileInfo, FileTrack, TranscodePolicy, inspect
from wsmedia.client.player import FilePlayer
from wsmedia.client.publisher import FilePublisher
from wsmedia.client.recorder import Recorder
from wsmedia.client.tracks import LocalTrack, RemoteTrack

__all__ = [
    "MOST_LANES",
    "RECONNECT_SECONDS",
    "Client",
    "ClientError",
    "ClientEvents",
    "ConnectionState",
    "FileInfo",
    "FilePlayer",
    "FilePublisher",
    "FileTrack",
    "LocalTrack",
    "MediaFileError",
    "Recorder",
    "RemoteTrack",
    "TranscodePolicy",
    "inspect",
]
