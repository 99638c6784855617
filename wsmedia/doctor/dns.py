"""Whether the gateway's name is known here."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time

from wsmedia.doctor.site import Site
from wsmedia.findings import Check, Outcome, Result

_PATIENCE = 10.0


async def check_dns(site: Site) -> Result:
    """Resolve the gateway's name."""
    host = site.address.host
    if site.address.proxy is not None:
        return Result(Check.DNS, Outcome.UNTESTED, "by-proxy")
    began = time.monotonic()
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await asyncio.get_running_loop().getaddrinfo(host, site.address.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        return judge_dns(host, None, time.monotonic() - began)
    except OSError:
        return judge_dns(host, 0, time.monotonic() - began)
    return judge_dns(host, len({entry[4][0] for entry in found}), time.monotonic() - began)


def judge_dns(host: str, addresses: int | None, seconds: float) -> Result:
    """The result, from how many addresses were found; None: nobody answered."""
    if addresses is None:
        return Result(Check.DNS, Outcome.BLOCKED, "no-answer")
    if addresses == 0:
        return Result(Check.DNS, Outcome.BLOCKED, "unknown-name")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return Result(Check.DNS, Outcome.WELL, "resolved", {"addresses": addresses, "time_ms": round(seconds * 1000)})
    return Result(Check.DNS, Outcome.WELL, "no-name")
