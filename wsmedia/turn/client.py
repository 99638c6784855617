"""One client of the TURN server: its requests and their answers, and what it relays (RFC 8656).

The connection's owner (``transport/turn.py``) gives it whole messages and ChannelData, writes what it answers, and ends
the connection when ``is_over``. Everything is decided in the call: nothing waits here.
"""

from __future__ import annotations

import secrets
from typing import Protocol

from wsmedia.errors import StunError
from wsmedia.stun import (
    Address,
    Attribute,
    Message,
    MessageClass,
    Method,
    pack_address,
    parse,
    unpack_address,
)
from wsmedia.turn.allocation import Allocation
from wsmedia.turn.refusal import Refusal
from wsmedia.turn.relay import Relay
from wsmedia.turn.server import REALM, TurnServer

_NONCE_LIFETIME = 3600.0  # RFC 8656 §5 asks for at least one change an hour
_MAX_USERNAME = 508
_UDP = 17
_IPV4, _IPV6 = 1, 2
# RFC 8656 §12 ends at 0x4FFF, to leave octets for other protocols on a UDP port; here RFC 5766's end counts, because
# clients in use go by that, coturn's among them, and nothing else is spoken on a TCP connection of TURN's.
_CHANNELS = range(0x4000, 0x7FFF)
_TRIES_FOR_AN_EVEN_PORT = 16
_CHANNEL_HEADER = 4


class TurnLink(Protocol):
    """The way to the client, for what the client did not ask for."""

    def send_datagram(self, unit: bytes) -> None:
        """Write a relayed datagram, or drop it when the client does not read fast enough: it is media."""


