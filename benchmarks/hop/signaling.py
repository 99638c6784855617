"""Session descriptions between the processes of the benchmark: one JSON line each way over a Unix socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

_LISTEN_TIMEOUT = 20.0


async def exchange(path: str, label: str, offer: str) -> str:
    """Send an offer and give the answer.

    Args:
        path: the Unix socket of the answering process.
        label: whose offer it is.
        offer: session description.
    """
    reader, writer = await _connect(path)
    writer.write(json.dumps({"label": label, "offer": offer}).encode() + b"\n")
    answer = json.loads(await reader.readline())["answer"]
    writer.close()
    return str(answer)


async def answer_offers(path: str, answer: Callable[[str, str], Awaitable[str]]) -> asyncio.Server:
    """Answer offers on a Unix socket with ``await answer(label, offer)``."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = json.loads(await reader.readline())
        text = await answer(request["label"], request["offer"])
        writer.write(json.dumps({"answer": text}).encode() + b"\n")
        await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(serve, path, limit=1 << 20)


async def _connect(path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect as soon as the other process listens."""
    async with asyncio.timeout(_LISTEN_TIMEOUT):
        while True:
            try:
                return await asyncio.open_unix_connection(path, limit=1 << 20)
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(0.05)
