"""Results on disk, one JSON file for each cell, so that a run of hours can be broken off and gone on with."""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.latency.conditions import ALL_CARRIERS, DIRECT, STEP, Carrier, Cell, Condition, Direction

VERSION = 1
"""Of what a file holds; files of another version are measured anew."""


@dataclass(frozen=True)
class Settings:
    """How cells are measured; a result made with others does not count.

    Attributes:
        warm_up: seconds before the window, for congestion control to find its place.
        seconds: the window's length.
        sound: whether there is any; pictures may have to wait for it.
    """

    warm_up: float
    seconds: float
    sound: bool = True


class Store:
    """A folder of results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, cell: Cell) -> Path:
        return self.folder / "cells" / f"{cell.name}.json"

    def has(self, cell: Cell, settings: Settings) -> bool:
        """Whether the cell was measured, with these settings and without an error."""
        try:
            content = json.loads(self._path(cell).read_text())
        except (OSError, ValueError):
            return False
        if not isinstance(content, dict) or content.get("version") != VERSION or "error" in content:
            return False
        return bool(content.get("settings") == asdict(settings))

    def put(self, cell: Cell, settings: Settings, result: dict[str, Any]) -> None:
        """Write a result, or ``{"error": …}``; whoever reads meanwhile finds the old file or the new one."""
        path = self._path(cell)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "version": VERSION,
            "settings": asdict(settings),
            "rtt_ms": cell.condition.rtt_ms,
            "loss": cell.condition.loss,
            "rate": cell.condition.rate,
            "carrier": cell.carrier.name,
            "direction": str(cell.direction),
            "seed": cell.seed,
            **result,
        }
        temporary = path.with_suffix(".part")
        temporary.write_text(json.dumps(content) + "\n")
        os.replace(temporary, path)

    def results(self) -> dict[tuple[Condition, Direction], dict[Carrier, list[dict[str, Any]]]]:
        """Everything that was measured, by link and direction, and then by carrier, one entry a seed."""
        found: dict[tuple[Condition, Direction], dict[Carrier, list[dict[str, Any]]]] = defaultdict(dict)
        for path in sorted((self.folder / "cells").glob("*.json")):
            content = json.loads(path.read_text())
            if content.get("version") != VERSION or content["carrier"] not in ALL_CARRIERS:
                continue
            key = Condition(content["rtt_ms"], content["loss"], content["rate"]), Direction(content["direction"])
            found[key].setdefault(ALL_CARRIERS[content["carrier"]], []).append(content)
        order = list(ALL_CARRIERS)
        return {
            key: dict(sorted(found[key].items(), key=lambda item: order.index(item[0].name)))
            for key in sorted(found, key=lambda key: (key[1], *_order(key[0])))
        }


def _order(condition: Condition) -> tuple[float, float, float]:
    """No link first, then wide links before narrow ones, by round trip and loss; bursts after losses, the step last."""
    rate = {DIRECT: math.inf, STEP: 0.0}[condition.rate] if isinstance(condition.rate, str) else condition.rate
    loss = 100.0 if isinstance(condition.loss, str) else condition.loss
    return -rate, condition.rtt_ms, loss
