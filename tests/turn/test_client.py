"""What a TURN client is given, what it is refused and why, and that it gets rid of datagrams only where it may."""

from __future__ import annotations

import pytest

from tests.turn.turn_dialogue import PEER, SECRET, UDP, WALL, Dialogue, code, reason
from wsmedia.auth import TurnCredentials, issue_turn_credentials, turn_password
from wsmedia.errors import StunError
from wsmedia.stun import Attribute, Message, MessageClass, Method, channel_data, parse, unpack_address
from wsmedia.turn import TurnLimits


def lifetime(answer: Message) -> int:
    return int.from_bytes(answer.first(Attribute.LIFETIME) or b"")


# Credentials


def test_who_shows_no_credentials_is_told_how() -> None:
    dialogue = Dialogue()
    answer = dialogue.say(dialogue.message(Method.ALLOCATE, (Attribute.REQUESTED_TRANSPORT, UDP)))
    assert code(answer) == 401
    assert answer.first(Attribute.REALM) == b"wsmedia"
    assert len(answer.first(Attribute.NONCE) or b"") >= 16
    assert not dialogue.relays


def test_a_binding_request_needs_none_and_tells_the_address() -> None:
    dialogue = Dialogue()
    answer = dialogue.say(dialogue.message(Method.BINDING))
    value = answer.first(Attribute.XOR_MAPPED_ADDRESS) or b""
    assert unpack_address(value, answer.transaction_id) == ("198.51.100.7", 4711)


@pytest.mark.parametrize("wrong", ["password", "username", "another secret", "no time"])
def test_wrong_credentials_get_nothing(wrong: str) -> None:
    dialogue = Dialogue()
    good = dialogue.credentials
    dialogue.credentials = {
        "password": type(good)(good.username, "x" + good.password, good.expires_at_s),
        "username": type(good)(good.username + "x", good.password, good.expires_at_s),
        "another secret": issue_turn_credentials("another secret!!", "alice", good.expires_at_s),
        "no time": type(good)("alice", good.password, good.expires_at_s),
    }[wrong]
    answer = dialogue.allocate()
    assert code(answer) == 401
    assert not dialogue.relays


def test_a_password_for_a_name_without_a_time_opens_nothing() -> None:
    dialogue = Dialogue()
    dialogue.credentials = TurnCredentials("alice", turn_password(SECRET, "alice"), 0)
    answer = dialogue.allocate()
    assert code(answer) == 401
    assert "expired" in reason(answer)


def test_credentials_expire_but_what_has_begun_goes_on() -> None:
    dialogue = Dialogue()
    late = Dialogue(server=dialogue.server)
    assert code(dialogue.allocate()) is None
    late.credentials = issue_turn_credentials(SECRET, "late", int(WALL) - 1)
    assert code(late.allocate()) == 401
    request = dialogue.message(
        Method.REFRESH,
        (Attribute.USERNAME, dialogue.credentials.username.encode()),
        (Attribute.REALM, dialogue.realm),
        (Attribute.NONCE, dialogue.nonce),
    )
    assert code(dialogue.say(request, dialogue.key, wall=WALL + 3600)) is None


def test_a_nonce_grows_stale_and_the_new_one_works() -> None:
    dialogue = Dialogue()
    assert code(dialogue.allocate()) is None
    dialogue.ask(Method.REFRESH, (Attribute.LIFETIME, (3600).to_bytes(4)))
    dialogue.now += 3600
    answer = dialogue.ask(Method.REFRESH)
    assert code(answer) == 438
    fresh = answer.first(Attribute.NONCE) or b""
    assert fresh not in (b"", dialogue.nonce)
    dialogue.nonce = fresh
    assert code(dialogue.ask(Method.REFRESH)) is None


def test_a_nonce_of_another_connection_is_none_here() -> None:
    dialogue, other = Dialogue(), Dialogue()
    other.allocate()
    dialogue.say(dialogue.message(Method.REFRESH))
    dialogue.nonce = other.nonce
    assert code(dialogue.allocate()) == 438


