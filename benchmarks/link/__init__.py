"""A link emulator: two network namespaces with a bad link between (``Link``), or the same in memory (``virtual``)."""

from benchmarks.link.emulator import Link, LinkConfig, Step
from benchmarks.link.model import Bursts, ConditionError, Counters, OneWay, Way
from benchmarks.link.namespaces import LinkError, Place, unavailable_reason

__all__ = [
    "Bursts",
    "ConditionError",
    "Counters",
    "Link",
    "LinkConfig",
    "LinkError",
    "OneWay",
    "Place",
    "Step",
    "Way",
    "unavailable_reason",
]
