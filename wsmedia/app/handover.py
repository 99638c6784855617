"""Who may enter a room as a participant who is in it already: the ladder's change from one connection to another.

A client makes a secret for its participant and shows it with every connection, be it a tunnel session or WHIP. The
first one makes the participant; those that come while it is held are the same participant (PROTOCOL.md §3.1).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from wsmedia.media import Participant


@dataclass(slots=True)
class _Known:
    participant: Participant
    places: int


class Handovers:
    """The participants who have shown a secret, each as long as one of their connections is there.

    There are no more of them than connections, which are bounded.

    Args:
        allowed: False makes everybody somebody new, whatever they show.
    """

    def __init__(self, *, allowed: bool = True) -> None:
        self._allowed = allowed
        self._known: dict[tuple[str, str], _Known] = {}

    def __len__(self) -> int:
        return len(self._known)

    def take(self, room: str, secret: str | None, name: str) -> tuple[Participant, Callable[[], None]]:
        """Say whose connection this is.

        Args:
            room: where it goes.
            secret: what it shows; None if nothing, and then it is somebody new.
            name: of somebody new; who is known keeps theirs.
        Returns:
            The participant, and what to call once when the connection is over.
        """
        if secret is None or not self._allowed:
            return _somebody(name), lambda: None
        key = (room, secret)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Known(_somebody(name), 0)
        known.places += 1

        def give_back() -> None:
            known.places -= 1
            if known.places == 0:
                del self._known[key]

        return known.participant, give_back


def _somebody(name: str) -> Participant:
    return Participant(f"p-{secrets.token_hex(8)}", name)
