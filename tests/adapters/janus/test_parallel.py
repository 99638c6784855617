"""Clean-up goes to its end; what runs together ends together."""

from __future__ import annotations

import asyncio

import pytest

from wsmedia.adapters.janus.parallel import first_to_end, raise_when, to_the_end
from wsmedia.errors import SfuError


async def test_cancelling_does_not_interrupt_a_clean_up() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    done: list[str] = []

    async def cleanup() -> None:
        begun.set()
        await go_on.wait()
        done.append("closed")

    task = asyncio.create_task(to_the_end(cleanup()))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["closed"]


async def test_a_failing_clean_up_says_so() -> None:
    async def cleanup() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await to_the_end(cleanup())


async def test_the_first_end_ends_the_others_and_is_raised() -> None:
    ended: list[str] = []

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("other")

    reason: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    together = asyncio.create_task(first_to_end(wait_for_ever(), raise_when(reason, SfuError)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    reason.set_result("gone")
    with pytest.raises(SfuError, match="gone"):
        await together
    assert ended == ["other"]