@pytest.mark.parametrize("missing", [Attribute.USERNAME, Attribute.REALM, Attribute.NONCE])
def test_credentials_that_are_incomplete_are_a_bad_request(missing: Attribute) -> None:
    dialogue = Dialogue()
    given = {Attribute.USERNAME: b"1:a", Attribute.REALM: b"wsmedia", Attribute.NONCE: b"n"}
    attributes = [(int(kind), value) for kind, value in given.items() if kind is not missing]
    assert code(dialogue.say(dialogue.message(Method.ALLOCATE, *attributes), b"key")) == 400


def test_guessing_ends_the_connection() -> None:
    dialogue = Dialogue(limits=TurnLimits(failures=3))
    for _ in range(3):
        assert code(dialogue.say(dialogue.message(Method.ALLOCATE))) == 401
        assert not dialogue.client.is_over
    dialogue.say(dialogue.message(Method.ALLOCATE))
    assert dialogue.client.is_over


def test_a_long_call_outlives_many_nonces() -> None:
    dialogue = Dialogue(limits=TurnLimits(failures=3))
    dialogue.allocate((Attribute.LIFETIME, (3600).to_bytes(4)))
    for _ in range(10):
        dialogue.now += 3599
        stale = dialogue.ask(Method.REFRESH, (Attribute.LIFETIME, (3600).to_bytes(4)))
        dialogue.nonce = stale.first(Attribute.NONCE) or dialogue.nonce
        assert code(dialogue.ask(Method.REFRESH, (Attribute.LIFETIME, (3600).to_bytes(4)))) is None
        assert not dialogue.client.is_over


# Allocations


def test_an_allocation_names_its_addresses_and_its_time() -> None:
    dialogue = Dialogue()
    answer = dialogue.allocate()
    assert unpack_address(answer.first(Attribute.XOR_RELAYED_ADDRESS) or b"", answer.transaction_id) == (
        "192.0.2.1",
        50000,
    )
    assert unpack_address(answer.first(Attribute.XOR_MAPPED_ADDRESS) or b"", answer.transaction_id)[1] == 4711
    assert lifetime(answer) == 600


@pytest.mark.parametrize(("asked", "given"), [(1, 600), (900, 900), (100_000, 3600)])
def test_lifetimes_are_bounded(asked: int, given: int) -> None:
    dialogue = Dialogue()
    assert lifetime(dialogue.allocate((Attribute.LIFETIME, asked.to_bytes(4)))) == given
    assert lifetime(dialogue.ask(Method.REFRESH, (Attribute.LIFETIME, asked.to_bytes(4)))) == given


@pytest.mark.parametrize(
    ("attributes", "refused"),
    [
        ([], 400),
        ([(Attribute.REQUESTED_TRANSPORT, b"\x11")], 400),
        ([(Attribute.REQUESTED_TRANSPORT, bytes((6, 0, 0, 0)))], 442),
        ([(Attribute.REQUESTED_TRANSPORT, UDP), (Attribute.REQUESTED_ADDRESS_FAMILY, bytes((2, 0, 0, 0)))], 440),
        ([(Attribute.REQUESTED_TRANSPORT, UDP), (Attribute.EVEN_PORT, b"\x80")], 508),
        ([(Attribute.REQUESTED_TRANSPORT, UDP), (Attribute.RESERVATION_TOKEN, bytes(8))], 508),
        ([(Attribute.REQUESTED_TRANSPORT, UDP), (0x001A, b"")], 420),
    ],
)
def test_what_cannot_be_allocated(attributes: list[tuple[int, bytes]], refused: int) -> None:
    dialogue = Dialogue()
    answer = dialogue.ask(Method.ALLOCATE, *attributes)
    assert code(answer) == refused
    assert not dialogue.relays
    if refused == 420:
        assert answer.first(Attribute.UNKNOWN_ATTRIBUTES) == b"\x00\x1a"


