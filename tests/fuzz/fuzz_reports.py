"""Fuzz reports of network checks: ReportError is the only way to refuse, and what was read can be written and read."""

from __future__ import annotations

from runner import fuzz

from wsmedia.findings import Check, Outcome, Report, ReportError, Result, parse_report, write_report

CORPUS = [
    write_report(
        Report(
            1,
            "page 0.1.0",
            "Mozilla/5.0",
            "hindered",
            "http-poll",
            [Result(check, outcome, "stripped", {"time_ms": 1.5, "octets": 49152}, "Example CA") for check in Check],
        )
    )
    for outcome in Outcome
]


def read(data: bytes) -> None:
    """Read, and read again what is written of it."""
    try:
        report = parse_report(data)
    except ReportError:
        return
    assert parse_report(write_report(report)) == report


if __name__ == "__main__":
    fuzz(read, CORPUS)
