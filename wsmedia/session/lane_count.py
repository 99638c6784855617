"""How many lanes a session should have: what both directions measure, within what both ends allow.

Each end knows only the loss of its own direction. The gateway tells the client its wish in CONTROL ``lanes``; the
client, which alone can open lanes, holds as many as the larger wish says.
"""

from __future__ import annotations

from wsmedia.session.redundancy import CLEAN_LANES

MAX_LANES = 16
"""The most that a client opens unless it is told otherwise."""


class LaneCount:
    """What is wanted, and what was told of it.

    Args:
        most: the client's own bound, or what the gateway admits.
        fixed: hold exactly as many, whatever is measured; None to follow the measurement.
    """

    def __init__(self, most: int, fixed: int | None = None) -> None:
        self._most = most
        self._fixed = fixed
        self._own = CLEAN_LANES
        self._remote = 1
        self._told = CLEAN_LANES

    def limit(self, most: int) -> None:
        """The far end admits no more than this."""
        self._most = min(self._most, most)

    def wish(self, own: int) -> None:
        """What our direction would like."""
        self._own = own

    def remote_wish(self, count: int) -> None:
        """What the far end's direction would like."""
        self._remote = count

    @property
    def wanted(self) -> int:
        """How many lanes should be open, at least 1."""
        wish = max(self._own, self._remote) if self._fixed is None else self._fixed
        return max(1, min(wish, self._most))

    def take_change(self) -> int | None:
        """What is wanted, if it is not what was told last."""
        if self.wanted == self._told:
            return None
        self._told = self.wanted
        return self._told
