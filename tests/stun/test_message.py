"""STUN messages: RFC 5769's samples, aioice as a second opinion, and everything that can be wrong with one."""

from __future__ import annotations

import ipaddress

import aioice.stun
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.errors import StunError
from wsmedia.stun import (
    Attribute,
    Message,
    MessageClass,
    Method,
    long_term_key,
    pack_address,
    parse,
    unpack_address,
)
from wsmedia.stun.message import MAX_ATTRIBUTES

# RFC 5769 §2.1: a request with short-term credentials and a fingerprint.
SHORT_TERM = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b1"
    "51263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
)
# RFC 5769 §2.4: a request with long-term credentials.
LONG_TERM = bytes.fromhex(
    "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b900000015001c662f2f3439396b39"
    "3534643"
    + "64f4c33346f4c39465354767936347341001"
    + "4000b6578616d706c652e6f726700000800"
    + "14f67024656dd64a3e02b8e0712e"
    "85c9a28ca89666"
)
ID = bytes.fromhex("b7e7a701bc34d686fa87dfae")

addresses = st.tuples(st.ip_addresses().map(str), st.integers(0, 65535))
messages = st.builds(
    Message,
    st.integers(0, 0xFFF),
    st.sampled_from(MessageClass),
    st.binary(min_size=12, max_size=12),
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFF).filter(
                lambda kind: kind not in (Attribute.MESSAGE_INTEGRITY, Attribute.FINGERPRINT)
            ),
            st.binary(max_size=200),
        ),
        max_size=8,
    ),
)


def test_rfc_5769_short_term_request() -> None:
    message = parse(SHORT_TERM)
    assert (message.method, message.message_class) == (Method.BINDING, MessageClass.REQUEST)
    assert message.first(Attribute.USERNAME) == b"evtj:h6vY"
    assert message.is_signed_with(b"VOkJxbRl1RmTxUk/WvJxBt")
    assert not message.is_signed_with(b"VOkJxbRl1RmTxUk/WvJxBu")


def test_rfc_5769_long_term_request() -> None:
    message = parse(LONG_TERM)
    assert message.first(Attribute.REALM) == b"example.org"
    assert message.is_signed_with(long_term_key("マトリックス", "example.org", "TheMatrIX"))


@pytest.mark.parametrize(
    ("address", "value"),
    [
        (("192.0.2.1", 32853), "0001a147e112a643"),
        (("2001:db8:1234:5678:11:2233:4455:6677", 32853), "0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"),
    ],
)
def test_rfc_5769_addresses(address: tuple[str, int], value: str) -> None:
    assert pack_address(address, ID).hex() == value
    assert unpack_address(bytes.fromhex(value), ID) == address


@given(addresses, st.binary(min_size=12, max_size=12))
def test_an_address_comes_back(address: tuple[str, int], transaction_id: bytes) -> None:
    assert unpack_address(pack_address(address, transaction_id), transaction_id) == address
    assert aioice.stun.unpack_xor_address(pack_address(address, transaction_id), transaction_id) == address


@given(messages, st.none() | st.binary(min_size=1, max_size=32))
def test_a_message_comes_back(message: Message, key: bytes | None) -> None:
    read = parse(message.write(key))
    assert (read.method, read.message_class) == (message.method, message.message_class)
    assert read.transaction_id == message.transaction_id
    assert [pair for pair in read.attributes if pair[0] != Attribute.MESSAGE_INTEGRITY] == message.attributes
    assert read.is_signed_with(key or b"") is (key is not None)
    assert key is None or not read.is_signed_with(key + b"!")


def test_aioice_reads_what_we_write_and_we_what_it_writes() -> None:
    key = b"a key"
    ours = Message(Method.ALLOCATE, MessageClass.ERROR, ID, [(Attribute.REALM, b"wsmedia")]).write(key)
    theirs = aioice.stun.parse_message(ours)
    assert theirs.attributes["REALM"] == "wsmedia"
    assert theirs.check_message_integrity(key)
    request = aioice.stun.Message(aioice.stun.Method.CHANNEL_BIND, aioice.stun.Class.REQUEST)
    request.attributes["XOR-PEER-ADDRESS"] = ("192.0.2.9", 9)
    request.add_message_integrity(key)
    read = parse(bytes(request))
    assert read.method == Method.CHANNEL_BIND
    assert read.is_signed_with(key)
    assert unpack_address(read.first(Attribute.XOR_PEER_ADDRESS) or b"", read.transaction_id) == ("192.0.2.9", 9)


def test_what_stands_behind_the_integrity_does_not_count() -> None:
    signed = Message(Method.REFRESH, MessageClass.REQUEST, ID).write(b"key")
    forged = bytearray(signed + bytes.fromhex("000d000400000000"))
    forged[2:4] = (len(forged) - 20).to_bytes(2)
    message = parse(bytes(forged))
    assert message.is_signed_with(b"key")
    assert message.first(Attribute.LIFETIME) is None


def test_attributes_that_must_be_understood_are_told() -> None:
    attributes = [(0x001A, b""), (0x8030, b""), (int(Attribute.LIFETIME), bytes(4)), (0x7FFF, b"x")]
    assert Message(Method.ALLOCATE, MessageClass.REQUEST, ID, attributes).unknown() == [0x001A, 0x7FFF]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a STUN message"),
        (SHORT_TERM[:19], "not a STUN message"),
        (b"GET / HTTP/1.1\r\n\r\n  ", "not a STUN message"),
        (SHORT_TERM[:4] + bytes(4) + SHORT_TERM[8:], "not a STUN message"),
        (SHORT_TERM + bytes(4), "another length"),
        (SHORT_TERM[:-4], "another length"),
        (SHORT_TERM[:-1] + b"\xce", "wrong fingerprint"),
        (bytes.fromhex("000100042112a442") + ID + bytes.fromhex("00060005"), "over the message's end"),
        (Message(1, MessageClass.REQUEST, ID, [(0x8000, b"")] * (MAX_ATTRIBUTES + 1)).write(), "too many"),
    ],
)
def test_what_is_no_message(data: bytes, why: str) -> None:
    with pytest.raises(StunError, match=why):
        parse(data)


@pytest.mark.parametrize("value", [b"", b"\0\1\0", b"\0\1" + bytes(5), b"\0\2" + bytes(6), b"\0\3" + bytes(6)])
def test_what_is_no_address(value: bytes) -> None:
    with pytest.raises(StunError, match="address"):
        unpack_address(value, ID)


def test_values_have_a_length_that_fits() -> None:
    with pytest.raises(ValueError, match="65535"):
        Message(Method.SEND, MessageClass.INDICATION, ID, [(Attribute.DATA, bytes(65536))]).write()


def test_text_is_as_ipaddress_writes_it() -> None:
    value = pack_address(("2001:DB8:0:0:0:0:0:1", 1), ID)
    assert unpack_address(value, ID)[0] == str(ipaddress.ip_address("2001:db8::1"))
