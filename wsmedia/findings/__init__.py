"""What a check of a network has found: results, the report that they travel in, the verdict, what is to be allowed."""

from wsmedia.findings.allowlist import Allowed, allowlist_text, gateway_entries, relay_entries
from wsmedia.findings.report import (
    MAX_REPORT_BYTES,
    REPORT_FORM,
    Check,
    Outcome,
    Report,
    ReportError,
    Result,
    parse_report,
    write_report,
)
from wsmedia.findings.verdict import Grade, Verdict, Way, judge

__all__ = [
    "MAX_REPORT_BYTES",
    "REPORT_FORM",
    "Allowed",
    "Check",
    "Grade",
    "Outcome",
    "Report",
    "ReportError",
    "Result",
    "Verdict",
    "Way",
    "allowlist_text",
    "gateway_entries",
    "judge",
    "parse_report",
    "relay_entries",
    "write_report",
]
