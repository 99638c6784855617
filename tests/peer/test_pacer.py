"""Large frames are spread, small ones are not, order is kept."""

from __future__ import annotations

import asyncio

from tests.peer.support import VIDEO, Incoming, connected, eventually, negotiate, pair
from wsmedia.media import EncodedFrame
from wsmedia.peer.pacer import BURST, MAX_WAITING, STEP, Pacer


def _packets(count: int, start: int = 0) -> list[bytes]:
    return [number.to_bytes(4) for number in range(start, start + count)]


async def test_small_frames_leave_at_once() -> None:
    calls: list[list[bytes]] = []
    pacer = Pacer(calls.append)
    pacer.send(_packets(BURST))
    pacer.send(_packets(3))
    assert calls == [_packets(BURST), _packets(3)]


async def test_large_frames_are_spread_and_stay_in_order() -> None:
    calls: list[list[bytes]] = []
    pacer = Pacer(calls.append)
    pacer.send(_packets(BURST + 2 * STEP))
    pacer.send(_packets(5, BURST + 2 * STEP))
    assert calls == [_packets(BURST)]
    await eventually(lambda: sum(map(len, calls)) == BURST + 2 * STEP + 5)
    assert [len(call) for call in calls] == [BURST, STEP, STEP, 5]
    assert [packet for call in calls for packet in call] == _packets(BURST + 2 * STEP + 5)


async def test_the_queue_is_bounded_and_loses_nothing() -> None:
    calls: list[list[bytes]] = []
    pacer = Pacer(calls.append)
    pacer.send(_packets(100))
    pacer.send(_packets(MAX_WAITING, 100))
    assert len(pacer._waiting) == MAX_WAITING
    await asyncio.sleep(0)
    sent = [packet for call in calls for packet in call]
    assert sent == _packets(len(sent))
    pacer.close()
    assert pacer._waiting == []


async def test_a_huge_keyframe_arrives_whole() -> None:
    async with pair() as (a, b):
        incoming = Incoming(b)
        video = a.add_sender(VIDEO)
        await negotiate(a, b)
        await connected(a, b)
        picture = b"\0\0\0\1\x65\x88" + b"\x55" * 600_000
        video.send_frame(EncodedFrame(picture, 0, 0, keyframe=True))
        frames = await incoming.of("video").wait(1)
        assert frames[0].data == picture
