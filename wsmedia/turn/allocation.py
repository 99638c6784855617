"""One allocation (RFC 8656 §3.2): a relayed address, whom it may talk to, and short names for whom it talks to much."""

from __future__ import annotations

from dataclasses import dataclass

from wsmedia.stun import Address, Attribute, Message, MessageClass, Method, channel_data, pack_address
from wsmedia.turn.relay import Relay
from wsmedia.turn.server import TurnLimits

PERMISSION_LIFETIME = 300.0
CHANNEL_LIFETIME = 600.0
_NO_TRANSACTION = bytes(12)


@dataclass(slots=True)
class _Channel:
    number: int
    peer: Address
    expires_at: float


class Allocation:
    """What a client was given.

    Args:
        relay: its address.
        username: who holds it; nobody else may change it.
        transaction_id: of the request that made it, which may come again.
        expires_at: monotonic seconds; set anew by a refresh.
        limits: of permissions, channels and octets.
        now: monotonic seconds.
    """

    def __init__(
        self,
        relay: Relay,
        username: str,
        transaction_id: bytes,
        *,
        expires_at: float,
        limits: TurnLimits,
        now: float,
    ) -> None:
        self.relay = relay
        self.username = username
        self.transaction_id = transaction_id
        self.expires_at = expires_at
        self.datagrams_dropped = 0
        self._limits = limits
        self._permissions: dict[str, float] = {}
        self._by_number: dict[int, _Channel] = {}
        self._by_peer: dict[Address, _Channel] = {}
        self._credit = float(limits.bytes_per_second)
        self._counted_at = now

    def permit(self, hosts: list[str], now: float) -> bool:
        """Let these hosts be talked to for five minutes; all of them, or none when there is no room."""
        self._permissions = {host: until for host, until in self._permissions.items() if until > now}
        if len(self._permissions.keys() | set(hosts)) > self._limits.permissions:
            return False
        for host in hosts:
            self._permissions[host] = now + PERMISSION_LIFETIME
        return True

    def contradicts(self, number: int, peer: Address, now: float) -> bool:
        """Whether the channel is another peer's, or the peer has another channel (RFC 8656 §12.2)."""
        self._forget_channels(now)
        by_number, by_peer = self._by_number.get(number), self._by_peer.get(peer)
        return (by_number is not None and by_number.peer != peer) or (by_peer is not None and by_peer.number != number)

    def bind(self, number: int, peer: Address, now: float) -> bool:
        """Name a peer for ten minutes, and permit it; False when there is no room."""
        known = self._by_number.get(number)
        if known is None and len(self._by_number) >= self._limits.channels:
            return False
        if not self.permit([peer[0]], now):
            return False
        if known is None:
            known = _Channel(number, peer, 0.0)
            self._by_number[number] = self._by_peer[peer] = known
        known.expires_at = now + CHANNEL_LIFETIME
        return True

    def peer_of(self, number: int, now: float) -> Address | None:
        """Whom a channel names; None if nobody."""
        channel = self._by_number.get(number)
        return channel.peer if channel is not None and channel.expires_at > now else None

    def send(self, data: bytes, peer: Address, now: float) -> None:
        """Relay one datagram of the client's, unless it has no permission or sends too much."""
        if self._permissions.get(peer[0], 0.0) <= now:
            self.datagrams_dropped += 1
            return
        rate = self._limits.bytes_per_second
        self._credit = min(rate, self._credit + (now - self._counted_at) * rate)
        self._counted_at = now
        if len(data) > self._credit:
            self.datagrams_dropped += 1
            return
        self._credit -= len(data)
        self.relay.send(data, peer)

    def received(self, data: bytes, peer: Address, now: float) -> bytes | None:
        """What the client is to be told of a datagram that came in; None if it wants none from there."""
        if self._permissions.get(peer[0], 0.0) <= now:
            return None
        channel = self._by_peer.get(peer)
        if channel is not None and channel.expires_at > now:
            return channel_data(channel.number, data)
        address = pack_address(peer, _NO_TRANSACTION)
        attributes: list[tuple[int, bytes]] = [(Attribute.XOR_PEER_ADDRESS, address), (Attribute.DATA, data)]
        return Message(Method.DATA, MessageClass.INDICATION, _NO_TRANSACTION, attributes).write()

    def _forget_channels(self, now: float) -> None:
        for channel in [one for one in self._by_number.values() if one.expires_at <= now]:
            del self._by_number[channel.number]
            del self._by_peer[channel.peer]
