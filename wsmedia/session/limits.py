"""What a session accepts and how long it waits: numbers, and the token buckets that enforce the rates."""

from __future__ import annotations

from dataclasses import dataclass

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.wire import WelcomeLimits, WireLimits


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Bounds on what the far end sends, and timers. A gateway sets them; a client takes them from WELCOME.

    Attributes:
        max_message_bytes: largest tunnel message.
        max_frame_bytes: largest payload of VIDEO or AUDIO.
        max_tracks: tracks that a client may publish at once.
        max_lanes: lanes at once.
        max_bytes_per_second, max_messages_per_second: sustained rates on all lanes together.
        burst_seconds: how many seconds' worth of both rates may come at once, as after a stall.
        resume_window: seconds that a session without lanes stays.
        idle_timeout: seconds without a message after which a lane is lost.
    """

    max_message_bytes: int = 1_048_576
    max_frame_bytes: int = 1_000_000
    max_tracks: int = 8
    max_lanes: int = 32
    max_bytes_per_second: int = 2_500_000
    max_messages_per_second: int = 4000
    burst_seconds: float = 2.0
    resume_window: float = 30.0
    idle_timeout: float = 15.0

    @property
    def wire(self) -> WireLimits:
        """The part that the wire's decoder enforces."""
        return WireLimits(self.max_message_bytes, self.max_frame_bytes)

    @property
    def welcome(self) -> WelcomeLimits:
        """The part that WELCOME tells the client."""
        return WelcomeLimits(
            self.max_message_bytes,
            self.max_frame_bytes,
            self.max_tracks,
            self.max_bytes_per_second,
            self.max_messages_per_second,
            self.max_lanes,
        )


class TokenBucket:
    """A rate with a burst: full at first, filled by ``rate`` tokens a second up to ``capacity``."""

    __slots__ = ("_capacity", "_filled_at", "_rate", "_tokens")

    def __init__(self, rate: float, capacity: float, now: float) -> None:
        self._rate = rate
        self._capacity = capacity
        self._tokens = capacity
        self._filled_at = now

    def take(self, amount: float, now: float) -> bool:
        """Take ``amount`` tokens if there are as many, and say whether there were."""
        tokens = self._tokens + (now - self._filled_at) * self._rate
        tokens = min(tokens, self._capacity)
        self._filled_at = now
        if tokens < amount:
            self._tokens = tokens
            return False
        self._tokens = tokens - amount
        return True


class IncomingRates:
    """Both rates of one session's incoming messages."""

    def __init__(self, limits: SessionLimits, now: float) -> None:
        burst = limits.burst_seconds
        # One message of the largest size must always fit.
        capacity = max(limits.max_bytes_per_second * burst, limits.max_message_bytes)
        self._bytes = TokenBucket(limits.max_bytes_per_second, capacity, now)
        self._messages = TokenBucket(limits.max_messages_per_second, limits.max_messages_per_second * burst, now)

    def admit(self, size: int, now: float) -> None:
        """Count one message of ``size`` octets.

        Raises:
            RemoteProtocolError: a rate is exceeded; ``rate_limited``.
        """
        if not (self._messages.take(1, now) and self._bytes.take(size, now)):
            raise RemoteProtocolError("more messages or bytes than the limits allow", CloseCode.RATE_LIMITED)
