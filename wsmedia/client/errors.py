"""What can go wrong for a user of the client, in sentences fit to be shown."""

from __future__ import annotations

from wsmedia.errors import WsmediaError


class ClientError(WsmediaError):
    """The client cannot go on; the message says why in plain words."""


class MediaFileError(ClientError):
    """A file cannot be read, or holds nothing that can be published."""
