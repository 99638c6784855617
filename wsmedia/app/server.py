"""The server: HTTPS and HTTP listeners of one application on one event loop, from start to orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from dataclasses import dataclass
from typing import cast

import uvicorn

from wsmedia.app.arrival import Certificate
from wsmedia.app.asgi import make_app
from wsmedia.app.config import ConfigError
from wsmedia.app.parts import Parts
from wsmedia.app.settings import Settings
from wsmedia.app.tcp import control_congestion
from wsmedia.app.tls import ensure_certificate
from wsmedia.errors import WsmediaError
from wsmedia.ports import Adapter
from wsmedia.transport.acceptor import Acceptor
from wsmedia.transport.first_octet import FirstOctet
from wsmedia.transport.http import HttpCarrier
from wsmedia.transport.websocket import WebSocketCarrier

_GRACE = 3  # seconds for responses that are still being written at the end

logger = logging.getLogger(__name__)


class StartError(WsmediaError):
    """The server cannot listen; the message says why in plain words."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One address that the server listens on; ``self_signed`` tells whether browsers will warn."""

    scheme: str
    host: str
    port: int
    self_signed: bool

    @property
    def url(self) -> str:
        """For people: a name or address that can be opened on this machine."""
        host = "localhost" if self.host in ("127.0.0.1", "::1") else self.host
        if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
            host = socket.gethostname()
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}/"


@dataclass(frozen=True, slots=True)
class _Serving:
    server: uvicorn.Server
    acceptor: Acceptor
    ticking: asyncio.Task[None]


class Gateway:
    """A gateway that can be started and stopped.

    Args:
        settings: checked.
        adapter: the SFU; by default the one that the settings name.
    """

    def __init__(self, settings: Settings, adapter: Adapter | None = None) -> None:
        self.parts = Parts(settings, adapter=adapter)
        self.listeners: list[Listener] = []
        self._settings = settings
        self._servers: list[_Serving] = []

    async def start(self) -> None:
        """Listen on every configured address.

        Raises:
            StartError: an address or port cannot be had.
            ConfigError: the certificate or its directory cannot be used.
        """
        settings = self._settings
        app = make_app(self.parts)
        planned: list[tuple[uvicorn.Config, socket.socket, str]] = []
        try:
            if settings.https:
                config = self._config(app, tls=True)
                planned.append((config, self._listen(settings.host, settings.port, "port"), "https"))
            if settings.http:
                config = self._config(app, tls=False)
                planned.append((config, self._listen(settings.http_host, settings.http_port, "http_port"), "http"))
        except BaseException:
            for _, bound, _ in planned:
                bound.close()
            raise
        await self.parts.start()
        for config, bound, scheme in planned:
            self._servers.append(self._serve(config, bound))
            host, port = bound.getsockname()[:2]
            self_signed = scheme == "https" and settings.tls_cert is None
            self.listeners.append(Listener(scheme, host, port, self_signed))

    async def stop(self) -> None:
        """Stop listening, close every session in order, finish what is being answered."""
        servers, self._servers = self._servers, []
        # First of all nobody new: clients that want to come back shall find nobody, rather than a gateway that goes.
        for serving in servers:
            await serving.acceptor.close()
        await self.parts.close()
        for serving in servers:
            serving.ticking.cancel()
        await asyncio.gather(*(serving.ticking for serving in servers), return_exceptions=True)
        await asyncio.gather(*(serving.server.shutdown() for serving in servers))

    @property
    def connections(self) -> int:
        """TCP connections that are open, of all listeners."""
        return sum(
            serving.acceptor.beginning + len(serving.server.server_state.connections) for serving in self._servers
        )

    def _listen(self, host: str, port: int, key: str) -> socket.socket:
        listening = _bind(host, port, key)
        try:
            control_congestion(listening, self._settings.tcp_congestion_control)
        except BaseException:
            listening.close()
            raise
        return listening

    def _serve(self, config: uvicorn.Config, bound: socket.socket) -> _Serving:
        """Run uvicorn's server on connections that we accept, which bounds them."""
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        server.servers = []
        connections = cast("set[asyncio.Protocol]", server.server_state.connections)
        turn = self.parts.turn
        acceptor = Acceptor(
            bound,
            lambda: FirstOctet(
                lambda: HttpCarrier(config, server.server_state, server.lifespan.state),
                None if turn is None else lambda: turn.carrier(connections),
                connections,
                HttpCarrier.request_timeout,
            ),
            is_full=lambda: self.connections >= self._settings.max_connections,
            tls=config.ssl,
        )
        server.started = True
        return _Serving(server, acceptor, asyncio.create_task(server.main_loop()))

    def _config(self, app: object, *, tls: bool) -> uvicorn.Config:
        settings = self._settings
        certificate = key = None
        if tls:
            if settings.tls_cert is not None and settings.tls_key is not None:
                certificate, key = settings.tls_cert, settings.tls_key
            else:
                certificate, key = ensure_certificate(settings.state_dir, (settings.host,))
            with contextlib.suppress(OSError, ValueError):  # what is wrong with it is said below
                self.parts.check.certificate = Certificate.read(certificate)
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            http=HttpCarrier,
            ws=WebSocketCarrier,
            ws_max_size=settings.max_message_bytes,
            ws_per_message_deflate=False,
            # The tunnel has PINGs of its own, which tell more.
            ws_ping_interval=None,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=list(settings.trusted_proxy),
            timeout_graceful_shutdown=_GRACE,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        try:
            config.load()
        except (ssl.SSLError, OSError) as error:
            raise ConfigError(f"tls_cert and tls_key: expected a PEM certificate and its key, but {error}") from error
        return config


def _bind(host: str, port: int, key: str) -> socket.socket:
    option = "--" + key.replace("_", "-")
    with contextlib.ExitStack() as undo:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            bound = socket.socket(family, kind, protocol)
            undo.callback(bound.close)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except socket.gaierror as error:
            raise StartError(f"The address {host!r} is not known: {error.strerror}.") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                message = f"Port {port} on {host} is in use by another program; choose another with {option}."
            elif error.errno == errno.EACCES:
                message = f"Port {port} on {host} needs more rights than this user has; choose another with {option}."
            elif error.errno == errno.EADDRNOTAVAIL:
                message = f"{host} is not an address of this machine."
            else:
                message = f"Cannot listen on {host}, port {port}: {error.strerror}."
            raise StartError(message) from error
        bound.listen(2048)
        bound.setblocking(False)
        undo.pop_all()
    return bound
