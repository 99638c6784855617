"""``POST /v1/reports``: takes the report of a network check and keeps it as a line of JSON in ``state_dir``.

Clients send one only when their user says so. Written off the event loop, a line at a time, up to a bound.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from http import HTTPStatus
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from wsmedia.app.access import Access
from wsmedia.app.problems import Problem
from wsmedia.app.settings import Settings
from wsmedia.clock import Clock
from wsmedia.findings import MAX_REPORT_BYTES, Report, ReportError, parse_report
from wsmedia.limits import AddressRates

FILE_NAME = "reports.jsonl"

logger = logging.getLogger(__name__)


class ReportRoutes:
    """The route, and the file behind it.

    Args:
        settings: whether reports are taken, where they go and how many octets there may be.
        access: origins.
        clock: time.
    """

    def __init__(self, settings: Settings, access: Access, clock: Clock) -> None:
        self._settings = settings
        self._access = access
        self._clock = clock
        self._rates = AddressRates(per_second=0.05, burst=5, overall_per_second=0.5, overall_burst=30)
        self._writing = asyncio.Lock()

    @property
    def path(self) -> Path:
        """Where reports are kept."""
        return self._settings.state_dir / FILE_NAME

    async def take(self, request: Request) -> Response:
        """Keep one report: 204."""
        self._access.check_origin(request)
        if not self._settings.reports:
            raise Problem(HTTPStatus.NOT_FOUND, "This gateway takes no reports.")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A report is of type application/json.")
        address = request.client.host if request.client is not None else ""
        wait = self._rates.take(address, 1.0, self._clock.monotonic())
        if wait > 0.0:
            headers = {"Retry-After": str(int(wait) + 1)}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many reports; wait a little.", headers)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_REPORT_BYTES:
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A report has at most {MAX_REPORT_BYTES} octets.")
        try:
            report = parse_report(bytes(body))
        except ReportError as error:
            raise Problem(HTTPStatus.BAD_REQUEST, f"The report cannot be used: {error}.") from error
        line = _line(report, self._clock.wall_us())
        async with self._writing:
            try:
                kept = await asyncio.to_thread(_append, self.path, line, self._settings.max_report_bytes)
            except OSError as error:
                logger.warning("a report cannot be kept: %s", error.strerror)
                raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The report could not be kept.") from error
        if not kept:
            raise Problem(HTTPStatus.INSUFFICIENT_STORAGE, "The gateway keeps as many reports as it may.")
        logger.info("a network check's report was kept: %s over %s", report.grade, report.way)
        return Response(status_code=HTTPStatus.NO_CONTENT)


def _line(report: Report, wall_us: int) -> bytes:
    """What is kept: the report and when it came, and nothing of who sent it."""
    return json.dumps({"received_us": wall_us, **msgspec.to_builtins(report)}).encode() + b"\n"


def _append(path: Path, line: bytes, most: int) -> bool:
    """Add a line, unless the file would become too long."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        if os.fstat(file.fileno()).st_size + len(line) > most:
            return False
        file.write(line)
    return True
