"""Reports: what is written can be read, and what is not one is refused with a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.findings import (
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

words = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)
figures = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True), st.floats(allow_nan=False, allow_infinity=False), max_size=4
)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)
results = st.builds(Result, st.sampled_from(Check), st.sampled_from(Outcome), words, figures, texts)
reports = st.builds(
    Report,
    report=st.just(REPORT_FORM),
    client=texts,
    system=texts,
    grade=words,
    way=words,
    results=st.lists(results, max_size=6, unique_by=lambda result: result.check),
)


@given(reports)
def test_what_is_written_can_be_read(report: Report) -> None:
    assert parse_report(write_report(report)) == report


@given(st.binary(max_size=200))
def test_octets_by_chance_are_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        parse_report(data)


def valid() -> dict[str, Any]:
    result = {"check": "dns", "outcome": "well", "finding": "resolved", "figures": {"time_ms": 3.5}}
    return {"report": 1, "client": "page", "system": "", "grade": "well", "way": "websocket", "results": [result]}


def changed(**changes: Any) -> bytes:
    return json.dumps({**valid(), **changes}).encode()


def with_result(**changes: Any) -> bytes:
    return changed(results=[{**valid()["results"][0], **changes}])


def test_the_valid_one_is_valid() -> None:
    assert parse_report(changed()).results[0].figures == {"time_ms": 3.5}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" " * (MAX_REPORT_BYTES + 1), "at most"),
        (b"\xff", "not a report"),
        (b"[" * 10_000, "not a report"),
        (changed(report=2), "form 2"),
        (changed(extra=1), "unknown field"),
        (changed(results=[valid()["results"][0]] * 2), "two results of dns"),
        (changed(system="a\nb"), "control characters"),
        (changed(system="x" * 401), "length"),
        (changed(grade="Well done!"), "regex"),
        (with_result(check="weather"), "not a report"),
        (with_result(note="\u2028"), "control characters"),
        (with_result(note="x" * 201), "length"),
        (with_result(figures={"a b": 1}), "figure"),
        (with_result(figures={f"f{n}": 1 for n in range(13)}), "more than 12"),
        (with_result(figures={"x": "1"}), "not a report"),
        (with_result(token="secret"), "unknown field"),
    ],
)
def test_what_is_no_report_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ReportError, match=reason):
        parse_report(data)