def test_an_even_port_is_looked_for() -> None:
    dialogue = Dialogue()
    dialogue.ports = [50001, 50003, 50004]
    answer = dialogue.allocate((Attribute.EVEN_PORT, b"\0"))
    assert unpack_address(answer.first(Attribute.XOR_RELAYED_ADDRESS) or b"", answer.transaction_id)[1] == 50004
    assert [relay.closed for relay in dialogue.relays] == [True, True, False]
    dialogue = Dialogue()
    dialogue.ports = [50001] * 100
    assert code(dialogue.allocate((Attribute.EVEN_PORT, b"\0"))) == 508
    assert all(relay.closed for relay in dialogue.relays)


def test_one_connection_has_one_allocation() -> None:
    dialogue = Dialogue()
    first = dialogue.allocate(number=77)
    assert code(dialogue.allocate()) == 437
    again = dialogue.allocate(number=77)  # the same request, come again
    assert again.first(Attribute.XOR_RELAYED_ADDRESS) == first.first(Attribute.XOR_RELAYED_ADDRESS)
    assert len(dialogue.relays) == 1


def test_somebody_else_cannot_use_it() -> None:
    dialogue = Dialogue()
    dialogue.allocate()
    dialogue.credentials = issue_turn_credentials(SECRET, "mallory", int(WALL) + 60)
    assert code(dialogue.ask(Method.REFRESH)) == 441


@pytest.mark.parametrize("method", [Method.REFRESH, Method.CREATE_PERMISSION, Method.CHANNEL_BIND])
def test_nothing_can_be_done_without_one(method: Method) -> None:
    assert code(Dialogue().ask(method)) == 437


def test_other_methods_do_not_exist() -> None:
    dialogue = Dialogue()
    dialogue.allocate()
    assert code(dialogue.ask(0x00A)) == 400  # Connect, of RFC 6062


def test_a_user_has_so_many_and_all_have_so_many() -> None:
    dialogue = Dialogue(limits=TurnLimits(allocations=3, allocations_per_user=2))
    dialogue.allocate()
    second, third, fourth, fifth = (Dialogue(server=dialogue.server) for _ in range(4))
    assert code(second.allocate()) is None
    assert code(third.allocate()) == 486
    for one in (third, fourth, fifth):
        one.credentials = issue_turn_credentials(SECRET, "bob", int(WALL) + 60)
    assert code(third.allocate()) is None
    assert code(fourth.allocate()) == 508
    dialogue.client.close()
    dialogue.client.close()
    assert code(fourth.allocate()) is None
    assert code(fifth.allocate()) == 486
    for one in (second, third, fourth):
        one.client.close()
    assert dialogue.server.allocations == 0


def test_when_no_address_is_left() -> None:
    dialogue = Dialogue()
    dialogue.no_relay_left = True
    assert code(dialogue.allocate()) == 508
    assert dialogue.server.allocations == 0
    dialogue.no_relay_left = False
    assert code(dialogue.allocate()) is None


def test_it_ends_by_refresh_or_by_time() -> None:
    dialogue = Dialogue()
    dialogue.allocate()
    assert lifetime(dialogue.ask(Method.REFRESH, (Attribute.LIFETIME, bytes(4)))) == 0
    assert dialogue.relay.closed
    assert dialogue.client.is_over

    dialogue = Dialogue()
    dialogue.allocate()
    dialogue.now += 500
    dialogue.ask(Method.REFRESH)
    dialogue.client.handle_timeout(dialogue.now + 599)
    assert not dialogue.relay.closed
    assert dialogue.client.next_timeout() == dialogue.now + 600
    dialogue.client.handle_timeout(dialogue.now + 600)
    assert dialogue.relay.closed
    assert dialogue.client.is_over


def test_who_allocates_nothing_is_put_out() -> None:
    dialogue = Dialogue()
    dialogue.say(dialogue.message(Method.BINDING))
    assert dialogue.client.next_timeout() == dialogue.now + 10
    dialogue.client.handle_timeout(dialogue.now + 10)
    assert dialogue.client.is_over


# Permissions and channels


