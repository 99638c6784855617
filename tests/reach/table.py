"""The matrix as a table: printed at the end of a run, and kept in docs/reach.md."""

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


def write(cells: Cells) -> None:
    """Put what was found out into docs/reach.md; cells that were not tried stay as they are there."""
    before, table, after = _document()
    kept = {row[0]: row[1:] for row in table[2:]}
    titles = table[0][1:] if table else []
    body: list[list[str]] = []
    for network in NETWORKS:
        earlier = dict(zip(titles, kept.get(network.title, []), strict=False))
        texts = [
            _cell(outcome, way.name) if isinstance(outcome, Outcome) else earlier.get(way.title, "·")
            for way in WAYS
            for outcome in [cells.get((network.name, way.name))]
        ]
        body.append([network.title, *texts])
    heading = ["network", *(way.title for way in WAYS)]
    lines = [f"| {' | '.join(row)} |" for row in (heading, ["---"] * len(heading), *body)]
    _DOCUMENT.write_text("\n".join([before, *lines, after]))


def _document() -> tuple[str, list[list[str]], str]:
    """What stands before the table's rows, their cells, and what stands behind."""
    head, _, rest = _DOCUMENT.read_text().partition(_BEGIN)
    table, _, tail = rest.partition(_END)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line]
    return f"{head}{_BEGIN}", rows, f"{_END}{tail}"
