"""Fuzz target: whatever bytes come, the wire's decoder and a session of either role stay within PROTOCOL.md.

The documented rejections are ``RemoteProtocolError`` with a code of the table, and a session that closes; any other
exception is a bug.
"""

from __future__ import annotations

import json
from pathlib import Path

from runner import fuzz

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.session import Role, Session, WelcomeInfo
from wsmedia.wire import Hello, Welcome, WelcomeLimits, WireLimits, decode, encode

VECTORS = Path(__file__).parent.parent / "vectors"
SESSION_ID = "0123456789abcdef0123456789abcdef"
KEY = "00112233445566778899aabbccddeeff"
HELLO = Hello(lane_id=0, key=KEY, room="r", name="Alice")
LIMITS = WireLimits()
REJECTIONS = {CloseCode.MALFORMED, CloseCode.TOO_LARGE, CloseCode.VERSION_UNSUPPORTED}


def parse_and_receive(data: bytes) -> None:
    """One input: once through the decoder, once cut into messages for a session of each role."""
    try:
        message = decode(data, LIMITS)
    except RemoteProtocolError as error:
        if error.code not in REJECTIONS:
            raise AssertionError(f"undocumented rejection {error.code}") from error
    else:
        assert decode(encode(message), LIMITS) == message
    messages = [data[at + 1 : at + 1 + data[at]] for at in range(0, len(data), 64)] + [data]
    for session in (client(), gateway()):
        now = 0.0
        for message_data in messages:
            now += 0.01
            session.receive_message(0, message_data, now)
            session.handle_timeout(now)
            for _ in range(100):
                if session.next_message(0, now) is None:
                    break
            else:
                raise AssertionError("the session never comes to rest")
            session.events_received()
            session.next_timeout()


def client() -> Session:
    """A client whose lane 0 was welcomed."""
    session = Session(Role.CLIENT, SESSION_ID, key=KEY, now=0.0, hello=HELLO)
    session.open_lane(0, "websocket", 0.0)
    session.next_message(0, 0.0)
    limits = WelcomeLimits(1_048_576, 1_000_000, 8, 2_500_000, 1000)
    session.receive_message(0, encode(Welcome(0, False, "p-1", limits)), 0.0)
    return session


def gateway() -> Session:
    """A gateway's session with lane 0."""
    session = Session(Role.GATEWAY, SESSION_ID, key=KEY, now=0.0)
    session.attach_lane(0, HELLO, WelcomeInfo("p-1"), 0.0)
    return session


CORPUS = [
    bytes.fromhex(vector["hex"])
    for vector in (
        *json.loads((VECTORS / "wire.json").read_text()),
        *json.loads((VECTORS / "wire_invalid.json").read_text())["vectors"],
    )
]


if __name__ == "__main__":
    fuzz(parse_and_receive, CORPUS)
