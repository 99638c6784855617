"""Fuzz target: whatever bytes come, deframer, STUN parser and TURN client end in an answer or a ``StunError``.

Nothing may ever be relayed to an address that the policy does not admit.
"""

from __future__ import annotations

from collections.abc import Callable

from runner import fuzz

from wsmedia.auth import issue_turn_credentials
from wsmedia.errors import StunError
from wsmedia.stun import (
    Attribute,
    Deframer,
    Message,
    MessageClass,
    Method,
    channel_data,
    long_term_key,
    pack_address,
    parse,
)
from wsmedia.turn import PeerList, TurnClient, TurnServer

WALL = 1_800_000_000.0
PEERS = PeerList(["10.0.0.0/24:20000-20999"])
CREDENTIALS = issue_turn_credentials("secret", "fuzz", int(WALL) + 60)
KEY = long_term_key(CREDENTIALS.username, "wsmedia", CREDENTIALS.password)
ID = bytes(range(12))
PEER = pack_address(("10.0.0.5", 20000), ID)


class Relay:
    """Checks what it is given."""

    address = ("192.0.2.1", 1024)

    def send(self, data: bytes, peer: tuple[str, int]) -> None:
        assert PEERS.admits(peer), peer
        assert len(data) <= 4096

    def close(self) -> None:
        pass


class Link:
    """Takes what peers send."""

    def send_datagram(self, unit: bytes) -> None:
        pass


def take_everything(data: bytes) -> None:
    """One input: as a stream to a client with an allocation, and to one without."""
    for allocated in (False, True):
        receivers: list[Callable[[bytes, tuple[str, int], float], None]] = []

        def make(receive: Callable[[bytes, tuple[str, int], float], None]) -> Relay:
            receivers.append(receive)  # noqa: B023 - called before the next round
            return Relay()

        client = TurnClient(TurnServer("secret", make, PEERS), Link(), ("198.51.100.7", 4711), 0.0)
        if allocated:
            allocate(client)
        deframer = Deframer()
        now = 1.0
        try:
            for start in range(0, len(data), 97):
                for unit in deframer.push(data[start : start + 97]):
                    now += 0.01
                    answer = client.receive(unit, now, WALL)
                    if answer is not None:
                        assert parse(answer).message_class in (MessageClass.SUCCESS, MessageClass.ERROR)
        except StunError:
            pass
        for receive in receivers:
            receive(data[:1200], ("10.0.0.5", 20000), now)
        client.handle_timeout(now + 4000)
        assert client.is_over


def allocate(client: TurnClient) -> None:
    """Give a client an allocation, a permission and a channel."""
    challenge = client.receive(Message(Method.ALLOCATE, MessageClass.REQUEST, ID).write(), 0.0, WALL)
    assert challenge is not None
    known = [
        (int(Attribute.USERNAME), CREDENTIALS.username.encode()),
        (int(Attribute.REALM), b"wsmedia"),
        (int(Attribute.NONCE), parse(challenge).first(Attribute.NONCE) or b""),
    ]
    for method, attributes in REQUESTS:
        answer = client.receive(Message(method, MessageClass.REQUEST, ID, attributes + known).write(KEY), 0.0, WALL)
        assert answer is not None
        assert parse(answer).message_class is MessageClass.SUCCESS


REQUESTS: list[tuple[Method, list[tuple[int, bytes]]]] = [
    (Method.ALLOCATE, [(Attribute.REQUESTED_TRANSPORT, bytes((17, 0, 0, 0)))]),
    (Method.CREATE_PERMISSION, [(Attribute.XOR_PEER_ADDRESS, PEER)]),
    (Method.CHANNEL_BIND, [(Attribute.CHANNEL_NUMBER, b"\x40\0\0\0"), (Attribute.XOR_PEER_ADDRESS, PEER)]),
]
CORPUS = [
    *(Message(method, MessageClass.REQUEST, ID, attributes).write(KEY) for method, attributes in REQUESTS),
    Message(
        Method.SEND, MessageClass.INDICATION, ID, [(Attribute.XOR_PEER_ADDRESS, PEER), (Attribute.DATA, b"x")]
    ).write(),
    Message(Method.BINDING, MessageClass.REQUEST, ID).write(),
    channel_data(0x4000, b"hello") + channel_data(0x4001, b"nobody"),
]


if __name__ == "__main__":
    fuzz(take_everything, CORPUS)
