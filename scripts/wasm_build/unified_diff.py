"""Applies a unified diff without the program ``patch``, which a machine that builds a wheel may lack.

Strict: the lines that a hunk replaces must stand in the file exactly once, near or far from where it says.
"""

from __future__ import annotations

import re
from pathlib import Path

from .errors import BuildError

HUNK = re.compile(r"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


def apply(text: str, folder: Path) -> None:
    """Change the files below ``folder`` as a diff in ``-p1`` format says.

    Raises:
        BuildError: a file is missing or does not read as the diff expects.
    """
    lines = text.split("\n")
    file: Path | None = None
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if line.startswith("+++ "):
            file = folder / line[4:].split("\t")[0].split("/", 1)[1]
        elif file is not None and (head := HUNK.match(line)):
            old, new, index = _hunk(lines, index, int(head[1] or 1), int(head[2] or 1))
            _replace(file, "".join(f"{part}\n" for part in old), "".join(f"{part}\n" for part in new))


def _hunk(lines: list[str], index: int, old_count: int, new_count: int) -> tuple[list[str], list[str], int]:
    """The lines before and after, and the index behind the hunk."""
    old: list[str] = []
    new: list[str] = []
    while index < len(lines) and (len(old) < old_count or len(new) < new_count):
        mark, content = lines[index][:1] or " ", lines[index][1:]
        if mark in " -":
            old.append(content)
        if mark in " +":
            new.append(content)
        index += 1
    return old, new, index


def _replace(file: Path, old: str, new: str) -> None:
    content = file.read_bytes() if file.is_file() else b""
    if content.count(old.encode()) != 1:
        raise BuildError(f"a patch does not fit {file}")
    file.write_bytes(content.replace(old.encode(), new.encode()))
