"""The matrix as a table: printed at the end of a run, and written into docs/reach.md when all of it was run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.reach.call import Outcome
from tests.reach.networks import NETWORKS
from tests.reach.ways import WAYS

_DOCUMENT = Path(__file__).parents[2] / "docs" / "reach.md"
_BEGIN, _END = "<!-- matrix -->", "<!-- end of matrix -->"

Cells = Mapping[tuple[str, str], Outcome | str]
"""What became of each network and way; a string says why it was not tried."""


def _cell(outcome: Outcome | str | None, way: str) -> str:
    if outcome is None:
        return "·"
    if isinstance(outcome, str):
        return "skipped"
    if not outcome.media:
        return "–"
    seconds = f"{outcome.seconds:.1f} s"
    return f"{seconds}, {outcome.carried_by}" if way == "auto" else seconds


def rows(cells: Cells) -> list[list[str]]:
    """The table's rows with its heading; networks without any outcome are left out."""
    heading = ["network", *(way.title for way in WAYS)]
    body = [
        [network.title, *(_cell(cells.get((network.name, way.name)), way.name) for way in WAYS)]
        for network in NETWORKS
        if any((network.name, way.name) in cells for way in WAYS)
    ]
    return [heading, *body]


def for_terminal(cells: Cells) -> list[str]:
    """Lines in columns."""
    table = rows(cells)
    widths = [max(len(row[index]) for row in table) for index in range(len(table[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in table]


def write(cells: Cells) -> bool:
    """Put it into docs/reach.md; says whether it was whole, for a part is not written."""
    if any(isinstance(cells.get((network.name, way.name)), str | None) for network in NETWORKS for way in WAYS):
        return False
    heading, *body = rows(cells)
    lines = [heading, ["---"] * len(heading), *body]
    table = "\n".join(f"| {' | '.join(row)} |" for row in lines)
    text = _DOCUMENT.read_text()
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    _DOCUMENT.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}")
    return True
