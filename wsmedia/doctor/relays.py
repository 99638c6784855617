"""Whether the gateway's STUN and TURN servers can be reached, one check for each transport."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from aioice import stun, turn

from wsmedia.doctor.site import Site
from wsmedia.findings import Check, Outcome, Result

RELAY_CHECKS = (Check.STUN, Check.TURN_UDP, Check.TURN_TCP, Check.TURN_TLS)
_PATIENCE = 8.0
_RETRY = 0.5
_PORTS = {"stun": 3478, "turn": 3478, "turns": 5349, "stuns": 5349}


@dataclass(frozen=True, slots=True)
class IceServer:
    """One URL of the gateway's servers, and what opens it."""

    check: Check
    host: str
    port: int
    username: str | None = None
    credential: str | None = None


async def ask_ice_servers(site: Site, token: str | None) -> list[IceServer]:
    """The servers that the gateway names; none when it does not tell."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with site.http(verify=site.trusted()) as http:
            answer = await http.get("/v1/ice", headers=headers)
            body: Any = answer.json() if answer.status_code == 200 else None
    except (httpx.HTTPError, OSError, ValueError):
        return []
    return sort_servers(body)


def sort_servers(body: Any) -> list[IceServer]:
    """Read the gateway's answer; URLs that are none are left out."""
    found = []
    servers = body.get("ice_servers") if isinstance(body, dict) else None
    for server in servers if isinstance(servers, list) else []:
        urls = server.get("urls") if isinstance(server, dict) else None
        for url in urls if isinstance(urls, list) else []:
            parsed = _parsed(str(url), server.get("username"), server.get("credential"))
            if parsed is not None:
                found.append(parsed)
    return found


def _parsed(url: str, username: str | None, credential: str | None) -> IceServer | None:
    """One URL (RFC 7064, RFC 7065): ``turn:`` is UDP unless it says otherwise."""
    scheme, _, rest = url.partition(":")
    try:
        parts = urlsplit(f"//{rest}")
        port = parts.port
    except ValueError:
        return None
    if scheme not in _PORTS or not parts.hostname:
        return None
    transport = parse_qs(parts.query).get("transport", ["udp"])[0]
    check = {"stun": Check.STUN, "stuns": Check.STUN, "turns": Check.TURN_TLS}.get(
        scheme, Check.TURN_TCP if transport == "tcp" else Check.TURN_UDP
    )
    return IceServer(check, parts.hostname, port or _PORTS[scheme], username, credential)


async def check_relay(site: Site, check: Check, servers: list[IceServer]) -> Result:
    """Ask the first server of that transport for an answer (STUN) or an address (TURN)."""
    server = next((one for one in servers if one.check is check), None)
    if server is None:
        return judge_relay(check, offered=False, seconds=None)
    began = time.monotonic()
    try:
        async with asyncio.timeout(_PATIENCE):
            await (_bind(server) if check is Check.STUN else _allocate(site, server))
    except (TimeoutError, OSError, ssl.SSLError, stun.TransactionError):
        return judge_relay(check, offered=True, seconds=None)
    return judge_relay(check, offered=True, seconds=time.monotonic() - began)


def judge_relay(check: Check, *, offered: bool, seconds: float | None) -> Result:
    """The result; ``seconds`` until there was an answer, None for none."""
    if not offered:
        return Result(check, Outcome.UNTESTED, "not-offered")
    if seconds is None:
        return Result(check, Outcome.BLOCKED, "blocked")
    return Result(check, Outcome.WELL, "works", {"setup_ms": round(seconds * 1000)})


async def _allocate(site: Site, server: IceServer) -> None:
    secure = server.check is Check.TURN_TLS
    transport, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol,
        server_addr=(server.host, server.port),
        username=server.username,
        password=server.credential,
        lifetime=60,
        ssl=(site.address.ssl_context(site.insecure) or True) if secure else None,
        transport="udp" if server.check is Check.TURN_UDP else "tcp",
    )
    transport.close()


class _Answer(asyncio.DatagramProtocol):
    """Waits for the answer to one binding request."""

    def __init__(self, transaction_id: bytes) -> None:
        self.arrived = asyncio.Event()
        self._transaction_id = transaction_id

    def datagram_received(self, data: bytes, _: Any) -> None:
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        if message.transaction_id == self._transaction_id:
            self.arrived.set()


async def _bind(server: IceServer) -> None:
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    loop = asyncio.get_running_loop()
    transport, answer = await loop.create_datagram_endpoint(
        lambda: _Answer(request.transaction_id), remote_addr=(server.host, server.port)
    )
    try:
        while not answer.arrived.is_set():
            transport.sendto(bytes(request))
            try:
                async with asyncio.timeout(_RETRY):
                    await answer.arrived.wait()
            except TimeoutError:
                continue
    finally:
        transport.close()
