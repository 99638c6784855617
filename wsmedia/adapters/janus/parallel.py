"""Things that run together and end together, and things that must end whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from wsmedia.errors import SfuError


async def raise_when(reason: asyncio.Future[str], error: type[SfuError]) -> None:
    """Wait for a reason and raise it as an error."""
    raise error(await asyncio.shield(reason))


async def first_to_end(*parts: Coroutine[Any, Any, None]) -> None:
    """Run until one part ends, end the others, and raise what it raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def to_the_end(cleanup: Coroutine[Any, Any, None]) -> None:
    """Await a clean-up of bounded length to its end, even when cancelled meanwhile; the cancellation counts afterwards.

    Without it, what is cleaning up because of one failure would be interrupted by the next, and leave sockets open.
    """
    task = asyncio.ensure_future(cleanup)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if not task.cancelled():
        task.result()
    if cancelled is not None:
        raise cancelled
