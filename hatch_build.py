"""Puts the built web page into the package: hatchling calls this before a wheel, an editable install or an sdist.

The page is built only when ``wsmedia/web_dist`` is missing: an sdist brings it along, and a developer's ``make`` keeps
it fresh, so that neither needs Node.js here. Its WebAssembly codecs are built first (``scripts/build_wasm.py``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NEEDED = "wsmedia's page is built with Node.js 20.19 or newer and npm"


class WebPageHook(BuildHookInterface[Any]):
    """Build ``web/`` into ``wsmedia/web_dist/`` unless that is there already."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before the files are collected; ``version`` is ``standard`` or ``editable``.

        Raises:
            RuntimeError: Node.js or npm is missing, or the page cannot be built.
        """
        root = Path(self.root)
        if (root / "wsmedia" / "web_dist" / "index.html").is_file():
            return
        web = root / "web"
        if not (web / "package.json").is_file():
            raise RuntimeError("neither wsmedia/web_dist nor web/ is here: this source tree is not complete")
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            raise RuntimeError(f"{NEEDED}: install them, or build from a release that contains wsmedia/web_dist")
        self.app.display_info("Building the WebAssembly codecs …")
        self._run([sys.executable, "scripts/build_wasm.py"], root)
        self.app.display_info("Building the web page …")
        for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            self._run([npm, *arguments], web, f" ({NEEDED})")

    def _run(self, command: list[str], folder: Path, hint: str = "") -> None:
        # Not the packages of an isolated build: scripts/build_wasm.py wants pip.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        outcome = subprocess.run(  # noqa: S603
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if outcome.returncode != 0:
            words = " ".join([Path(command[0]).name, *command[1:]])
            tail = (outcome.stdout + outcome.stderr)[-4000:]
            raise RuntimeError(f"`{words}` failed in {folder}{hint}:\n{tail}")
