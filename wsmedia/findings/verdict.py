"""From results to a verdict: whether calls will work, over what, and what stands in the way.

``web/src/doctor/verdict.ts`` judges the same; both are held to ``tests/vectors/doctor/verdicts.json``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from wsmedia.findings.report import Check, Outcome, Result


class Grade(StrEnum):
    """The verdict in a word."""

    WELL = "well"
    """Calls work, and nothing is in their way."""
    HINDERED = "hindered"
    """Calls work, and the network could do better."""
    BLOCKED = "blocked"
    """Calls do not work."""


class Way(StrEnum):
    """What calls will use."""

    WEBSOCKET = "websocket"
    HTTP_STREAM = "http-stream"
    HTTP_POLL = "http-poll"
    NATIVE = "native"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all results mean together.

    Attributes:
        grade: whether calls work.
        way: over what.
        tried: whether picture and sound went that way, or it is only to be expected.
        hindrances: results that an administrator could do something about, in the order of the checks.
    """

    grade: Grade
    way: Way
    tried: bool
    hindrances: tuple[Result, ...]


# The tunnel's kinds of lanes, best first: the check of media over them, and what they need at least.
_TUNNEL = (
    (Way.WEBSOCKET, Check.TUNNEL_WEBSOCKET, (Check.WEBSOCKET,)),
    (Way.HTTP_STREAM, Check.TUNNEL_HTTP_STREAM, (Check.BUFFERING, Check.UPLOAD)),
    (Way.HTTP_POLL, Check.TUNNEL_HTTP_POLL, (Check.HTTP, Check.UPLOAD)),
)
_ORDER = list(Check)
_PASSING = (Outcome.WELL, Outcome.HINDERED)


def judge(results: Iterable[Result]) -> Verdict:
    """The verdict over results, in any order; checks that are missing count as untested."""
    by_check = {result.check: result for result in results}
    way, tried = _way(by_check)
    hindrances = tuple(
        result
        for result in sorted(by_check.values(), key=lambda one: _ORDER.index(one.check))
        if result.outcome in (Outcome.HINDERED, Outcome.BLOCKED)
    )
    if way is Way.NONE:
        return Verdict(Grade.BLOCKED, way, tried, hindrances)
    return Verdict(Grade.HINDERED if hindrances else Grade.WELL, way, tried, hindrances)


def _way(by_check: dict[Check, Result]) -> tuple[Way, bool]:
    def outcome(check: Check) -> Outcome:
        return by_check[check].outcome if check in by_check else Outcome.UNTESTED

    for way, media, _ in _TUNNEL:
        if outcome(media) in _PASSING:
            return way, True
    if outcome(Check.NATIVE) in _PASSING:
        return Way.NATIVE, True
    for way, media, needs in _TUNNEL:
        # What was tried and failed is not hoped for.
        if outcome(media) is Outcome.UNTESTED and all(outcome(check) in _PASSING for check in needs):
            return way, False
    return Way.NONE, any(outcome(media) is not Outcome.UNTESTED for _, media, _ in _TUNNEL)