@pytest.mark.parametrize(
    "host", ["10.0.1.5", "127.0.0.1", "224.0.0.1", "0.0.0.0", "255.255.255.255", "169.254.169.254"]
)
def test_it_is_no_open_relay(host: str) -> None:
    dialogue = Dialogue()
    dialogue.allocate()
    for answer in (dialogue.permit(host), dialogue.permit("10.0.0.5", host), dialogue.bind(0x4000, (host, 20000))):
        assert code(answer) == 403
        assert "does not lead there" in reason(answer)
    dialogue.indicate(b"data", (host, 20000))
    dialogue.client.receive(channel_data(0x4000, b"data"), dialogue.now, WALL)
    assert dialogue.relay.sent == []


def test_a_port_that_is_not_allowed_is_not_reached_although_its_host_is() -> None:
    dialogue = Dialogue()
    dialogue.allocate()
    assert code(dialogue.permit("10.0.0.5")) is None
    assert code(dialogue.bind(0x4000, ("10.0.0.5", 22))) == 403
    dialogue.indicate(b"data", ("10.0.0.5", 22))
    assert dialogue.relay.sent == []


@pytest.mark.parametrize("host", ["::1", "2001:db8::1", "::ffff:10.0.0.5"])
def test_another_family_is_a_mismatch(host: str) -> None:
    dialogue = Dialogue()
    dialogue.allocate()
    assert code(dialogue.permit(host)) == 443


def test_malformed_peers_are_a_bad_request() -> None:
    dialogue = Dialogue()
    dialogue.allocate()
    assert code(dialogue.ask(Method.CREATE_PERMISSION)) == 400
    assert code(dialogue.ask(Method.CREATE_PERMISSION, (Attribute.XOR_PEER_ADDRESS, b"\0\1"))) == 400
    assert code(dialogue.ask(Method.CHANNEL_BIND)) == 400
    assert code(dialogue.bind(0x3FFF, PEER)) == 400
    assert code(dialogue.bind(0x7FFF, PEER)) == 400


def test_datagrams_go_both_ways_with_a_permission_and_not_without() -> None:
    dialogue = Dialogue()
    dialogue.allocate()
    dialogue.indicate(b"early", PEER)
    dialogue.relay.receive(b"uninvited", PEER, dialogue.now)
    assert dialogue.relay.sent == []
    assert dialogue.units == []

    dialogue.permit(PEER[0])
    dialogue.indicate(b"to them", PEER)
    dialogue.relay.receive(b"from them", PEER, dialogue.now)
    dialogue.relay.receive(b"from another port", ("10.0.0.5", 7), dialogue.now)
    dialogue.relay.receive(b"from another host", ("10.0.0.6", 20000), dialogue.now)
    assert dialogue.relay.sent == [(b"to them", PEER)]
    told = [parse(unit) for unit in dialogue.units]
    assert [one.first(Attribute.DATA) for one in told] == [b"from them", b"from another port"]
    assert all((one.method, one.message_class) == (Method.DATA, MessageClass.INDICATION) for one in told)
    assert unpack_address(told[0].first(Attribute.XOR_PEER_ADDRESS) or b"", told[0].transaction_id) == PEER

    dialogue.now += 300  # it lasts five minutes
    dialogue.indicate(b"late", PEER)
    dialogue.relay.receive(b"late", PEER, dialogue.now)
    assert len(dialogue.relay.sent) == 1
    assert len(dialogue.units) == 2


def test_a_channel_is_short_for_a_peer() -> None:
    dialogue = Dialogue()
    dialogue.allocate()
    assert code(dialogue.bind(0x4001, PEER)) is None
    dialogue.client.receive(channel_data(0x4001, b"to them")[:-1], dialogue.now, WALL)
    dialogue.client.receive(channel_data(0x4002, b"to nobody"), dialogue.now, WALL)
    dialogue.relay.receive(b"from them", PEER, dialogue.now)
    assert dialogue.relay.sent == [(b"to them", PEER)]
    assert dialogue.units == [b"\x40\x01\x00\x09from them\0\0\0"]

    dialogue.now += 301  # the permission that came with it is over, the channel is not
    dialogue.relay.receive(b"late", PEER, dialogue.now)
    assert len(dialogue.units) == 1
    dialogue.permit(PEER[0])
    dialogue.relay.receive(b"again", PEER, dialogue.now)
    assert dialogue.units[1].startswith(b"\x40\x01\x00\x05again")
    dialogue.now += 299  # and now it is, too
    dialogue.relay.receive(b"by indication", PEER, dialogue.now)
    assert parse(dialogue.units[2]).first(Attribute.DATA) == b"by indication"


