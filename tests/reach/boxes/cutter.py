"""Passes TCP connections on to where they were meant to go, and ends them: after a silence, and after a while anyway.

Runs by itself in the middle, ``python -m tests.reach.boxes.cutter HOST PORT SILENCE LIFE`` (seconds); nftables
redirects the client's connections here. Both ends see a reset, as from a firewall that has forgotten them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys

_SO_ORIGINAL_DST = 80
_BLOCK = 65536


def _original_destination(tcp: socket.socket) -> tuple[str, int]:
    port, address = struct.unpack("!2xH4s8x", tcp.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16))
    return socket.inet_ntoa(address), port


class _Box:
    def __init__(self, silence: float, life: float) -> None:
        self._silence, self._life = silence, life

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = _original_destination(writer.get_extra_info("socket"))
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.transport.abort()
            return
        try:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._life):
                    await self._pass_on(reader, writer, far_reader, far_writer)
        finally:
            for one in (writer, far_writer):
                # A reset, not an orderly end.
                tcp = one.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.transport.abort()

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        async with asyncio.timeout(self._silence) as silence:
            loop = asyncio.get_running_loop()

            async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
                while block := await source.read(_BLOCK):
                    silence.reschedule(loop.time() + self._silence)
                    sink.write(block)
                    await sink.drain()
                sink.write_eof()

            await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))


async def _run(host: str, port: int, silence: float, life: float) -> None:
    server = await asyncio.start_server(_Box(silence, life).serve, host, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
