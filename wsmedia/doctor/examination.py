"""Runs the checks side by side in three rounds, so that none disturbs another, and hands each result out as it comes.

First the name and the certificate: what follows depends on them. Then everything that is light, with the silent
connections, which only wait, running along to the end. Then what fills the way, one after the other: throughput, native
WebRTC, the tunnel over each kind of lane.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from wsmedia.doctor.arrival import check_arrival
from wsmedia.doctor.buffering import check_buffering
from wsmedia.doctor.dns import check_dns
from wsmedia.doctor.idle import check_idle
from wsmedia.doctor.native import check_native
from wsmedia.doctor.private_room import private_room
from wsmedia.doctor.relays import RELAY_CHECKS, IceServer, ask_ice_servers, check_relay
from wsmedia.doctor.site import Site
from wsmedia.doctor.throughput import check_throughput
from wsmedia.doctor.tls import check_tls
from wsmedia.doctor.tunnel_media import check_tunnel_media
from wsmedia.doctor.upload import check_upload
from wsmedia.doctor.websocket import check_websocket
from wsmedia.findings import Check, Outcome, Result

logger = logging.getLogger(__name__)

TUNNEL_CHECKS = (Check.TUNNEL_WEBSOCKET, Check.TUNNEL_HTTP_STREAM, Check.TUNNEL_HTTP_POLL)
MEDIA_CHECKS = (Check.NATIVE, *TUNNEL_CHECKS)


class Examination:
    """One run.

    Args:
        site: the gateway.
        began: told each check that begins.
        found: told each result.

    Attributes:
        ice_servers: those that the gateway has named, once the run is over.
    """

    def __init__(self, site: Site, began: Callable[[Check], None], found: Callable[[Result], None]) -> None:
        self._site = site
        self._began = began
        self._found = found
        self.ice_servers: list[IceServer] = []
        self._results: dict[Check, Result] = {}

    async def run(self) -> list[Result]:
        """All results, in the order of the checks."""
        site = self._site
        named = await self._one(Check.DNS, check_dns(site))
        if named.outcome is not Outcome.BLOCKED:
            certified = await self._one(Check.TLS, check_tls(site))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._one(Check.IDLE, check_idle(site)))
                await self._light()
                if self._results[Check.HTTP].outcome is not Outcome.BLOCKED:
                    await self._one(Check.THROUGHPUT, check_throughput(site))
                    await self._media(certified)
        return [self._results[check] for check in Check if check in self._results]

    async def _light(self) -> None:
        site = self._site
        await asyncio.gather(
            self._one(Check.HTTP, check_arrival(site)),
            self._one(Check.WEBSOCKET, check_websocket(site)),
            self._one(Check.BUFFERING, check_buffering(site)),
            self._one(Check.UPLOAD, check_upload(site)),
        )

    async def _media(self, certified: Result) -> None:
        if certified.outcome is Outcome.BLOCKED:
            for check in MEDIA_CHECKS:  # a token is not shown to whoever signs like this
                self._tell(Result(check, Outcome.BLOCKED, "untrusted"))
            return
        room = await private_room(self._site)
        if isinstance(room, str):
            for check in MEDIA_CHECKS:
                self._tell(Result(check, Outcome.UNTESTED, room))
            return
        # One after the other: on a narrow way they would take it from each other.
        for check in TUNNEL_CHECKS:
            await self._one(check, check_tunnel_media(self._site, check, room))
        await self._one(Check.NATIVE, check_native(self._site, room))
        self.ice_servers = await ask_ice_servers(self._site, room.token)
        for check in RELAY_CHECKS:
            await self._one(check, check_relay(self._site, check, self.ice_servers))

    async def _one(self, check: Check, work: Coroutine[Any, Any, Result]) -> Result:
        self._began(check)
        try:
            result = await work
        except Exception as error:  # one check that fails shall not take the others' results along
            logger.debug("the check %s failed", check, exc_info=True)
            result = Result(check, Outcome.UNTESTED, "failed", note=type(error).__name__)
        self._tell(result)
        return result

    def _tell(self, result: Result) -> None:
        self._results[result.check] = result
        self._found(result)
