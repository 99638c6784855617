"""A whole call over TCP connections that lose segments: several lanes have it at propagation delay, one does not.

The lanes are ``benchmarks.link``'s: each waits for its lost segments as a kernel's connection does. Only the client's
uplink carries media; what it sends, and how many lanes it holds, is the engine's choice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

import pytest

from benchmarks.link.model import Way
from benchmarks.link.virtual import TcpDirection
from tests.session.link import KEY, SESSION_ID, Link, hello
from tests.session.media import Call
from wsmedia.session import Event, LanesWantedChanged, Role, Session

SECONDS = 10.0
WARM_UP = 5.0
FRAMES = 300


@dataclass
class LossyCall:
    """A call whose client opens the lanes that its session wants, one and a half round trips after it wants them.

    Attributes:
        lanes: always so many; None: as the session wants.
    """

    way: Way
    seed: int = 1
    lanes: int | None = None
    max_bitrate: int = 1_000_000
    open: int = field(default=0, init=False)
    octets: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        now = 100.0
        session = Session(Role.CLIENT, SESSION_ID, key=KEY, now=now, hello=hello(), fixed_lanes=self.lanes)
        self.up, self.down = (TcpDirection(self.way, seed=f"{self.seed}/{name}") for name in ("up", "down"))
        self.link = Link(client=session, up=self.up, down=self.down)
        self.link.on_client_event = self._client_event
        self.call = Call(self.link, max_bitrate=self.max_bitrate)
        self.call.start()
        self.open = 1
        self._open_lanes(session.lanes_wanted)

    def _client_event(self, event: Event) -> None:
        if isinstance(event, LanesWantedChanged):
            self._open_lanes(event.count)

    def _open_lanes(self, wanted: int) -> None:
        handshake = 3 * self.way.delay_ms / 1000
        while self.open < wanted:
            lane_id = self.open
            self.open += 1
            self.link.at(self.link.now + handshake, lambda lane_id=lane_id: self.link.open_lane(lane_id))

    def measure(self) -> LossyCall:
        """Let the call find its lanes and its rate, then measure it."""
        self.link.run(WARM_UP)
        self.call.video_latencies.clear()
        self.call.audio_latencies.clear()
        self.octets = -self.up.bytes_carried
        self.link.run(SECONDS)
        self.octets += self.up.bytes_carried
        return self

    def late_ms(self, share: float) -> float:
        """How much later than the path's delay that quantile of video frames was, ms."""
        return self.call.latencies(self.call.video_latencies, share) * 1000 - self.way.delay_ms

    def audio_late_ms(self, share: float) -> float:
        """The same of audio packets."""
        return self.call.latencies(self.call.audio_latencies, share) * 1000 - self.way.delay_ms

    @property
    def frames(self) -> int:
        """Of video that arrived, of the ``FRAMES`` that there were to be."""
        return len(self.call.video_latencies)

    @property
    def bits_per_second(self) -> float:
        """On the wire, upwards, headers and repetitions included."""
        return self.octets * 8 / SECONDS


def lossy(rtt_ms: float, loss: float) -> Way:
    return Way(delay_ms=rtt_ms / 2, loss=loss, rate_bps=20e6)


def test_a_clean_path_is_left_to_the_two_lanes_that_every_call_begins_with():
    call = LossyCall(lossy(80, 0)).measure()

    assert call.open == 2
    assert call.frames == FRAMES
    assert call.late_ms(0.99) < 5
    assert call.audio_late_ms(0.99) < 5
    # 1 Mb/s of video and what headers add to small packets of sound.
    assert call.bits_per_second < 1.15e6


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_several_lanes_have_a_lossy_path_at_its_delay_where_one_waits_for_repeats(seed: int):
    path = lossy(80, 0.02)
    several, one = LossyCall(path, seed).measure(), LossyCall(path, seed, lanes=1).measure()

    assert several.open > 4
    assert several.late_ms(0.95) < 20  # a quarter of a round trip, whatever chance does; see the median below
    assert one.late_ms(0.95) > 80
    # A repeat would take a round trip at least.
    assert several.late_ms(0.99) < 80
    assert several.audio_late_ms(0.99) < 60
    assert several.frames >= 0.98 * FRAMES
    # Parity for frames and sound twice, but no more than that.
    assert several.bits_per_second < 2.2e6


def test_of_several_calls_half_are_late_by_next_to_nothing():
    path = lossy(80, 0.02)

    assert median(LossyCall(path, seed).measure().late_ms(0.95) for seed in range(1, 6)) < 5


@pytest.mark.parametrize(("rtt_ms", "loss"), [(30, 0.05), (150, 0.02)])
def test_a_worse_path_is_still_a_fraction_as_late_with_several_lanes(rtt_ms: float, loss: float):
    path = lossy(rtt_ms, loss)
    several, one = LossyCall(path).measure(), LossyCall(path, lanes=1).measure()

    assert several.late_ms(0.95) < one.late_ms(0.95) / 3
    assert several.late_ms(0.95) < 60
    assert several.frames >= 0.98 * FRAMES
