"""Puts the uploads of an HTTP lane in order (PROTOCOL.md §2.2): each request says where in the lane's octets it begins.

Requests overtake each other on their connections, and a proxy or a browser may repeat one. No I/O: the lane asks it.
"""

from __future__ import annotations

from wsmedia.errors import WsmediaError

MAX_PIECES = 4
"""Uploads that may wait for an earlier one."""
MAX_AHEAD_BYTES = 262_144
"""How far beyond what has come whole an upload may end."""


class UploadGapError(WsmediaError):
    """An upload is too far ahead of what has come; its sender is at fault."""


class UploadOrder:
    """The octets of one lane's uploads. Overflow policy: an upload beyond a bound is refused, and may come again."""

    def __init__(self) -> None:
        self._next = 0
        self._early: dict[int, bytes] = {}

    def take(self, offset: int, body: bytes) -> bytes:
        """The octets that are next, as far as they are here now.

        Args:
            offset: of the lane's octets, how many come before ``body``.
            body: what has come already is ignored.
        Raises:
            UploadGapError: too far ahead, or too many wait.
        """
        if offset > self._next:
            if offset + len(body) > self._next + MAX_AHEAD_BYTES:
                raise UploadGapError("the upload is too far ahead")
            if body and offset not in self._early and len(self._early) >= MAX_PIECES:
                raise UploadGapError("too many uploads wait for an earlier one")
            if len(body) > len(self._early.get(offset, b"")):
                self._early[offset] = body
            return b""
        pieces = [self._cut(offset, body)]
        while ready := [at for at in self._early if at <= self._next]:
            at = min(ready)
            pieces.append(self._cut(at, self._early.pop(at)))
        return b"".join(pieces)

    def _cut(self, offset: int, body: bytes) -> bytes:
        news = body[self._next - offset :]
        self._next += len(news)
        return news
