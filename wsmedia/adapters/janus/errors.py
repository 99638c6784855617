"""What goes wrong with Janus, in words for a user: it is not there, or it says no."""

from __future__ import annotations

from enum import IntEnum

from wsmedia.errors import SfuError


class Refusal(IntEnum):
    """Error codes of the Janus core (4xx below 421 and from 450) and of its VideoRoom plugin (421–438)."""

    UNAUTHORIZED_REQUEST = 403
    NO_SUCH_PLUGIN = 460
    NO_SUCH_ROOM = 426
    ROOM_EXISTS = 427
    NO_SUCH_FEED = 428
    MISSING_ELEMENT = 429
    ROOM_FULL = 432
    UNAUTHORIZED = 433
    PARTICIPANT_EXISTS = 436
    INVALID_SDP = 437


_PLAIN = {
    Refusal.UNAUTHORIZED_REQUEST: "Janus does not accept the gateway's API secret or token",
    Refusal.NO_SUCH_PLUGIN: "Janus has no VideoRoom plugin",
    Refusal.NO_SUCH_ROOM: "the room does not exist in Janus",
    Refusal.ROOM_FULL: "the room has as many publishers as it takes",
    Refusal.UNAUTHORIZED: "Janus refuses entry: the room's PIN or token is wrong",
}
FINAL = frozenset((Refusal.UNAUTHORIZED_REQUEST, Refusal.NO_SUCH_PLUGIN, Refusal.MISSING_ELEMENT, Refusal.UNAUTHORIZED))
"""Refusals that no later attempt will change. A missing room is not among them: it may be made again."""


class UnavailableError(SfuError):
    """Janus cannot be reached, does not answer, or its connection broke. Trying again later may help."""


class NoMediaError(UnavailableError):
    """Janus answers, but media never got through: its UDP ports, or ours, are not reachable."""


class RefusedError(SfuError):
    """Janus answered with an error; ``code`` is its number."""

    def __init__(self, code: int, detail: str) -> None:
        plain = _PLAIN.get(Refusal(code)) if code in set(Refusal) else None
        if code == Refusal.MISSING_ELEMENT and "(pin)" in detail:
            plain = "the room needs a PIN and the gateway has none for it"
        super().__init__(f"{plain or 'Janus refuses'} ({code}: {detail})" if detail else plain or f"Janus error {code}")
        self.code = code
