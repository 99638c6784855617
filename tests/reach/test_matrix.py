"""Who gets through which network: real programs in between, real browsers at both ends, media seen and heard.

``make test-reach`` runs all of it and prints the table; ``make test`` runs a few cells.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.reach.call import FAILS_SECONDS, PASSES_SECONDS, Outcome
from tests.reach.conftest import Networks
from tests.reach.networks import NETWORKS, Network
from tests.reach.ways import WAYS, Way

QUICK = {("open", "native"), ("no-webrtc", "auto"), ("squid-auth", "wss")}
"""What ``make test`` runs: that the capture knows WebRTC when there is some, a firewall, and a company's proxy."""


def _cell(network: Network, way: Way) -> object:
    marks = [] if (network.name, way.name) in QUICK else [pytest.mark.reach]
    return pytest.param(network, way, id=f"{network.name}-{way.name}", marks=marks)


@pytest.mark.parametrize(("network", "way"), [_cell(network, way) for network in NETWORKS for way in WAYS])
async def test_media_get_through(
    network: Network,
    way: Way,
    networks: Networks,
    outcomes: dict[tuple[str, str], Outcome | str],
    progress: Callable[[str], None],
) -> None:
    reason = network.unavailable_reason()
    if reason is not None:
        outcomes[network.name, way.name] = reason
        pytest.skip(reason)
    expected = way.name in network.passes
    room, route = await networks.stand(network)
    outcome = await room.call(route, way, PASSES_SECONDS if expected else FAILS_SECONDS, network.lasts)
    outcomes[network.name, way.name] = outcome
    progress(f"{network.title}: {way.title}: {outcome.trouble or f'{outcome.seconds:.1f} s, {outcome.carried_by}'}")
    assert outcome.media == expected, outcome.trouble
    if way.hidden:
        assert outcome.capture.findings == []
        assert outcome.capture.udp == 0
    if outcome.media:
        assert outcome.capture.octets > 20_000
    if outcome.media and network.name == "open" and way.name == "native":
        assert set(outcome.capture.findings) == {"STUN in UDP", "DTLS in UDP", "RTP in UDP"}
