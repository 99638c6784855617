"""Calls through the reverse proxies of ``deploy/``, by each kind of lane."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.reach.call import PASSES_SECONDS
from tests.reach.conftest import Networks
from tests.reach.networks import Network
from tests.reach.recipes import RECIPES
from tests.reach.ways import WAYS, Way

LANES = [way for way in WAYS if way.hidden]


@pytest.mark.reach
@pytest.mark.parametrize(
    ("network", "way"),
    [pytest.param(network, way, id=f"{network.name}-{way.name}") for network in RECIPES for way in LANES],
)
async def test_every_kind_of_lane_goes_through(
    network: Network, way: Way, networks: Networks, progress: Callable[[str], None]
) -> None:
    reason = network.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    room, route = await networks.stand(network)
    outcome = await room.call(route, way, PASSES_SECONDS)
    progress(f"{network.title}: {way.title}: {outcome.trouble or f'{outcome.seconds:.1f} s, {outcome.carried_by}'}")
    assert outcome.media, outcome.trouble
    assert outcome.carried_by == way.query["lane"]
    assert outcome.capture.findings == []
