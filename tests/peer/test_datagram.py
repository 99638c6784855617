"""The socket under the media path: order, sizes and bounds of what is sent in one call."""

from __future__ import annotations

import asyncio
import errno
import socket
from unittest.mock import MagicMock

import pytest

from tests.peer.support import eventually
from wsmedia.peer.datagram import MAX_SEGMENTS, DatagramEndpoint

SIZES = {
    "one": [100],
    "equal": [1200] * 5,
    "a frame: parameter sets, fragments, a smaller last one": [30, *[1180] * 7, 400],
    "falling": [500, 400, 300, 300, 200],
    "rising": [100, 200, 300],
    "more than one call takes": [1300] * (2 * MAX_SEGMENTS + 3),
}


@pytest.mark.parametrize("segments", [True, False], ids=["segments", "one by one"])
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES.keys())
async def test_datagrams_arrive_as_they_were_given(sizes, segments):
    received: list[bytes] = []
    receiver = DatagramEndpoint("127.0.0.1", lambda data, _address: received.append(data))
    sender = DatagramEndpoint("127.0.0.1", lambda _data, _address: None)
    try:
        sender._can_segment = sender._can_segment and segments
        datagrams = [bytes([index % 256]) * size for index, size in enumerate(sizes)]
        sender.send_all(datagrams, receiver.address)
        await eventually(lambda: len(received) == len(datagrams))
        assert received == datagrams
        assert sender.datagrams_dropped == 0
    finally:
        sender.close()
        receiver.close()
        await asyncio.sleep(0)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EIO])
async def test_where_the_kernel_cannot_cut_each_datagram_is_sent_by_itself(code):
    endpoint = DatagramEndpoint("127.0.0.1", lambda _data, _address: None)
    real, endpoint._socket = endpoint._socket, MagicMock(spec=socket.socket)
    endpoint._can_segment = True
    endpoint._socket.sendmsg.side_effect = OSError(code, "no")
    try:
        endpoint.send_all([b"a", b"b", b"c"], ("127.0.0.1", 9))
        endpoint.send_all([b"d", b"e"], ("127.0.0.1", 9))
        assert [call.args[0] for call in endpoint._socket.sendto.call_args_list] == [b"a", b"b", b"c", b"d", b"e"]
        assert endpoint._socket.sendmsg.call_count == 1
    finally:
        endpoint._socket = real
        endpoint.close()


async def test_a_full_buffer_drops_and_counts():
    endpoint = DatagramEndpoint("127.0.0.1", lambda _data, _address: None)
    real, endpoint._socket = endpoint._socket, MagicMock(spec=socket.socket)
    endpoint._can_segment = True
    endpoint._socket.sendmsg.side_effect = BlockingIOError(errno.EAGAIN, "full")
    endpoint._socket.sendto.side_effect = BlockingIOError(errno.EAGAIN, "full")
    try:
        endpoint.send_all([b"aa", b"bb", b"c", b"dddd"], ("127.0.0.1", 9))
        assert endpoint.datagrams_dropped == 4
        assert endpoint._can_segment
    finally:
        endpoint._socket = real
        endpoint.close()
