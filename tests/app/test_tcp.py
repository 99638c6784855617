"""The kernel's congestion control, as the settings say it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.gateway import eventually, http_url, running_gateway
from wsmedia.app.config import ConfigError
from wsmedia.app.server import Gateway
from wsmedia.app.settings import Settings

OFFERED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control").read_text().split()


def controls(gateway: Gateway) -> set[str]:
    """What the connections that are open use."""
    carriers = [carrier for serving in gateway._servers for carrier in serving.server.server_state.connections]
    sockets = [carrier.transport.get_extra_info("socket") for carrier in carriers]
    octets = [one.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16) for one in sockets]
    return {name.rstrip(b"\0").decode() for name in octets}


@pytest.mark.parametrize("name", OFFERED)
async def test_connections_use_what_is_configured(name: str) -> None:
    async with running_gateway(tcp_congestion_control=name) as gateway:
        address = urlsplit(http_url(gateway))
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        assert await eventually(lambda: controls(gateway), "a connection") == {name}
        writer.close()


async def test_what_the_kernel_does_not_offer_is_refused_at_the_start(tmp_path: Path) -> None:
    settings = Settings(http_port=0, https=False, state_dir=tmp_path, tcp_congestion_control="carrier_pigeon")
    with pytest.raises(ConfigError, match=r"tcp_congestion_control: .*kernel offers \(.*\), got 'carrier_pigeon'"):
        await Gateway(settings).start()
