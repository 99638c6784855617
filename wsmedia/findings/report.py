"""Results of checks, and the report that carries them from a client to the gateway (docs/doctor.md).

A report comes from anybody, so everything in it is bounded and nothing in it is free text but one short note a result.
The page (``web/src/doctor/report.ts``) and ``wsmedia doctor --send`` write it, the gateway reads it.
"""

from __future__ import annotations

import math
import re
from enum import StrEnum
from typing import Annotated

import msgspec

from wsmedia.errors import WsmediaError

REPORT_FORM = 1
"""Grows with the report's form."""

MAX_REPORT_BYTES = 16_384

_MAX_RESULTS = 32
_MAX_FIGURES = 12
_WORD = r"^[a-z0-9][a-z0-9-]{0,39}$"
_FIGURE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

Word = Annotated[str, msgspec.Meta(pattern=_WORD)]
Note = Annotated[str, msgspec.Meta(max_length=200)]


class ReportError(WsmediaError):
    """Bytes are not a report; the message says what is wrong with them."""


class Check(StrEnum):
    """What is checked; the order is that of the way from the client to the room."""

    DNS = "dns"
    TLS = "tls"
    HTTP = "http"
    WEBSOCKET = "websocket"
    BUFFERING = "buffering"
    IDLE = "idle"
    UPLOAD = "upload"
    THROUGHPUT = "throughput"
    STUN = "stun"
    TURN_UDP = "turn-udp"
    TURN_TCP = "turn-tcp"
    TURN_TLS = "turn-tls"
    NATIVE = "native"
    TUNNEL_WEBSOCKET = "tunnel-websocket"
    TUNNEL_HTTP_STREAM = "tunnel-http-stream"
    TUNNEL_HTTP_POLL = "tunnel-http-poll"


class Outcome(StrEnum):
    """How a check came out."""

    WELL = "well"
    HINDERED = "hindered"
    """It works, and something is in the way."""
    BLOCKED = "blocked"
    UNTESTED = "untested"
    """It could not be checked, or there is nothing to be checked here."""


class Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one check found.

    Attributes:
        check, outcome: which, and how it came out.
        finding: a word for what was found, as ``stripped``; each check has its own.
        figures: what was measured, by name; the unit is the name's end (``_ms``, ``_bps``, ``_bytes``, ``_s``).
        note: a name that belongs to the finding, as the issuer of a certificate; empty for none.
    """

    check: Check
    outcome: Outcome
    finding: Word
    figures: dict[str, float] = {}
    note: Note = ""


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All results of one run.

    Attributes:
        report: the form, ``REPORT_FORM``.
        client: ``page`` or ``cli``, and its version.
        system: what the client runs on, as a User-Agent; may be empty.
        grade, way: the client's verdict.
        results: at most one a check.
    """

    report: int
    client: Annotated[str, msgspec.Meta(max_length=64)]
    system: Annotated[str, msgspec.Meta(max_length=400)]
    grade: Word
    way: Word
    results: Annotated[list[Result], msgspec.Meta(max_length=_MAX_RESULTS)]


_decoder = msgspec.json.Decoder(Report)


def parse_report(data: bytes) -> Report:
    """Read a report.

    Args:
        data: JSON in UTF-8, at most ``MAX_REPORT_BYTES``.
    Raises:
        ReportError: too long, not JSON, or not a report of this form.
    """
    if len(data) > MAX_REPORT_BYTES:
        raise ReportError(f"a report has at most {MAX_REPORT_BYTES} octets")
    try:
        report = _decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ReportError(f"not a report: {error}") from error
    if report.report != REPORT_FORM:
        raise ReportError(f"reports of form {report.report} are not known here, only {REPORT_FORM}")
    seen = set()
    for result in report.results:
        if result.check in seen:
            raise ReportError(f"two results of {result.check}")
        seen.add(result.check)
        if len(result.figures) > _MAX_FIGURES:
            raise ReportError(f"more than {_MAX_FIGURES} figures of {result.check}")
        for name, value in result.figures.items():
            if _FIGURE.fullmatch(name) is None or not math.isfinite(value):
                raise ReportError(f"a figure of {result.check} has no usable name or value")
    for text in (report.client, report.system, *(result.note for result in report.results)):
        if _CONTROL_CHARACTERS.search(text):
            raise ReportError("a text with control characters")
    return report


def write_report(report: Report) -> bytes:
    """One line of JSON without its end; ``parse_report`` gives the same report again."""
    return msgspec.json.encode(report)
