"""Several connections under one session of the Python client, against a real gateway: lost, refused, too many."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.client.conftest import until_lanes
from tests.support.frame_sinks import FrameList
from tests.support.gateway import eventually
from tests.support.tcp_proxy import TcpProxy
from wsmedia.app.server import Gateway
from wsmedia.app.settings import Settings
from wsmedia.client import Client, ClientError, ClientEvents, ConnectionState, lane_keeper
from wsmedia.client.lane_back_off import LaneBackOff
from wsmedia.media import Codec, EncodedFrame, TrackSource
from wsmedia.session import Session

OPUS = b"\xfc\xff\xfe"


class Interruptions(ClientEvents):
    """Counts them."""

    count = 0

    def connection_changed(self, state: ConnectionState, reason: str) -> None:
        self.count += state is ConnectionState.RECONNECTING


async def hear(talker: Client, listener: Client, count: int, size: int = 3, within: float = 10.0) -> None:
    """Let so many packets of so many octets cross, one after the other, each ``within`` so many seconds."""
    microphone = talker.publish(Codec.OPUS, TrackSource.MICROPHONE)
    await listener.wait_until(lambda: listener.remote_tracks)
    heard = FrameList()
    listener.remote_tracks[-1].add_sink(heard)
    for index in range(count):
        microphone.send_frame(EncodedFrame(OPUS.ljust(size, b"\0"), index * 960, index * 20_000))
        await eventually(lambda: len(heard.frames) > index, "a packet", within)  # noqa: B023
    microphone.unpublish()
    await listener.wait_until(lambda: not listener.remote_tracks)


async def test_two_lanes_are_there_soon_after_the_first(url: str) -> None:
    async with Client(url, "room", "Ada") as ada:
        assert len(ada.lanes) >= 1
        await until_lanes(ada, 2)
        assert [lane.lane_id for lane in ada.lanes] == [0, 1]


async def test_one_of_four_is_cut_and_nobody_notices(gateway: Gateway, url: str) -> None:
    interruptions = Interruptions()
    async with (
        TcpProxy(gateway.listeners[0].port) as proxy,
        Client(url, "room", "Ada") as ada,
        Client(proxy.url, "room", "Bob", lanes=4, events=interruptions) as bob,
    ):
        await until_lanes(bob, 4)
        assert proxy.tunnels == 4
        for newest in (4, 5, 6):
            proxy.reset_tunnel(0)
            await hear(bob, ada, 5)
            await hear(ada, bob, 5)
            await eventually(lambda: bob.lanes[-1].lane_id >= newest, "another one in its place")  # noqa: B023
            await until_lanes(bob, 4)
        assert interruptions.count == 0


@pytest.mark.parametrize("index", range(3))
async def test_one_of_three_stalls_and_sound_goes_on(gateway: Gateway, url: str, index: int) -> None:
    interruptions = Interruptions()
    async with (
        TcpProxy(gateway.listeners[0].port) as proxy,
        Client(url, "room", "Ada") as ada,
        Client(proxy.url, "room", "Bob", lanes=3, events=interruptions) as bob,
    ):
        await until_lanes(bob, 3)
        await hear(bob, ada, 10)
        proxy.freeze_tunnel(index)
        await hear(bob, ada, 10, within=1.5)
        await hear(ada, bob, 10, within=1.5)
        proxy.freeze_tunnel(index, False)
        await hear(bob, ada, 10)
        await until_lanes(bob, 3)
        assert interruptions.count == 0


async def test_a_network_that_lets_one_connection_through_carries_the_call(gateway: Gateway, url: str) -> None:
    interruptions = Interruptions()
    async with TcpProxy(gateway.listeners[0].port) as proxy, Client(url, "room", "Ada") as ada:
        proxy.most_tunnels = 1
        async with Client(proxy.url, "room", "Bob", lanes=4, events=interruptions) as bob:
            await proxy.wait_for_connections(4)
            await hear(bob, ada, 5)
            await hear(ada, bob, 5)
            assert len(bob.lanes) == proxy.tunnels == 1
            proxy.most_tunnels = None
            await until_lanes(bob, 4)
        assert interruptions.count == 0


async def test_lanes_over_tls_carry_more_than_their_buffers(tmp_path: Path) -> None:
    gateway = Gateway(Settings(port=0, http=False, state_dir=tmp_path))
    await gateway.start()
    try:
        url = f"https://127.0.0.1:{gateway.listeners[0].port}"
        async with (
            Client(url, "room", "Ada", insecure=True) as ada,
            Client(url, "room", "Bob", insecure=True, lanes=3) as bob,
        ):
            await until_lanes(bob, 3)
            await hear(bob, ada, 20, size=1200)
            await hear(ada, bob, 20, size=1200)
    finally:
        await gateway.stop()


async def test_lanes_too_many_are_closed_and_nobody_notices(
    url: str, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = 6
    monkeypatch.setattr(lane_keeper, "_SURPLUS_TIME", 0.1)
    monkeypatch.setattr(lane_keeper, "_SURPLUS_CHECK", 0.05)
    interruptions = Interruptions()
    async with Client(url, "room", "Ada", lanes=1) as ada:
        monkeypatch.setattr(Session, "lanes_wanted", property(lambda _: wanted))
        async with Client(url, "room", "Bob", events=interruptions) as bob:
            await until_lanes(bob, 6)
            before = gateway.connections
            wanted = 2
            assert bob._tunnel is not None
            bob._tunnel._keeper.wake()
            await until_lanes(bob, 2)
            await eventually(lambda: gateway.connections == before - 4, "the end of four connections")
            await hear(bob, ada, 5)
            await hear(ada, bob, 5)
            assert interruptions.count == 0


@pytest.mark.parametrize("options", [{"lanes": 0}, {"lanes": 33}, {"max_lanes": 0}])
def test_impossible_numbers_are_refused_at_once(options: dict[str, int]) -> None:
    with pytest.raises(ClientError, match="1 to 32"):
        Client("http://127.0.0.1:1", "room", "Ada", **options)  # type: ignore[arg-type]


class TestLaneBackOff:
    @pytest.mark.parametrize(("random", "last"), [(0.0, 30.0), (0.5, 60.0), (1.0, 90.0)])
    def test_it_waits_ever_longer(self, random: float, last: float) -> None:
        back_off = LaneBackOff(lambda: random)
        now = 0.0
        delays = []
        for _ in range(8):
            back_off.lost(0.0, now)
            delays.append(back_off.delay(now))
            now += delays[-1]
        assert delays[:3] == [1 * (0.5 + random), 2 * (0.5 + random), 4 * (0.5 + random)]
        assert delays[-1] == last

    def test_a_good_lane_is_replaced_at_once(self) -> None:
        back_off = LaneBackOff(lambda: 0.5)
        for _ in range(6):
            back_off.lost(0.0, 100.0)
        back_off.lost(600.0, 101.0)
        assert back_off.delay(101.0) == 0.0
        back_off.lost(1.0, 102.0)
        assert back_off.delay(102.0) == 1.0
