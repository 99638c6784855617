"""A TCP proxy on loopback that can be cut: what a network does to a connection, at a test's command."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import AsyncIterator
from random import Random


class TcpProxy:
    """Forwards connections to ``host:port``.

    Use as an asynchronous context manager; ``url`` is what a client should be given.

    Attributes:
        accepted: connections so far.
        most_tunnels: WebSockets that may be open at once; further ones are reset, as by a proxy that counts.
        upgrading: whether WebSockets get through; others are reset, as by a proxy that does not know them.
        upgrades: WebSockets that were asked for.
    """

    def __init__(self, port: int, host: str = "127.0.0.1", scheme: str = "http") -> None:
        self.accepted = 0
        self.most_tunnels: int | None = None
        self.upgrading = True
        self.upgrades = 0
        # In the order in which they came; a connection belongs here from its first octets on.
        self._tunnels: list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = []
        self._streams: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._frozen: dict[tuple[asyncio.StreamWriter, asyncio.StreamWriter], asyncio.Event] = {}
        self._target = (host, port)
        self._scheme = scheme
        self._server: asyncio.Server | None = None
        self._open: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._refusing = False
        self._arrived = asyncio.Event()
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def __aenter__(self) -> TcpProxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._flowing.set()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """The port that clients connect to."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The URL that clients connect to."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._open)

    @property
    def tunnels(self) -> int:
        """WebSockets of the tunnel that are open now; only over plain HTTP, for TLS hides them."""
        return len(self._tunnels)

    async def wait_for_connections(self, count: int, within: float = 10.0) -> None:
        """Wait until ``accepted`` is at least ``count``."""
        async with asyncio.timeout(within):
            while self.accepted < count:
                self._arrived.clear()
                await self._arrived.wait()

    def reset(self) -> int:
        """Cut every connection on both sides with a TCP RST and say how many there were."""
        count = len(self._open)
        for pair in list(self._open):
            for writer in pair:
                _reset(writer)
        return count

    def reset_tunnel(self, index: int) -> None:
        """Cut one WebSocket of the tunnel, the oldest being 0."""
        for writer in self._tunnels[index]:
            _reset(writer)

    def reset_streams(self) -> int:
        """Cut the connections over which an HTTP lane is streamed now, and say how many there were."""
        streams = list(self._streams)
        for pair in streams:
            for writer in pair:
                _reset(writer)
        return len(streams)

    def freeze_tunnel(self, index: int, frozen: bool = True) -> None:
        """Let nothing through on one WebSocket of the tunnel, as a lost segment does; or let it flow again."""
        pair = self._tunnels[index]
        if frozen:
            self._frozen.setdefault(pair, asyncio.Event())
        elif (event := self._frozen.pop(pair, None)) is not None:
            event.set()

    def refuse(self, refusing: bool = True) -> None:
        """Reset new connections at once, or accept them again."""
        self._refusing = refusing

    def freeze(self, frozen: bool = True) -> None:
        """Let nothing through while connections stay up, as a dead network does; or let it flow again."""
        if frozen:
            self._flowing.clear()
        else:
            self._flowing.set()

    async def stall(self, seconds: float) -> float:
        """Let nothing through for that long, as a network that loses its link for a moment; give when it ended.

        Returns:
            The wall clock at the end of the stall, s.
        """
        self.freeze()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.freeze(False)
        return time.time()

    @contextlib.asynccontextmanager
    async def jittering(self, seconds: float, seed: int = 1) -> AsyncIterator[None]:
        """Hold everything back again and again, for up to that long each time, while the context lasts."""
        random = Random(seed)

        async def alternate() -> None:
            while True:
                self.freeze()
                await asyncio.sleep(random.uniform(0, seconds))
                self.freeze(False)
                await asyncio.sleep(random.uniform(0, seconds))

        task = asyncio.create_task(alternate())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.freeze(False)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            self.accepted += 1
            self._arrived.set()
            if self._refusing:
                _reset(writer)
                return
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            pair = (writer, far_writer)
            self._open.add(pair)
            try:
                first = await reader.read(65536)
                if b"upgrade: websocket" in first.lower():
                    self.upgrades += 1
                    if not self.upgrading:
                        _reset(writer)
                        return
                self._look_for_stream(first, pair)
                if b"/v1/sessions/" in first:
                    if self.most_tunnels is not None and self.tunnels >= self.most_tunnels:
                        _reset(writer)
                        return
                    self._tunnels.append(pair)
                far_writer.write(first)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._copy(reader, far_writer, pair))
                    group.create_task(self._copy(far_reader, writer, pair))
            finally:
                self._open.discard(pair)
                self._frozen.pop(pair, None)
                self._streams.discard(pair)
                if pair in self._tunnels:
                    self._tunnels.remove(pair)
                for one in pair:
                    one.close()
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            _reset(writer)
        finally:
            self._tasks.discard(task)

    def _look_for_stream(self, data: bytes, pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        """Note a connection with the request of a stream on it; browsers use connections more than once."""
        if data.startswith(b"GET ") and b"/stream HTTP" in data[:400]:
            self._streams.add(pair)

    async def _copy(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        while data := await reader.read(65536):
            self._look_for_stream(data, pair)
            await self._flowing.wait()
            if (frozen := self._frozen.get(pair)) is not None:
                await frozen.wait()
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN: SO_LINGER with a time of zero."""
    sock = writer.get_extra_info("socket")
    if sock is not None and not writer.transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
