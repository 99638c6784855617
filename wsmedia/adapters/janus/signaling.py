"""Janus' WebSocket API (subprotocol ``janus-protocol``): one connection, one Janus session, its plugin handles.

A request carries a ``transaction``. Janus answers at once (``success``, ``error``) or, for work that takes time, with
``ack`` now and an ``event`` of the same transaction later; ``request`` and ``Handle.send`` hide the difference. Events
without a transaction go to the handle that they name. Nothing here knows of rooms: see ``videoroom``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from wsmedia.adapters.janus.errors import RefusedError, UnavailableError
from wsmedia.adapters.janus.parallel import to_the_end

_log = logging.getLogger(__name__)
# The library logs every message, SDP included, at DEBUG: those stay out of the logs.
_websocket_log = logging.getLogger(f"{__name__}.websocket")
_websocket_log.setLevel(logging.WARNING)

_MAX_MESSAGE_BYTES = 1 << 20
_MAX_PENDING = 256
_FINAL = frozenset(("success", "error", "event"))


class _Jsep(msgspec.Struct):
    type: str
    sdp: str


class _PluginData(msgspec.Struct):
    data: dict[str, Any] = {}


class _Error(msgspec.Struct):
    code: int = 0
    reason: str = ""


class _Message(msgspec.Struct):
    """What Janus sends; members of all kinds of message, absent where they do not belong."""

    janus: str
    transaction: str | None = None
    sender: int | None = None
    data: dict[str, Any] = {}
    plugindata: _PluginData | None = None
    jsep: _Jsep | None = None
    error: _Error | None = None
    reason: str = ""


_decoder = msgspec.json.Decoder(_Message)
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class PluginReply:
    """What a plugin answered or reported: its own data, and the session description that came along."""

    data: dict[str, Any]
    sdp: str | None = None


class Handle:
    """One attachment to a plugin.

    Attributes:
        on_event: called with every plugin event that answers no request of ours.
        on_connected: called when Janus says that media can flow (``webrtcup``).
        on_hangup: called with Janus' reason when it has given up the PeerConnection of this handle, or the handle.
    """

    def __init__(self, connection: JanusConnection, handle_id: int) -> None:
        self.on_event: Callable[[PluginReply], None] = lambda _reply: None
        self.on_connected: Callable[[], None] = lambda: None
        self.on_hangup: Callable[[str], None] = lambda _reason: None
        self._connection = connection
        self._handle_id = handle_id

    async def send(self, body: dict[str, Any], *, offer: str | None = None, answer: str | None = None) -> PluginReply:
        """Send a plugin message, with a session description if there is one, and wait for the plugin's answer.

        Raises:
            RefusedError: the core or the plugin answered with an error.
            UnavailableError: no answer in time, or the connection is gone.
        """
        message: dict[str, Any] = {"janus": "message", "handle_id": self._handle_id, "body": body}
        if offer is not None:
            message["jsep"] = {"type": "offer", "sdp": offer}
        elif answer is not None:
            message["jsep"] = {"type": "answer", "sdp": answer}
        reply = await self._connection.request(message)
        data = reply.plugindata.data if reply.plugindata is not None else {}
        if "error_code" in data or "error" in data:
            raise RefusedError(_as_int(data.get("error_code")), str(data.get("error", "")))
        return PluginReply(data, reply.jsep.sdp if reply.jsep is not None else None)

    async def detach(self) -> None:
        """Give the handle and its PeerConnection back; never raises, for Janus may have gone."""
        self._connection.forget(self._handle_id)
        with contextlib.suppress(RefusedError, UnavailableError):
            await self._connection.request({"janus": "detach", "handle_id": self._handle_id})

    def _dispatch(self, message: _Message) -> None:
        if message.janus == "event" and message.plugindata is not None:
            self.on_event(PluginReply(message.plugindata.data, message.jsep.sdp if message.jsep is not None else None))
        elif message.janus == "webrtcup":
            self.on_connected()
        elif message.janus == "hangup":
            self.on_hangup(message.reason or "hung up")
        elif message.janus == "detached":
            self.on_hangup("the handle was detached")


class JanusConnection:
    """A WebSocket with one Janus session on it, kept alive; ``async with`` ends both.

    Args:
        url: ``ws://`` or ``wss://`` address of Janus' WebSocket transport.
        api_secret: Janus' ``api_secret``, if it is configured there.
        token: Janus' token, if token authentication is on there.
        timeout_s: how long an answer may take.
        keepalive_s: how often to say that we live; Janus forgets a silent session after 60 s.
    """

    def __init__(
        self,
        url: str,
        *,
        api_secret: str | None = None,
        token: str | None = None,
        timeout_s: float = 10.0,
        keepalive_s: float = 25.0,
    ) -> None:
        self._url = url
        self._credentials = {
            name: value for name, value in (("apisecret", api_secret), ("token", token)) if value is not None
        }
        self._timeout_s = timeout_s
        self._keepalive_s = keepalive_s
        self._socket: ClientConnection | None = None
        self._session_id: int | None = None
        self._pending: dict[str, tuple[asyncio.Future[_Message], frozenset[str]]] = {}
        self._handles: dict[int, Handle] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def lost(self) -> asyncio.Future[str]:
        """Done, with a reason in plain words, when the connection is gone."""
        return self._lost

    async def __aenter__(self) -> JanusConnection:
        """Connect and create the Janus session.

        Raises:
            UnavailableError: nobody answers, or it is not Janus.
            RefusedError: Janus wants other credentials.
        """
        try:
            self._socket = await connect(
                self._url,
                subprotocols=[Subprotocol("janus-protocol")],
                open_timeout=self._timeout_s,
                close_timeout=1.0,
                ping_interval=self._timeout_s,
                ping_timeout=self._timeout_s,
                max_size=_MAX_MESSAGE_BYTES,
                compression=None,
                logger=_websocket_log,
            )
        except (OSError, TimeoutError, WebSocketException) as error:
            raise UnavailableError(f"Janus cannot be reached: {_plain(error)}") from error
        self._tasks.append(asyncio.create_task(self._read(self._socket), name="janus-read"))
        try:
            created = await self.request({"janus": "create"})
        except BaseException:
            await to_the_end(self.close())
            raise
        self._session_id = _as_int(created.data.get("id"))
        self._tasks.append(asyncio.create_task(self._keep_alive(), name="janus-keepalive"))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close; see ``close``."""
        await to_the_end(self.close())

    async def close(self) -> None:
        """Destroy the Janus session, and with it every handle, and close the socket. Safe to call twice."""
        if self._socket is None:
            return
        if self._session_id is not None and not self._lost.done():
            with contextlib.suppress(RefusedError, UnavailableError):
                await self.request({"janus": "destroy"}, timeout_s=min(2.0, self._timeout_s))
        self._end("closed")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def attach(self, plugin: str) -> Handle:
        """Attach to a plugin by its package name.

        Raises:
            RefusedError: Janus has no such plugin.
            UnavailableError: as ``request``.
        """
        reply = await self.request({"janus": "attach", "plugin": plugin})
        handle_id = _as_int(reply.data.get("id"))
        handle = self._handles[handle_id] = Handle(self, handle_id)
        return handle

    def forget(self, handle_id: int) -> None:
        """Deliver nothing more to a handle."""
        self._handles.pop(handle_id, None)

    async def request(
        self, message: dict[str, Any], *, timeout_s: float | None = None, final: frozenset[str] = _FINAL
    ) -> _Message:
        """Send one request and wait for its final answer.

        Args:
            message: the request without its transaction, session and credentials.
            timeout_s: how long to wait, instead of the connection's own time-out.
            final: the kinds of message that answer it; an ``ack`` is only a promise of one, as a rule.

        Raises:
            RefusedError: Janus answered ``error``.
            UnavailableError: no answer in time, too much unanswered already, or the connection is gone.
        """
        if self._lost.done() or self._socket is None:
            raise UnavailableError("the connection to Janus is gone")
        if len(self._pending) >= _MAX_PENDING:
            raise UnavailableError("Janus leaves too many requests unanswered")
        transaction = secrets.token_hex(8)
        future: asyncio.Future[_Message] = asyncio.get_running_loop().create_future()
        self._pending[transaction] = (future, final)
        full = {**message, **self._credentials, "transaction": transaction}
        if self._session_id is not None:
            full["session_id"] = self._session_id
        try:
            async with asyncio.timeout(self._timeout_s if timeout_s is None else timeout_s):
                await self._socket.send(_encoder.encode(full), text=True)
                reply = await future
        except TimeoutError as error:
            raise UnavailableError(f"Janus did not answer {message['janus']!r} in time") from error
        except (OSError, WebSocketException) as error:
            raise UnavailableError(f"the connection to Janus broke: {_plain(error)}") from error
        finally:
            del self._pending[transaction]
        if reply.error is not None:
            raise RefusedError(reply.error.code, reply.error.reason)
        return reply

    async def _read(self, socket: ClientConnection) -> None:
        reason = "Janus closed the connection"
        try:
            async for data in socket:
                try:
                    message = _decoder.decode(data)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    _log.warning("Janus sent a message that is not of its API; ignored")
                    continue
                self._received(message)
        except (OSError, WebSocketException) as error:
            reason = f"the connection to Janus broke: {_plain(error)}"
        finally:
            self._end(reason)

    def _received(self, message: _Message) -> None:
        pending = self._pending.get(message.transaction) if message.transaction is not None else None
        if pending is not None:
            future, final = pending
            if message.janus in final and not future.done():
                future.set_result(message)
            return
        if message.janus == "timeout":
            self._end("Janus timed the session out")
            return
        handle = self._handles.get(message.sender) if message.sender is not None else None
        if handle is None:
            return
        try:
            handle._dispatch(message)
        except Exception:  # a bug in a listener must not end the reader, which everybody depends on
            _log.exception("handling a Janus %s event failed", message.janus)

    async def _keep_alive(self) -> None:
        while not self._lost.done():
            await asyncio.sleep(self._keepalive_s)
            try:
                await self.request({"janus": "keepalive"}, final=frozenset(("ack", "error")))
            except (RefusedError, UnavailableError) as error:
                self._end(str(error))

    def _end(self, reason: str) -> None:
        if not self._lost.done():
            self._lost.set_result(reason)
        for future, _final in self._pending.values():
            if not future.done():
                future.set_exception(UnavailableError(reason))


def _as_int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _plain(error: BaseException) -> str:
    return str(error) or type(error).__name__
