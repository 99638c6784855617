"""A reverse proxy of the old school: speaks HTTP/1.0 to the client, and passes an answer on when it has all of it.

Runs by itself beside the gateway, ``python -m tests.reach.boxes.whole_answers HOST PORT CERTIFICATE KEY UPSTREAM``
(the upstream's port on loopback). It ends TLS, drops Upgrade, and gives up an answer that has not ended after 20 s with
a 504, as such proxies do.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys

_LARGEST = 1 << 20
_PATIENCE = 20.0
_DROPPED = ("connection", "upgrade", "keep-alive", "host", "transfer-encoding", "expect")
"""What such a proxy does not pass on, to either side."""


def _fields(head: bytes) -> tuple[str, list[tuple[str, str]]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    return first, [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]


def _value(fields: list[tuple[str, str]], name: str) -> str | None:
    return next((value for key, value in fields if key.lower() == name), None)


def _written(first: str, fields: list[tuple[str, str]], *more: str) -> bytes:
    kept = [f"{name}: {value}" for name, value in fields if name.lower() not in _DROPPED]
    return "\r\n".join([first, *kept, *more, "", ""]).encode("latin-1")


class _Proxy:
    def __init__(self, upstream: int) -> None:
        self._upstream = upstream

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head, fields = _fields((await reader.readuntil(b"\r\n\r\n"))[:-2])
            body = await reader.readexactly(min(_LARGEST, int(_value(fields, "content-length") or 0)))
            try:
                async with asyncio.timeout(_PATIENCE):
                    writer.write(await self._ask(head, fields, body))
            except TimeoutError:
                writer.write(b"HTTP/1.0 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    async def _ask(self, head: str, fields: list[tuple[str, str]], body: bytes) -> bytes:
        method, target, _ = head.split(" ")
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            host = _value(fields, "host") or "gateway"
            writer.write(_written(f"{method} {target} HTTP/1.0", fields, f"Host: {host}") + body)
            answer = await reader.read(-1)  # HTTP/1.0: to the connection's end
        finally:
            writer.close()
        head_of_answer, _, content = answer.partition(b"\r\n\r\n")
        first, answered = _fields(head_of_answer)
        kept = [(name, value) for name, value in answered if name.lower() != "content-length"]
        first = f"HTTP/1.0 {first.partition(' ')[2]}"
        return _written(first, kept, f"Content-Length: {len(content)}") + content


async def _run(host: str, port: int, certificate: str, key: str, upstream: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(_Proxy(upstream).serve, host, port, ssl=context, limit=_LARGEST)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])))
