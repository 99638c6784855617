"""Errors that say who is to blame. Every floor raises these; nothing here imports another floor."""

from __future__ import annotations

from enum import IntEnum


class CloseCode(IntEnum):
    """Why a session ended (PROTOCOL.md §3.7); also used as WebSocket close code (RFC 6455 §7.4.2, 4000–4999)."""

    LEFT = 4000
    MALFORMED = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SESSION_UNKNOWN = 4404
    TIMEOUT = 4408
    KEY_MISMATCH = 4409
    TOO_LARGE = 4413
    VERSION_UNSUPPORTED = 4426
    RATE_LIMITED = 4429
    INTERNAL_ERROR = 4500
    SFU_FAILED = 4502
    OVERLOADED = 4503

    @property
    def reason(self) -> str:
        """The machine-readable word that travels beside the code, as ``too_large``."""
        return self.name.lower()


class WsmediaError(Exception):
    """Base of all errors that wsmedia raises on purpose."""


class LocalProtocolError(WsmediaError):
    """Our own side asked the protocol for something that it forbids: a bug in the caller."""


class RemoteProtocolError(WsmediaError):
    """The far end of the tunnel broke the protocol; ``code`` is what the session closes with."""

    def __init__(self, message: str, code: CloseCode = CloseCode.MALFORMED) -> None:
        super().__init__(message)
        self.code = code


class AdmissionError(WsmediaError):
    """A session was not let in: token, origin, room, limits. ``code`` tells the client why."""

    def __init__(self, message: str, code: CloseCode) -> None:
        super().__init__(message)
        self.code = code


class PayloadError(WsmediaError):
    """A frame cannot be packetized, or RTP payloads do not make a frame; the sender of the bytes is at fault."""


class PacketError(WsmediaError):
    """Bytes that should be RTP or RTCP are not; the peer is at fault."""


class SdpError(WsmediaError):
    """A session description cannot be parsed or answered; the peer is at fault."""


class PeerError(WsmediaError):
    """An ICE/DTLS association failed or was closed."""


class SfuError(WsmediaError):
    """The SFU refused, failed or vanished; the message says which in plain words."""


class StunError(WsmediaError):
    """Bytes that should be STUN or TURN (RFC 8489, RFC 8656) are not; the far end is at fault."""
