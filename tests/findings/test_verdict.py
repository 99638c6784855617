"""The verdict over results; the page's tests read the same vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wsmedia.findings import Allowed, Check, Outcome, Result, allowlist_text, gateway_entries, judge

VECTORS = Path(__file__).parent.parent / "vectors" / "doctor"


def named(file: str) -> Any:
    return [pytest.param(one, id=one["name"]) for one in json.loads((VECTORS / file).read_text())]


@pytest.mark.parametrize("vector", named("verdicts.json"))
def test_verdicts(vector: dict[str, Any]) -> None:
    results = [Result(Check(check), Outcome(outcome), "x") for check, outcome in vector["results"].items()]
    verdict = judge(reversed(results))
    assert vector["verdict"] == {
        "grade": verdict.grade.value,
        "way": verdict.way.value,
        "tried": verdict.tried,
        "hindrances": [result.check.value for result in verdict.hindrances],
    }


@pytest.mark.parametrize("vector", named("allowlists.json"))
def test_texts_for_administrators(vector: dict[str, Any]) -> None:
    entries = [Allowed(**entry) for entry in vector["entries"]]
    assert allowlist_text(entries, vector["requests"]) == vector["text"]


def test_udp_is_named_only_where_native_webrtc_goes_to_the_gateway() -> None:
    assert [one.protocol for one in gateway_entries("h", 443, secure=True, native=True)] == ["TCP", "UDP"]
    assert [one.protocol for one in gateway_entries("h", 443, secure=True, native=False)] == ["TCP"]
