"""A TURN connection that is slow, silent or greedy: each is bounded in time and memory, and media is dropped first."""

from __future__ import annotations

import asyncio

import pytest

from tests.turn.turn_dialogue import SECRET, FakeRelay
from wsmedia.stun import Attribute, Message, MessageClass, Method, channel_data, parse
from wsmedia.transport.first_octet import FirstOctet
from wsmedia.transport.turn import MAX_UNREAD_ANSWERS, MAX_WAITING_BYTES, MAX_WAITING_SECONDS, TurnCarrier
from wsmedia.turn import PeerList, TurnLimits, TurnServer

BINDING = Message(Method.BINDING, MessageClass.REQUEST, bytes(12)).write()


class StandingClock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def wall_us(self) -> int:
        return 1_800_000_000_000_000


class FakeTransport(asyncio.Transport):
    """Keeps what is written, and pauses its protocol when ``room`` is used up."""

    def __init__(self, room: int = 1 << 30) -> None:
        super().__init__({"peername": ("::ffff:198.51.100.7", 4711)})
        self.protocol: asyncio.BaseProtocol | None = None
        self.room = room
        self.written: list[bytes] = []
        self.ended = asyncio.Event()
        self.aborted = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high is not None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))
        self.room -= len(data)
        if self.room <= 0 and isinstance(self.protocol, asyncio.Protocol):
            self.protocol.pause_writing()

    def is_closing(self) -> bool:
        return self.ended.is_set()

    def close(self) -> None:
        self.ended.set()

    def abort(self) -> None:
        self.aborted = True
        self.ended.set()


class Connection:
    """A carrier with its transport."""

    def __init__(self, limits: TurnLimits | None = None, room: int = 1 << 30) -> None:
        self.clock = StandingClock()
        self.connections: set[asyncio.Protocol] = set()
        server = TurnServer(SECRET, FakeRelay, PeerList(["10.0.0.5"]), limits=limits)
        self.carrier = TurnCarrier(server, self.clock, self.connections)
        self.transport = FakeTransport(room)
        self.transport.set_protocol(self.carrier)
        self.carrier.connection_made(self.transport)

    async def send(self, unit: bytes) -> None:
        """Send a datagram, and let the loop take its turn."""
        self.carrier.send_datagram(unit)
        await asyncio.sleep(0)

    async def ended(self) -> None:
        async with asyncio.timeout(5):
            await self.transport.ended.wait()


async def test_it_is_counted_while_it_lives() -> None:
    connection = Connection()
    assert connection.connections == {connection.carrier}
    connection.carrier.connection_lost(None)
    assert connection.connections == set()


async def test_requests_are_answered_with_the_clients_own_address() -> None:
    connection = Connection()
    connection.carrier.data_received(BINDING[:7])
    connection.carrier.data_received(BINDING[7:] + BINDING)
    assert len(connection.transport.written) == 2
    answer = parse(connection.transport.written[0])
    assert (answer.first(Attribute.XOR_MAPPED_ADDRESS) or b"")[1] == 1  # IPv4, without its IPv6 clothes


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n", bytes(20), channel_data(0x4000, b"x"), b"\x00\x01\xff\xff"])
async def test_what_is_not_turn_ends_the_connection(said: bytes) -> None:
    connection = Connection()
    connection.carrier.data_received(said)
    assert connection.transport.aborted


async def test_a_client_without_an_allocation_is_put_out() -> None:
    connection = Connection(TurnLimits(start_timeout=0.05))
    connection.carrier.data_received(BINDING)
    connection.clock.now += 0.05
    await connection.ended()


async def test_a_message_that_comes_octet_by_octet_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TurnCarrier, "unit_timeout", 0.1)
    connection = Connection()
    connection.carrier.data_received(BINDING)
    loop = asyncio.get_running_loop()
    long = iter(Message(Method.BINDING, MessageClass.REQUEST, bytes(12), [(Attribute.DATA, bytes(600))]).write())

    def dribble() -> None:
        if not connection.transport.is_closing():
            connection.carrier.data_received(bytes((next(long),)))
            loop.call_later(0.01, dribble)

    dribble()
    await connection.ended()
    assert len(list(long)) > 300


