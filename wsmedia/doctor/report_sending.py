"""Sends the report of an examination to the gateway; only when the user says so."""

from __future__ import annotations

import platform
from collections.abc import Sequence

import httpx

from wsmedia import __version__
from wsmedia.doctor.site import Site
from wsmedia.errors import WsmediaError
from wsmedia.findings import REPORT_FORM, Report, Result, Verdict, write_report


class SendingError(WsmediaError):
    """The gateway did not take the report; the message says why."""


def report_of(results: Sequence[Result], verdict: Verdict) -> Report:
    """What is sent: findings and figures, the kind of system, and nothing of who or where."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return Report(REPORT_FORM, f"cli {__version__}", system, verdict.grade.value, verdict.way.value, list(results))


async def send_report(site: Site, report: Report) -> None:
    """Send it.

    Raises:
        SendingError: no answer, or it was refused.
    """
    try:
        async with site.http() as http:
            headers = {"Content-Type": "application/json"}
            answer = await http.post("/v1/reports", content=write_report(report), headers=headers)
    except (httpx.HTTPError, OSError) as error:
        raise SendingError(f"the report could not be sent ({type(error).__name__})") from error
    if answer.status_code != 204:
        raise SendingError(f"the gateway did not take the report (HTTP {answer.status_code})")
