"""Time that a test moves: a ``Clock`` and a ``CallLater`` in one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(eq=False)
class Callback:
    """A callback that waits for its time."""

    due: float
    run: Callable[[], None]
    waiting: bool = True

    def cancel(self) -> None:
        self.waiting = False


@dataclass
class VirtualTime:
    """Starts at ``now`` and stands still until ``advance``."""

    now: float = 1000.0
    callbacks: list[Callback] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def wall_us(self) -> int:
        return int(self.now * 1e6)

    def call_later(self, delay: float, run: Callable[[], None]) -> Callback:
        callback = Callback(self.now + delay, run)
        self.callbacks.append(callback)
        return callback

    def advance(self, seconds: float) -> None:
        """Move time forward, running what is due on the way, in order."""
        end = self.now + seconds
        while True:
            self.callbacks = [callback for callback in self.callbacks if callback.waiting]
            due = min((c for c in self.callbacks if c.due <= end + 1e-9), key=lambda c: c.due, default=None)
            if due is None:
                break
            self.now = max(self.now, due.due)
            due.waiting = False
            due.run()
        self.now = end
