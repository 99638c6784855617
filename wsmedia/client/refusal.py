"""Says in plain words why a connection failed or a session ended."""

from __future__ import annotations

import socket
import ssl

from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidProxyStatus, InvalidStatus, ProxyError

from wsmedia.client.address import GatewayAddress
from wsmedia.client.proxy import Proxy
from wsmedia.errors import CloseCode

_ENDINGS = {
    CloseCode.LEFT: "the server ended the session",
    CloseCode.MALFORMED: "the server did not understand this client",
    CloseCode.UNAUTHORIZED: "the server does not accept the token: it is missing, expired, or signed with another key",
    CloseCode.FORBIDDEN: "the server does not allow this: the token is for another room or direction",
    CloseCode.SESSION_UNKNOWN: "the server has forgotten the session",
    CloseCode.TIMEOUT: "the connection was lost for too long",
    CloseCode.KEY_MISMATCH: "the session belongs to somebody else",
    CloseCode.TOO_LARGE: "a frame is larger than the server allows",
    CloseCode.VERSION_UNSUPPORTED: "the server speaks another version of the tunnel protocol",
    CloseCode.RATE_LIMITED: "more tracks or data were sent than the server allows",
    CloseCode.INTERNAL_ERROR: "the server had an internal error",
    CloseCode.SFU_FAILED: "the server's SFU failed",
    CloseCode.OVERLOADED: "the server is full or shutting down",
}

REJOINABLE = frozenset(
    {
        CloseCode.SESSION_UNKNOWN,
        CloseCode.TIMEOUT,
        CloseCode.INTERNAL_ERROR,
        CloseCode.SFU_FAILED,
        CloseCode.OVERLOADED,
    }
)
"""Endings after which a session that once worked is worth a new try."""


def ending_text(code: int, detail: str) -> str:
    """A sentence for a session's end; ``detail`` is what the server added."""
    try:
        sentence = _ENDINGS[CloseCode(code)]
    except ValueError:
        sentence = f"the server ended the session with code {code}"
    return f"{sentence} ({detail})" if detail else sentence


def failure_text(address: GatewayAddress, error: BaseException) -> str:
    """A sentence for a WebSocket that could not be opened."""
    where = f"{address.host}:{address.port}"
    proxy = address.proxy
    if proxy is not None and (sentence := _proxy_text(proxy, where, error)) is not None:
        return sentence
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {where} is not trusted ({error.verify_message}); "
            "if it is your own self-signed one, accept it with --insecure"
        )
    if isinstance(error, InvalidStatus):
        return _status_text(where, error.response.status_code)
    hint = "" if address.secure else "; should the URL begin with https:// ?"
    sentences: dict[type[BaseException] | tuple[type[BaseException], ...], str] = {
        ssl.SSLError: f"{where} does not speak TLS; should the URL begin with http:// ?",
        TimeoutError: f"{where} does not answer",
        socket.gaierror: f"there is no host named {address.host}",
        ConnectionRefusedError: f"nothing listens on {where}; is the server running?",
        (InvalidMessage, EOFError, ConnectionResetError): f"{where} closed the connection without an answer{hint}",
        InvalidHandshake: f"{where} is not a wsmedia server",
    }
    for kinds, sentence in sentences.items():
        if isinstance(error, kinds):
            return sentence
    cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{where} cannot be reached ({cause})"


def _proxy_text(proxy: Proxy, where: str, error: BaseException) -> str | None:
    """A sentence for what the proxy in between has to do with; None if it has not."""
    named = f"the proxy {proxy.where} (from {proxy.variable})"
    if isinstance(error, InvalidProxyStatus):
        status = error.response.status_code
        if status == 407:
            asks = (
                "does not accept this user name and password" if proxy.has_credentials else "wants to know who you are"
            )
            return f"{named} {asks}; it takes them as http://user:password@{proxy.where}"
        return f"{named} does not connect us to {where} (HTTP {status})"
    sentences: dict[type[BaseException] | tuple[type[BaseException], ...], str] = {
        socket.gaierror: f"there is no host with the name of {named}",
        ConnectionRefusedError: f"nothing listens where {named} should be",
        ProxyError: f"{named} does not answer as a proxy",
    }
    return next((sentence for kinds, sentence in sentences.items() if isinstance(error, kinds)), None)


def _status_text(where: str, status: int) -> str:
    if status in {401, 403}:
        return f"{where} refuses the connection (HTTP {status})"
    if status in {429, 503}:
        return f"{where} is overloaded (HTTP {status})"
    return f"{where} is not a wsmedia server (HTTP {status})"
