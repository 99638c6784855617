"""The floors of the house hold: import-linter's contracts in pyproject.toml, and no file with two ideas in its name."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VAGUE_NAMES = {"utils", "util", "helpers", "common", "misc", "manager"}


def test_imports_go_downward_only(monkeypatch: pytest.MonkeyPatch) -> None:
    cli = pytest.importorskip("importlinter.cli", reason="import-linter is not installed (make check installs it)")
    monkeypatch.chdir(ROOT)
    assert cli.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_no_module_has_a_vague_name() -> None:
    sources = [*ROOT.glob("wsmedia/**/*.py"), *ROOT.glob("web/src/**/*.ts")]
    assert sources
    assert [path for path in sources if path.stem in VAGUE_NAMES] == []
