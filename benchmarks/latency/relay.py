"""The middle of the naive carrier: passes every message of one WebSocket on to another, at once and without a bound.

Runs by itself beside the gateway, ``python -m benchmarks.latency.relay HOST PORT CERTIFICATE KEY``: whoever opens
``/watch`` gets what whoever opens ``/send`` sends. It says ``listening`` when it does.
"""

from __future__ import annotations

import asyncio
import ssl
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve

_LARGEST = 8_000_000


async def _run(host: str, port: int, certificate: str, key: str) -> None:
    watchers: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        if connection.request is not None and connection.request.path == "/watch":
            watchers.add(connection)
            await connection.wait_closed()
            watchers.discard(connection)
            return
        async for message in connection:
            broadcast(watchers, message)  # never waits: that is what is naive about it

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with serve(handle, host, port, ssl=context, compression=None, max_size=_LARGEST) as server:
        print("listening", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))
