"""A TURN client for tests: asks a ``TurnClient`` and reads its answers; relays and peers are lists."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from wsmedia.auth import issue_turn_credentials
from wsmedia.stun import Address, Attribute, Message, MessageClass, Method, long_term_key, pack_address, parse
from wsmedia.turn import PeerList, TurnClient, TurnLimits, TurnServer

SECRET = "a secret of the test's own"
WALL = 1_800_000_000.0
PEER: Address = ("10.0.0.5", 20000)
UDP = bytes((17, 0, 0, 0))


@dataclass
class FakeRelay:
    """Keeps what was sent; ``receive`` is what a peer calls."""

    receive: Callable[[bytes, Address, float], None]
    address: Address = ("192.0.2.1", 50000)
    sent: list[tuple[bytes, Address]] = field(default_factory=list)
    closed: bool = False

    def send(self, data: bytes, peer: Address) -> None:
        self.sent.append((data, peer))

    def close(self) -> None:
        self.closed = True


class Dialogue:
    """One server and one client of it; ``now`` stands still until it is set."""

    def __init__(self, *, limits: TurnLimits | None = None, server: TurnServer | None = None) -> None:
        self.now = 100.0
        self.relays: list[FakeRelay] = []
        self.units: list[bytes] = []
        self.server = server or TurnServer(
            SECRET, self._make_relay, PeerList(["10.0.0.0/24:20000-20999"]), limits=limits or TurnLimits()
        )
        self.client = TurnClient(self.server, self, ("198.51.100.7", 4711), self.now)
        self.credentials = issue_turn_credentials(SECRET, "alice", int(WALL) + 60)
        self.realm = b"wsmedia"
        self.nonce = b""
        self.no_relay_left = False
        self.ports: list[int] = []
        self._ids = itertools.count(1)

    def _make_relay(self, receive: Callable[[bytes, Address, float], None]) -> FakeRelay:
        if self.no_relay_left:
            raise OSError("no port is left")
        relay = FakeRelay(receive)
        if self.ports:
            relay.address = (relay.address[0], self.ports.pop(0))
        self.relays.append(relay)
        return relay

    @property
    def relay(self) -> FakeRelay:
        return self.relays[-1]

    def send_datagram(self, unit: bytes) -> None:
        self.units.append(unit)

    @property
    def key(self) -> bytes:
        return long_term_key(self.credentials.username, self.realm.decode(), self.credentials.password)

    def message(self, method: int, *attributes: tuple[int, bytes], number: int | None = None) -> Message:
        transaction_id = (next(self._ids) if number is None else number).to_bytes(12)
        return Message(method, MessageClass.REQUEST, transaction_id, list(attributes))

    def say(self, message: Message, key: bytes | None = None, wall: float = WALL) -> Message:
        """Send a message; the answer."""
        answer = self.client.receive(message.write(key), self.now, wall)
        assert answer is not None
        read = parse(answer)
        assert read.transaction_id == message.transaction_id
        return read

    def ask(self, method: int, *attributes: tuple[int, bytes], number: int | None = None) -> Message:
        """Send a request with credentials, asking for a nonce first if there is none."""
        if not self.nonce:
            challenge = self.say(self.message(Method.REFRESH))
            self.nonce = challenge.first(Attribute.NONCE) or b""
        known = [
            (int(Attribute.USERNAME), self.credentials.username.encode()),
            (int(Attribute.REALM), self.realm),
            (int(Attribute.NONCE), self.nonce),
        ]
        answer = self.say(self.message(method, *attributes, *known, number=number), self.key)
        if answer.message_class is MessageClass.SUCCESS:
            assert answer.is_signed_with(self.key)
        return answer

    def allocate(self, *attributes: tuple[int, bytes], number: int | None = None) -> Message:
        return self.ask(Method.ALLOCATE, (Attribute.REQUESTED_TRANSPORT, UDP), *attributes, number=number)

    def peer(self, address: Address, number: int) -> tuple[int, bytes]:
        return Attribute.XOR_PEER_ADDRESS, pack_address(address, number.to_bytes(12))

    def permit(self, *hosts: str) -> Message:
        number = next(self._ids)
        return self.ask(Method.CREATE_PERMISSION, *(self.peer((host, 9), number) for host in hosts), number=number)

    def bind(self, channel: int, peer: Address) -> Message:
        number = next(self._ids)
        channel_number = (int(Attribute.CHANNEL_NUMBER), channel.to_bytes(2) + bytes(2))
        return self.ask(Method.CHANNEL_BIND, channel_number, self.peer(peer, number), number=number)

    def indicate(self, data: bytes, peer: Address, *others: tuple[int, bytes]) -> None:
        number = next(self._ids)
        attributes = [self.peer(peer, number), (int(Attribute.DATA), data), *others]
        indication = Message(Method.SEND, MessageClass.INDICATION, number.to_bytes(12), attributes)
        assert self.client.receive(indication.write(), self.now, WALL) is None


def code(answer: Message) -> int | None:
    """The error code of an answer; None for success."""
    value = answer.first(Attribute.ERROR_CODE)
    assert (value is None) == (answer.message_class is MessageClass.SUCCESS)
    return None if value is None else value[2] * 100 + value[3]


def reason(answer: Message) -> str:
    """The error's words."""
    return (answer.first(Attribute.ERROR_CODE) or b"").decode()[4:]
