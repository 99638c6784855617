"""Why a request is not served: an ERROR-CODE (RFC 8489 §14.8) whose reason says who is at fault."""

from __future__ import annotations

from wsmedia.stun import Attribute, Message, MessageClass


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault of ours
    """Raised while a request is looked at; becomes its answer.

    Args:
        code: 300 to 699.
        reason: for whoever reads a log.
        attributes: that go with it.
    """

    def __init__(self, code: int, reason: str, attributes: list[tuple[int, bytes]] | None = None) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason
        self._attributes = attributes or []

    def answer(self, request: Message, key: bytes | None) -> bytes:
        """The error response, protected when the client is known."""
        error = bytes((0, 0, self.code // 100, self.code % 100)) + self.reason.encode()
        attributes = [(int(Attribute.ERROR_CODE), error), *self._attributes]
        return Message(request.method, MessageClass.ERROR, request.transaction_id, attributes).write(key)
