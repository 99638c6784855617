"""Which session a HELLO belongs to: the gateway's table of sessions, bounded and without I/O (PROTOCOL.md §3.1, §4)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from enum import Enum, auto

from wsmedia.errors import AdmissionError, CloseCode
from wsmedia.session.handshake import Role
from wsmedia.session.limits import SessionLimits
from wsmedia.session.session import Session
from wsmedia.wire import Hello


class Attachment(Enum):
    """How a new lane meets the table."""

    NEW = auto()
    """The session did not exist: check the token, enter the room."""
    ADDED = auto()
    """One more lane of a session that has others, or never lost them."""
    RESUMED = auto()
    """The client lost its lanes and comes back."""


class SessionRegistry:
    """All live sessions of one process, by session id.

    The owner calls ``decide`` (to know whether a token has to be checked), then ``attach``, then
    ``Session.attach_lane``; and ``remove`` when the session has closed. Overflow policy: a HELLO that would create a
    session beyond ``max_sessions`` is refused with ``overloaded``.
    """

    def __init__(self, max_sessions: int = 1000) -> None:
        self._max_sessions = max_sessions
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    def get(self, session_id: str) -> Session | None:
        """The live session of that id, if there is one."""
        return self._sessions.get(session_id)

    def decide(self, session_id: str, hello: Hello) -> Attachment:
        """What ``attach`` would do, without doing it.

        Raises:
            AdmissionError: ``key_mismatch``, ``session_unknown`` or ``overloaded``. Close the lane's carrier after one
                CLOSE with that code; the session that has the id, if any, is not concerned.
        """
        session = self._sessions.get(session_id)
        if session is None or session.is_closed:
            if hello.resume:
                raise AdmissionError("the session to resume is gone", CloseCode.SESSION_UNKNOWN)
            if len(self._sessions) >= self._max_sessions:
                raise AdmissionError("too many sessions", CloseCode.OVERLOADED)
            return Attachment.NEW
        if not hmac.compare_digest(session.key.encode(), hello.key.encode()):
            raise AdmissionError("the session id is in use with another key", CloseCode.KEY_MISMATCH)
        return Attachment.RESUMED if hello.resume else Attachment.ADDED

    def attach(
        self, session_id: str, hello: Hello, *, now: float, limits: SessionLimits | None = None
    ) -> tuple[Session, Attachment]:
        """Find or create the session of a HELLO.

        Args:
            session_id: from the URL, checked with ``wire.is_session_id``.
            hello: the first message on the lane.
            now: monotonic seconds.
            limits: for a session that is created; None for the defaults.
        Returns:
            The session, on which the caller calls ``attach_lane`` next, and how it was found.
        Raises:
            AdmissionError: as ``decide``.
        """
        attachment = self.decide(session_id, hello)
        if attachment is Attachment.NEW:
            session = Session(Role.GATEWAY, session_id, key=hello.key, now=now, limits=limits)
            self._sessions[session_id] = session
            return session, attachment
        return self._sessions[session_id], attachment

    def remove(self, session: Session) -> None:
        """Forget a session that has closed; unknown ones are ignored."""
        if self._sessions.get(session.session_id) is session:
            del self._sessions[session.session_id]