async def test_datagrams_wait_a_little_and_then_the_oldest_go() -> None:
    connection = Connection(room=1000)
    unit = channel_data(0x4000, bytes(1000))
    await connection.send(unit)
    for _ in range(2 + MAX_WAITING_BYTES // len(unit)):
        connection.carrier.send_datagram(unit)
    assert len(connection.transport.written) == 1
    assert connection.carrier.datagrams_dropped > 0

    dropped = connection.carrier.datagrams_dropped
    connection.clock.now += MAX_WAITING_SECONDS + 0.1
    connection.carrier.send_datagram(channel_data(0x4000, b"fresh"))
    assert connection.carrier.datagrams_dropped > dropped + 100  # all that were stale
    connection.transport.room = 1 << 30
    connection.carrier.resume_writing()
    assert connection.transport.written[1:] == [channel_data(0x4000, b"fresh")]


async def test_what_waited_follows_in_its_order_and_no_faster_than_it_is_read() -> None:
    connection = Connection(room=1)
    units = [channel_data(0x4000, bytes((number,)) * 8) for number in range(5)]
    for unit in units:
        await connection.send(unit)
    connection.transport.room = 20
    connection.carrier.resume_writing()
    assert connection.transport.written == units[:3]
    connection.transport.room = 100
    connection.carrier.resume_writing()
    assert connection.transport.written == units


async def test_the_packets_of_a_frame_are_written_as_one() -> None:
    connection = Connection()
    units = [channel_data(0x4000, bytes((number,)) * 1200) for number in range(20)]
    for unit in units:
        connection.carrier.send_datagram(unit)
    await asyncio.sleep(0)
    assert b"".join(connection.transport.written) == b"".join(units)
    assert len(connection.transport.written) == 2  # 16 kB are not exceeded by much


async def test_who_never_reads_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TurnCarrier, "read_timeout", 0.05)
    connection = Connection(room=1)
    await connection.send(channel_data(0x4000, b"x"))
    await connection.ended()
    assert connection.transport.aborted


async def test_who_asks_and_does_not_read_is_cut_off() -> None:
    connection = Connection(room=1)
    connection.carrier.data_received(BINDING * (MAX_UNREAD_ANSWERS + 1))
    assert not connection.transport.aborted
    connection.carrier.data_received(BINDING)
    assert connection.transport.aborted
    assert len(connection.transport.written) == MAX_UNREAD_ANSWERS + 1


async def test_nothing_is_written_to_a_connection_that_is_gone() -> None:
    connection = Connection()
    connection.carrier.shutdown()
    connection.carrier.send_datagram(channel_data(0x4000, b"x"))
    connection.carrier.connection_lost(None)
    connection.carrier.data_received(BINDING)
    assert connection.transport.written == []


class Heard(asyncio.Protocol):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.data = b""

    def data_received(self, data: bytes) -> None:
        self.data += data


@pytest.mark.parametrize(("said", "expected"), [(b"GET /", "http"), (BINDING, "turn"), (b"\x16\x03\x01", "http")])
async def test_the_first_octet_tells_what_is_spoken(said: bytes, expected: str) -> None:
    heard = {"http": Heard(), "turn": Heard()}
    connections: set[asyncio.Protocol] = set()
    first = FirstOctet(lambda: heard["http"], lambda: heard["turn"], connections, 10.0)
    transport = FakeTransport()
    first.connection_made(transport)
    assert connections == {first}
    first.data_received(said)
    assert transport.protocol is heard.pop(expected)
    assert transport.protocol.data == said
    assert connections == set()
    assert [other.data for other in heard.values()] == [b""]


async def test_without_turn_everything_is_http() -> None:
    heard = Heard()
    first = FirstOctet(lambda: heard, None, set(), 10.0)
    first.connection_made(FakeTransport())
    first.data_received(BINDING)
    assert heard.data == BINDING


async def test_who_says_nothing_is_cut_off() -> None:
    transport = FakeTransport()
    first = FirstOctet(Heard, None, set(), 0.05)
    first.connection_made(transport)
    async with asyncio.timeout(5):
        await transport.ended.wait()
    assert transport.aborted
