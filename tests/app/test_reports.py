"""Reports of checks: kept as lines, without who sent them; bounded in size, rate and sum."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from tests.support.gateway import http_url, running_gateway
from wsmedia.findings import MAX_REPORT_BYTES, Check, Outcome, Report, Result, write_report

REPORT = write_report(
    Report(1, "cli 0.1.0", "Linux", "hindered", "websocket", [Result(Check.DNS, Outcome.WELL, "resolved")])
)
JSON = {"Content-Type": "application/json"}


async def test_a_report_becomes_a_line(tmp_path: Path) -> None:
    async with (
        running_gateway(state_dir=tmp_path) as gateway,
        httpx.AsyncClient(base_url=http_url(gateway), trust_env=False) as http,
    ):
        for _ in range(2):
            assert (await http.post("/v1/reports", content=REPORT, headers=JSON)).status_code == 204
        kept = [json.loads(line) for line in (tmp_path / "reports.jsonl").read_text().splitlines()]
    assert len(kept) == 2
    assert kept[0].pop("received_us") > 1e15
    assert kept[0] == json.loads(REPORT)
    assert (tmp_path / "reports.jsonl").stat().st_mode & 0o077 == 0


async def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    async with (
        running_gateway(state_dir=tmp_path) as gateway,
        httpx.AsyncClient(base_url=http_url(gateway), trust_env=False) as http,
    ):
        wrong = await http.post("/v1/reports", content=b'{"report": 1}', headers=JSON)
        assert wrong.status_code == 400
        assert "The report cannot be used" in wrong.json()["detail"]
        assert (await http.post("/v1/reports", content=REPORT)).status_code == 415
        long = REPORT + b" " * MAX_REPORT_BYTES
        assert (await http.post("/v1/reports", content=long, headers=JSON)).status_code == 413
        assert not (tmp_path / "reports.jsonl").exists()


async def test_only_so_many_are_taken_of_one_address(tmp_path: Path) -> None:
    async with (
        running_gateway(state_dir=tmp_path) as gateway,
        httpx.AsyncClient(base_url=http_url(gateway), trust_env=False) as http,
    ):
        answers = [await http.post("/v1/reports", content=REPORT, headers=JSON) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [204] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    async with (
        running_gateway(state_dir=tmp_path, max_report_bytes=300) as gateway,
        httpx.AsyncClient(base_url=http_url(gateway), trust_env=False) as http,
    ):
        answers = [await http.post("/v1/reports", content=REPORT, headers=JSON) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 507]
    assert (tmp_path / "reports.jsonl").stat().st_size <= 300


async def test_an_operator_may_want_none(tmp_path: Path) -> None:
    async with (
        running_gateway(state_dir=tmp_path, reports=False) as gateway,
        httpx.AsyncClient(base_url=http_url(gateway), trust_env=False) as http,
    ):
        assert (await http.post("/v1/reports", content=REPORT, headers=JSON)).status_code == 404
