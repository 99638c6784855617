"""What is compared: links, carriers, directions. Names that are files' names and the command line's words at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

WIDE_MBPS = 20.0
STEP = "3-0.6-3"
"""A link of 3 Mb/s that falls to 0.6 for the middle third of the measurement."""

BURSTS = "bursts"

DIRECT = "direct"
"""No link at all: what the benchmark itself and the machine add."""


class Direction(StrEnum):
    """Which end is behind the link: ``UP`` the publisher, ``DOWN`` the subscriber."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class Condition:
    """A link.

    Attributes:
        rtt_ms: round trip of an idle link.
        loss: share of packets lost independently, percent, each way; or ``BURSTS``.
        rate: Mb/s each way; ``STEP``; or ``DIRECT``: no emulator at all.
    """

    rtt_ms: int = 80
    loss: float | str = 0.0
    rate: float | str = WIDE_MBPS

    @property
    def is_direct(self) -> bool:
        """Whether both places are joined directly."""
        return self.rate == DIRECT

    @property
    def name(self) -> str:
        """As ``80ms-2%-20M``, ``80ms-bursts-20M``, ``30ms-0%-3-0.6-3M``."""
        if self.is_direct:
            return DIRECT
        loss = self.loss if isinstance(self.loss, str) else f"{self.loss:g}%"
        rate = self.rate if isinstance(self.rate, str) else f"{self.rate:g}"
        return f"{self.rtt_ms}ms-{loss}-{rate}M"

    @property
    def title(self) -> str:
        """For people."""
        if self.is_direct:
            return "no link between"
        loss = "bursts of loss" if isinstance(self.loss, str) else f"{self.loss:g} % loss"
        rate = self.rate.replace("-", " → ") if isinstance(self.rate, str) else f"{self.rate:g}"
        return f"{self.rtt_ms} ms, {loss}, {rate} Mb/s"


@dataclass(frozen=True)
class Carrier:
    """A way for media.

    Attributes:
        name: as on the command line.
        title: for people.
        relay: native WebRTC through coturn: how the client speaks to it, ``udp``, ``tcp`` or ``tls``.
        lanes: wsmedia with so many lanes; 0: as many as it likes.
    """

    name: str
    title: str
    relay: str | None = None
    lanes: int | None = None

    @property
    def is_native(self) -> bool:
        """Whether RTCPeerConnection carries it."""
        return self.name == "udp" or self.relay is not None


LANES = (1, 2, 4, 8, 16)
CARRIERS: dict[str, Carrier] = {
    carrier.name: carrier
    for carrier in (
        Carrier("udp", "WebRTC over UDP"),
        Carrier("turn-udp", "TURN/UDP", relay="udp"),
        Carrier("turn-tcp", "TURN/TCP", relay="tcp"),
        Carrier("turn-tls", "TURN/TLS", relay="tls"),
        Carrier("naive", "one naive WebSocket"),
        Carrier("wsmedia", "wsmedia", lanes=0),
        *(Carrier(f"wsmedia-{n}", f"wsmedia, {n} lane{'s' * (n > 1)}", lanes=n) for n in LANES),
    )
}

_REFERENCES = (Carrier("udp-nack", "UDP with NACK"), Carrier("naive-tcp", "one naive TCP connection"))
PROTOCOL_CARRIERS = {carrier.name: carrier for carrier in _REFERENCES} | {
    name: carrier for name, carrier in CARRIERS.items() if carrier.lanes is not None
}
"""Those of the benchmark without browsers."""

ALL_CARRIERS = {carrier.name: carrier for carrier in _REFERENCES} | CARRIERS


@dataclass(frozen=True)
class Cell:
    """One measurement."""

    condition: Condition
    carrier: Carrier
    direction: Direction
    seed: int

    @property
    def name(self) -> str:
        """Unique, and a file's name."""
        return f"{self.condition.name}_{self.carrier.name}_{self.direction}_seed{self.seed}"


def conditions(
    rtts: list[int], losses: list[float | str], rates: list[float | str], step_rtts: list[int]
) -> list[Condition]:
    """Every round trip with every loss at every rate; the step without loss."""
    wide = [Condition(rtt, loss, rate) for rate in rates for rtt in rtts for loss in losses]
    return wide + [Condition(rtt, 0.0, STEP) for rtt in step_rtts]


FULL = conditions([80, 30, 150], [0.0, 2.0, 1.0, 5.0, BURSTS], [WIDE_MBPS, 1.2, 2.0], [80, 30, 150])
HEADLINE = [
    *conditions([80, 30, 150], [0.0, 2.0, 1.0, 5.0], [WIDE_MBPS], []),
    Condition(80, BURSTS),
    Condition(80, 0.0, 1.2),
    Condition(80, 0.0, STEP),
    Condition(30, 0.0, STEP),
]
WITHOUT_LINK = Condition(0, 0.0, DIRECT)
QUICK = [Condition(80, 0.0), Condition(80, 2.0)]


def cells(over: list[Condition], carriers: list[Carrier], directions: list[Direction], seeds: list[int]) -> list[Cell]:
    """All measurements; one seed of everything before the next, so that a run that is cut short tells of everything."""
    return [
        Cell(condition, carrier, direction, seed)
        for seed in seeds
        for condition in over
        for direction in directions
        for carrier in carriers
    ]
