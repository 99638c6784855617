"""What ``emulator`` tells ``forwarder``: one datagram of JSON for an order, one for its answer.

``{"change": {"up": {…}, "down": {…}}, "after": 1.5}`` describes a direction by ``asdict`` of its ``Way`` and is
answered with ``{}``; ``{"statistics": true}`` with figures; what cannot be with ``{"error": "…"}``.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from benchmarks.link.model import Bursts, Way

LARGEST_ORDER = 65_536


def way_of(content: dict[str, Any]) -> Way:
    """What ``dataclasses.asdict`` made of a way, as a way again.

    Raises:
        ConditionError: it cannot be.
        TypeError: a name is not known.
    """
    known = {field.name for field in fields(Way)}
    if unknown := content.keys() - known:
        raise TypeError(f"a link's direction has no {sorted(unknown)[0]!r}")
    bursts = content.get("bursts")
    return Way(**(content | {"bursts": None if bursts is None else Bursts(**bursts)}))
