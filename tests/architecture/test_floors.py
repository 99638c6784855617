"""The floors of the house hold: import-linter's contracts in pyproject.toml, and no file with two ideas in its name."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VAGUE_NAMES = {"utils", "util", "helpers", "common", "misc", "manager"}


@pytest.mark.skipif(find_spec("importlinter") is None, reason="import-linter is not installed (make check installs it)")
def test_imports_go_downward_only() -> None:
    # In a process of its own: it configures logging, which would silence the loggers that other tests listen to.
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_module_has_a_vague_name() -> None:
    sources = [*ROOT.glob("wsmedia/**/*.py"), *ROOT.glob("web/src/**/*.ts")]
    assert sources
    assert [path for path in sources if path.stem in VAGUE_NAMES] == []