class TurnClient:
    """One connection.

    Args:
        server: what all clients share.
        link: takes what peers send.
        address: the client's own, as it is told.
        now: monotonic seconds.
    """

    def __init__(self, server: TurnServer, link: TurnLink, address: Address, now: float) -> None:
        self._server = server
        self._link = link
        self._address = address
        self._begun_at = now
        self._nonce = b""
        self._nonce_until = now
        self._failures = 0
        self._allocation: Allocation | None = None
        self._over = False

    @property
    def is_over(self) -> bool:
        """Whether the connection is of no more use."""
        return self._over

    @property
    def allocation(self) -> Allocation | None:
        """What it holds."""
        return self._allocation

    def next_timeout(self) -> float:
        """When to call ``handle_timeout``, in monotonic seconds."""
        if self._allocation is not None:
            return self._allocation.expires_at
        return self._begun_at + self._server.limits.start_timeout

    def handle_timeout(self, now: float) -> None:
        """End what was not refreshed, and a client that never had anything."""
        if now >= self.next_timeout():
            self.close()

    def close(self) -> None:
        """Give everything back; safe to call twice."""
        self._over = True
        self._release()

    def receive(self, unit: bytes, now: float, wall_s: float) -> bytes | None:
        """Take one message or one ChannelData.

        Args:
            unit: whole, without padding.
            now: monotonic seconds.
            wall_s: seconds since the epoch, for credentials.
        Returns:
            The answer, if there is one.
        Raises:
            StunError: it is no message; the connection should end.
        """
        if unit[0] >= 64:
            self._relay_channel(unit, now)
            return None
        message = parse(unit)
        if message.message_class is MessageClass.INDICATION:
            if message.method == Method.SEND:
                self._relay_indication(message, now)
            return None
        if message.message_class is not MessageClass.REQUEST:
            return None
        key: bytes | None = None
        try:
            _check_attributes(message)
            if message.method == Method.BINDING:
                return self._success(message, [(Attribute.XOR_MAPPED_ADDRESS, self._mapped(message))], None)
            username, key = self._authenticate(message, now)
            return self._success(message, self._serve(message, username, now, wall_s), key)
        except Refusal as refusal:
            return refusal.answer(message, key)

    def _serve(self, request: Message, username: str, now: float, wall_s: float) -> list[tuple[int, bytes]]:
        if request.method == Method.ALLOCATE:
            return self._allocate(request, username, now, wall_s)
        allocation = self._allocation
        if allocation is None:
            raise Refusal(437, "Allocation Mismatch: there is no allocation")
        if allocation.username != username:
            raise Refusal(441, "Wrong Credentials: the allocation was made with others")
        if request.method == Method.REFRESH:
            return self._refresh(request, allocation, now)
        if request.method == Method.CREATE_PERMISSION:
            return self._create_permission(request, allocation, now)
        if request.method == Method.CHANNEL_BIND:
            return self._bind_channel(request, allocation, now)
        raise Refusal(400, "Bad Request: there is no such method here")

    # Credentials

    def _authenticate(self, request: Message, now: float) -> tuple[str, bytes]:
        """Check long-term credentials (RFC 8489 §9.2.4).

        Returns:
            The user name and the key that answers are protected with.
        Raises:
            Refusal: 400, 401 or 438.
        """
        if request.signed is None:
            raise self._challenge(401, "Unauthorized", now)
        username, realm, nonce = (request.first(one) for one in (Attribute.USERNAME, Attribute.REALM, Attribute.NONCE))
        if username is None or realm is None or nonce is None:
            raise Refusal(400, "Bad Request: user name, realm or nonce is missing")
        if now >= self._nonce_until or not secrets.compare_digest(nonce, self._nonce):
            raise self._challenge(438, "Stale Nonce", now)
        # A name that is not ours is checked like any other, so that the time that it takes tells nothing.
        name = username[:_MAX_USERNAME].decode("ascii", "replace")
        key = self._server.key_of(name)
        if not request.is_signed_with(key):
            raise self._challenge(401, "Unauthorized: these credentials are not known here", now)
        # Who knows a password does not guess; its nonces grow stale all the same, hour after hour.
        self._failures = 0
        return name, key

    def _challenge(self, code: int, reason: str, now: float) -> Refusal:
        """A refusal that tells how to come again; a client that is told too often is put out."""
        self._failures += 1
        if self._failures > self._server.limits.failures:
            self.close()
        if now >= self._nonce_until:
            self._nonce = secrets.token_hex(16).encode()
            self._nonce_until = now + _NONCE_LIFETIME
        return Refusal(code, reason, [(Attribute.REALM, REALM.encode()), (Attribute.NONCE, self._nonce)])

    # Requests

    def _allocate(self, request: Message, username: str, now: float, wall_s: float) -> list[tuple[int, bytes]]:
        held = self._allocation
        if held is not None:
            if held.transaction_id == request.transaction_id:
                return self._described(request, held, now)
            raise Refusal(437, "Allocation Mismatch: there is one already")
        if not self._server.is_current(username, wall_s):
            raise self._challenge(401, "Unauthorized: the credentials have expired", now)
        transport = request.first(Attribute.REQUESTED_TRANSPORT)
        if transport is None or len(transport) != 4:
            raise Refusal(400, "Bad Request: no transport is asked for")
        if transport[0] != _UDP:
            raise Refusal(442, "Unsupported Transport Protocol: UDP alone is relayed")
        family = request.first(Attribute.REQUESTED_ADDRESS_FAMILY)
        offered = _IPV6 if self._server.relays_ipv6 else _IPV4
        if family is not None and family[:1] != bytes((offered,)):
            raise Refusal(440, "Address Family not Supported")
        even = request.first(Attribute.EVEN_PORT)
        if request.first(Attribute.RESERVATION_TOKEN) is not None or (even is not None and even[:1] >= b"\x80"):
            raise Refusal(508, "Insufficient Capacity: ports are not reserved here")
        if self._server.has_enough(username):
            raise Refusal(486, "Allocation Quota Reached")
        if self._server.is_full():
            raise Refusal(508, "Insufficient Capacity")
        relay = self._make_relay(even=even is not None)
        self._server.take(username)
        expires_at = now + self._lifetime(request)
        allocation = Allocation(
            relay, username, request.transaction_id, expires_at=expires_at, limits=self._server.limits, now=now
        )
        self._allocation = allocation
        return self._described(request, allocation, now)

    def _make_relay(self, *, even: bool) -> Relay:
        """A relayed address, of an even port if that is asked for.

        Raises:
            Refusal: 508, when there is none.
        """
        for _ in range(_TRIES_FOR_AN_EVEN_PORT):
            try:
                relay = self._server.make_relay(self._from_peer)
            except OSError as error:
                raise Refusal(508, "Insufficient Capacity") from error
            if not even or relay.address[1] % 2 == 0:
                return relay
            relay.close()
        raise Refusal(508, "Insufficient Capacity: no even port was found")

    def _described(self, request: Message, allocation: Allocation, now: float) -> list[tuple[int, bytes]]:
        return [
            (Attribute.XOR_RELAYED_ADDRESS, pack_address(allocation.relay.address, request.transaction_id)),
            (Attribute.LIFETIME, int(allocation.expires_at - now).to_bytes(4)),
            (Attribute.XOR_MAPPED_ADDRESS, self._mapped(request)),
        ]

    def _refresh(self, request: Message, allocation: Allocation, now: float) -> list[tuple[int, bytes]]:
        if request.first(Attribute.LIFETIME) == bytes(4):
            self.close()
            return [(Attribute.LIFETIME, bytes(4))]
        lifetime = self._lifetime(request)
        allocation.expires_at = now + lifetime
        return [(Attribute.LIFETIME, int(lifetime).to_bytes(4))]

    def _create_permission(self, request: Message, allocation: Allocation, now: float) -> list[tuple[int, bytes]]:
        hosts = [self._peer(value, request)[0] for value in request.every(Attribute.XOR_PEER_ADDRESS)]
        if not hosts:
            raise Refusal(400, "Bad Request: no peer is named")
        if not all(self._server.policy.admits_host(host) for host in hosts):
            raise Refusal(403, "Forbidden: this relay does not lead there")
        if not allocation.permit(hosts, now):
            raise Refusal(508, "Insufficient Capacity: too many permissions")
        return []

    def _bind_channel(self, request: Message, allocation: Allocation, now: float) -> list[tuple[int, bytes]]:
        number = int.from_bytes((request.first(Attribute.CHANNEL_NUMBER) or b"")[:2])
        value = request.first(Attribute.XOR_PEER_ADDRESS)
        if number not in _CHANNELS or value is None:
            raise Refusal(400, "Bad Request: a channel is a number from 0x4000 to 0x7FFE and a peer")
        peer = self._peer(value, request)
        if not self._server.policy.admits(peer):
            raise Refusal(403, "Forbidden: this relay does not lead there")
        if allocation.contradicts(number, peer, now):
            raise Refusal(400, "Bad Request: the channel is another peer's, or the peer has another channel")
        if not allocation.bind(number, peer, now):
            raise Refusal(508, "Insufficient Capacity: too many channels or permissions")
        return []

    def _peer(self, value: bytes, request: Message) -> Address:
        try:
            peer = unpack_address(value, request.transaction_id)
        except StunError as error:
            raise Refusal(400, f"Bad Request: {error}") from error
        if (":" in peer[0]) is not self._server.relays_ipv6:
            raise Refusal(443, "Peer Address Family Mismatch")
        return peer

    def _lifetime(self, request: Message) -> float:
        limits = self._server.limits
        asked = request.first(Attribute.LIFETIME)
        if asked is None or len(asked) != 4:
            return limits.default_lifetime
        return min(max(float(int.from_bytes(asked)), limits.default_lifetime), limits.max_lifetime)

    # Data

    def _relay_channel(self, unit: bytes, now: float) -> None:
        allocation = self._allocation
        if allocation is None:
            raise StunError("ChannelData without an allocation")
        peer = allocation.peer_of(int.from_bytes(unit[:2]), now)
        if peer is not None:
            allocation.send(unit[_CHANNEL_HEADER:], peer, now)

    def _relay_indication(self, indication: Message, now: float) -> None:
        allocation = self._allocation
        peer, data = indication.first(Attribute.XOR_PEER_ADDRESS), indication.first(Attribute.DATA)
        # An indication is never answered: one that cannot be carried out is dropped (RFC 8656 §11.2).
        if allocation is None or peer is None or data is None or indication.unknown():
            return
        try:
            address = unpack_address(peer, indication.transaction_id)
        except StunError:
            return
        if self._server.policy.admits(address):
            allocation.send(data, address, now)

    def _from_peer(self, data: bytes, peer: Address, now: float) -> None:
        allocation = self._allocation
        unit = allocation.received(data, peer, now) if allocation is not None else None
        if unit is not None:
            self._link.send_datagram(unit)

    def _release(self) -> None:
        allocation, self._allocation = self._allocation, None
        if allocation is not None:
            allocation.relay.close()
            self._server.give_back(allocation.username)

    # Answers

    def _mapped(self, request: Message) -> bytes:
        return pack_address(self._address, request.transaction_id)

    def _success(self, request: Message, attributes: list[tuple[int, bytes]], key: bytes | None) -> bytes:
        return Message(request.method, MessageClass.SUCCESS, request.transaction_id, attributes).write(key)


def _check_attributes(message: Message) -> None:
    """Refuse what cannot be understood.

    Raises:
        Refusal: 420, with their list.
    """
    if unknown := message.unknown():
        listed = b"".join(kind.to_bytes(2) for kind in unknown)
        raise Refusal(420, "Unknown Attribute", [(Attribute.UNKNOWN_ATTRIBUTES, listed)])