def test_channels_and_peers_belong_together() -> None:
    dialogue = Dialogue()
    dialogue.allocate()
    other = ("10.0.0.6", 20000)
    assert code(dialogue.bind(0x4001, PEER)) is None
    assert code(dialogue.bind(0x4001, PEER)) is None  # a refresh
    assert code(dialogue.bind(0x4001, other)) == 400
    assert code(dialogue.bind(0x4002, PEER)) == 400
    dialogue.now += 600
    dialogue.ask(Method.REFRESH)
    assert code(dialogue.bind(0x4001, other)) is None


def test_permissions_and_channels_are_bounded() -> None:
    dialogue = Dialogue(limits=TurnLimits(permissions=3, channels=2))
    dialogue.allocate()
    assert code(dialogue.permit("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")) == 508
    dialogue.indicate(b"none of them", ("10.0.0.1", 20000))
    assert dialogue.relay.sent == []
    assert code(dialogue.bind(0x4001, ("10.0.0.1", 20000))) is None
    assert code(dialogue.bind(0x4002, ("10.0.0.1", 20001))) is None
    assert code(dialogue.bind(0x4003, ("10.0.0.1", 20002))) == 508
    assert code(dialogue.permit("10.0.0.2", "10.0.0.3")) is None
    assert code(dialogue.permit("10.0.0.4")) == 508
    dialogue.now += 301
    assert code(dialogue.permit("10.0.0.4")) is None


def test_who_sends_too_much_loses_the_rest() -> None:
    dialogue = Dialogue(limits=TurnLimits(bytes_per_second=10_000))
    dialogue.allocate()
    dialogue.bind(0x4001, PEER)
    for _ in range(30):
        dialogue.client.receive(channel_data(0x4001, bytes(1000)), dialogue.now, WALL)
    assert len(dialogue.relay.sent) == 10
    dialogue.now += 0.5
    for _ in range(30):
        dialogue.client.receive(channel_data(0x4001, bytes(1000)), dialogue.now, WALL)
    assert len(dialogue.relay.sent) == 15
    assert dialogue.client.allocation is not None
    assert dialogue.client.allocation.datagrams_dropped == 45


# What is not asked


def test_indications_are_never_answered() -> None:
    dialogue = Dialogue()
    dialogue.indicate(b"x", PEER)
    dialogue.allocate()
    dialogue.permit(PEER[0])
    dialogue.indicate(b"x", PEER, (0x001A, b""))  # DONT-FRAGMENT, which is not understood here
    for attributes in (
        [],
        [(int(Attribute.DATA), b"x")],
        [(int(Attribute.DATA), b"x"), (int(Attribute.XOR_PEER_ADDRESS), b"")],
    ):
        indication = Message(Method.SEND, MessageClass.INDICATION, bytes(12), attributes)
        assert dialogue.client.receive(indication.write(), dialogue.now, WALL) is None
    answer = Message(Method.BINDING, MessageClass.SUCCESS, bytes(12))
    assert dialogue.client.receive(answer.write(), dialogue.now, WALL) is None
    assert dialogue.relay.sent == []


def test_what_is_no_message_is_the_clients_fault() -> None:
    dialogue = Dialogue()
    with pytest.raises(StunError, match="without an allocation"):
        dialogue.client.receive(channel_data(0x4001, b"x"), dialogue.now, WALL)
    with pytest.raises(StunError, match="not a STUN message"):
        dialogue.client.receive(bytes(20), dialogue.now, WALL)


def test_nothing_comes_from_a_relay_that_is_given_back() -> None:
    dialogue = Dialogue()
    dialogue.allocate()
    dialogue.permit(PEER[0])
    dialogue.client.close()
    dialogue.relay.receive(b"late", PEER, dialogue.now)
    assert dialogue.units == []
