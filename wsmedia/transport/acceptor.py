"""Accepts TCP connections, ends their TLS, and bounds how many there are and how long their beginning takes.

An event loop's own server accepts whatever comes, and tells of a TLS connection only when its handshake is over. Here
each connection is counted from its first moment. Overflow policy: beyond the bound a connection is closed at once, so
that a client hears it and goes on elsewhere or later; those that are there stay.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable

# Nothing is left to accept a connection with: wait, so that some may end.
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_REST = 0.5
_WARNING_INTERVAL = 60.0

logger = logging.getLogger(__name__)


class Acceptor:
    """One listening socket.

    Args:
        listening: bound, listening, not blocking; closed by ``close``.
        make_protocol: a protocol for one connection.
        is_full: whether no more connections may come now.
        tls: ends TLS; None for plain TCP.
        handshake_timeout: seconds that a TLS handshake may take.
    """

    def __init__(
        self,
        listening: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        *,
        is_full: Callable[[], bool],
        tls: ssl.SSLContext | None = None,
        handshake_timeout: float = 10.0,
    ) -> None:
        self._listening = listening
        self._make_protocol = make_protocol
        self._is_full = is_full
        self._tls = tls
        self._handshake_timeout = handshake_timeout if tls is not None else None
        self._beginning: set[asyncio.Task[None]] = set()
        self._warned_at: float | None = None
        self._accepting = asyncio.create_task(self._accept())

    @property
    def beginning(self) -> int:
        """Connections that have been accepted and not yet been given to a protocol."""
        return len(self._beginning)

    async def close(self) -> None:
        """Accept no more, and drop connections that were only beginning."""
        tasks = [self._accepting, *self._beginning]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listening.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listening)
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._warn(f"cannot accept a connection: {error.strerror}")
                    await asyncio.sleep(_REST)
                continue
            if self._is_full():
                self._warn("as many connections as allowed; further ones are refused")
                connection.close()
            else:
                task = asyncio.create_task(self._begin(connection))
                self._beginning.add(task)
                task.add_done_callback(self._beginning.discard)
            # Many that come at once must not keep everybody else's frames waiting.
            await asyncio.sleep(0)

    async def _begin(self, connection: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._make_protocol, connection, ssl=self._tls, ssl_handshake_timeout=self._handshake_timeout
            )
        except OSError as error:  # TLS errors and time-outs are among them
            logger.debug("a connection failed at its beginning: %s", type(error).__name__)
            connection.close()
        except BaseException:
            connection.close()
            raise

    def _warn(self, what: str) -> None:
        now = asyncio.get_running_loop().time()
        if self._warned_at is None or now - self._warned_at > _WARNING_INTERVAL:
            self._warned_at = now
            logger.warning("%s", what)
