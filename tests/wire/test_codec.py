"""The one door for bytes from outside: round trips, and nothing but RemoteProtocolError."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.media import Codec, EncodedFrame, MediaKind, Participant, Track, TrackSource
from wsmedia.wire import (
    Ack,
    AudioMessage,
    Close,
    Control,
    Fragment,
    Hello,
    LaneAck,
    LanesWanted,
    ParticipantDescription,
    Ping,
    Pong,
    Skipped,
    TargetBitrate,
    TrackDescription,
    VideoMessage,
    WireLimits,
    decode,
    decode_media,
    encode,
    encode_fragment,
    is_session_id,
)

u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)
u53 = st.integers(0, 2**53 - 1)
payload = st.binary(min_size=1, max_size=200)


@st.composite
def video_messages(draw):
    keyframe = draw(st.booleans())
    distance = 0 if keyframe else draw(st.integers(1, 255))
    frame = EncodedFrame(draw(payload), draw(u32), draw(u53), keyframe, draw(st.booleans()), draw(st.integers(0, 7)))
    return VideoMessage(draw(u16), draw(u32), distance, frame)


@st.composite
def audio_messages(draw):
    level = draw(st.none() | st.integers(0, 255).filter(lambda octet: octet != 0x7F))
    return AudioMessage(draw(u16), draw(u32), EncodedFrame(draw(payload), draw(u32), draw(u53), audio_level=level))


@st.composite
def fragments(draw):
    size = draw(st.integers(1, 100))
    data_count = draw(st.integers(1, 200))
    # A last part that is much shorter would make all the others shorter too.
    last_size = draw(st.integers(max(1, size - data_count + 1), size))
    length = (data_count - 1) * size + last_size
    index = draw(st.integers(0, data_count + 31))
    payload = draw(st.binary(min_size=1, max_size=1)) * (last_size if index == data_count - 1 else size)
    return Fragment(data_count, index, draw(u32), length, payload)


acks = st.builds(Ack, u32, u53, st.lists(st.builds(LaneAck, u16, u32, u32), max_size=255).map(tuple))
names = st.text(st.characters(exclude_categories=("C",)), min_size=1, max_size=64).filter(lambda name: name.strip())
hellos = st.builds(
    Hello,
    lane_id=u16,
    key=st.text("0123456789abcdef", min_size=32, max_size=64),
    room=st.text("abcXYZ019._~-", min_size=1, max_size=64),
    name=names,
    resume=st.booleans(),
    token=st.none() | st.text(st.characters(exclude_categories=("Cs",)), max_size=50),
    handover=st.none() | st.text("0123456789abcdef", min_size=32, max_size=32),
    control_received=u32,
)
messages = st.one_of(
    video_messages(),
    audio_messages(),
    fragments(),
    acks,
    hellos,
    st.builds(Ping, u53),
    st.builds(Pong, u53, u53),
    st.builds(Control, st.integers(1, 0xFFFFFFFF), st.builds(TargetBitrate, u16, u32)),
    st.builds(Control, st.integers(1, 0xFFFFFFFF), st.builds(LanesWanted, st.integers(1, 0xFFFF))),
    st.builds(Close, st.integers(4000, 4999), names, names),
    st.builds(Skipped, st.integers(0x80, 0xFF)),
)


def plain(message):
    if isinstance(message, AudioMessage | VideoMessage):
        message.frame.data = bytes(message.frame.data)
    if isinstance(message, Fragment):
        message.payload = bytes(message.payload)
    return message


@given(messages)
def test_decode_is_the_inverse_of_encode(message):
    assert plain(decode(encode(message), WireLimits())) == message


@given(
    st.one_of(st.binary(max_size=100), st.builds(lambda t, body: bytes([t]) + body, st.integers(0, 10), st.binary()))
)
def test_arbitrary_bytes_raise_nothing_but_remote_protocol_error(data):
    code = None
    try:
        decode(data, WireLimits(max_message_bytes=64, max_frame_bytes=32))
    except RemoteProtocolError as error:
        code = error.code

    assert code in {None, CloseCode.MALFORMED, CloseCode.TOO_LARGE, CloseCode.VERSION_UNSUPPORTED}


json_text = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "version", "track_id", "track", "code", "name", "key"]), inner)
    ),
    max_leaves=8,
)


@given(st.sampled_from([b"\x01", b"\x02", b"\x03\0\0\0\x01", b"\x09"]), json_text)
def test_arbitrary_json_raises_nothing_but_remote_protocol_error(head, value):
    with suppress(RemoteProtocolError):
        decode(head + json.dumps(value).encode(), WireLimits())


@given(messages, st.data())
def test_a_cut_or_changed_message_raises_nothing_but_remote_protocol_error(message, data):
    octets = bytearray(encode(message))
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] = data.draw(st.integers(0, 255))
    for changed in (bytes(octets), bytes(octets[:at])):
        with suppress(RemoteProtocolError):
            decode(changed, WireLimits())


def test_a_received_frame_is_a_view_of_the_message():
    data = encode(VideoMessage(1, 0, 0, EncodedFrame(b"abc", 0, 0, keyframe=True)))

    frame = decode(data, WireLimits()).frame

    assert isinstance(frame.data, memoryview)
    assert frame.data.obj is data


def test_a_fragment_is_a_view_of_the_message():
    data = encode_fragment(2, 1, 7, 5, b"45")

    payload = decode(data, WireLimits()).payload

    assert isinstance(payload, memoryview)
    assert payload.obj is data


@given(messages)
def test_only_media_travels_in_fragments(message):
    data = encode(message)

    if isinstance(message, AudioMessage | VideoMessage):
        assert plain(decode_media(data, WireLimits())) == message
    else:
        with pytest.raises(RemoteProtocolError):
            decode_media(data, WireLimits())


def test_nothing_is_no_media():
    with pytest.raises(RemoteProtocolError):
        decode_media(b"", WireLimits())


def payload_sizes(length, data_count):
    """What a block's fragments hold, by index; empty if there is no such block."""
    if not 1 <= data_count <= 200 or length == 0:
        return []
    step = -(-length // data_count)
    parts = [len(bytes(length)[at : at + step]) for at in range(0, length, step)]
    return parts + [step] * 32 if len(parts) == data_count else []


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 3000), st.integers(-1, 1), st.data())
def test_a_fragment_has_the_size_that_its_index_says_or_is_refused(data_count, index, length, change, data):
    sizes = payload_sizes(length, data_count)
    size = max(0, (sizes[index] if index < len(sizes) else data.draw(st.integers(0, 100))) + change)
    message = encode_fragment(data_count, index, 0, length, bytes(size))

    if index < len(sizes) and change == 0:
        assert len(decode(message, WireLimits()).payload) == size
    else:
        with pytest.raises(RemoteProtocolError):
            decode(message, WireLimits())


def test_fragments_of_a_message_over_the_limit():
    with pytest.raises(RemoteProtocolError) as caught:
        decode(encode_fragment(2, 0, 0, 1001, bytes(501)), WireLimits(max_message_bytes=1000))

    assert caught.value.code == CloseCode.TOO_LARGE


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("0123456789abcdef0123456789abcdef", True),
        ("0123456789ABCDEF0123456789ABCDEF", False),
        ("0123456789abcdef0123456789abcde", False),
        ("0123456789abcdef0123456789abcdef\n", False),
        ("", False),
    ],
)
def test_session_ids(text, valid):
    assert is_session_id(text) is valid


def test_descriptions_carry_the_vocabulary():
    track = Track(3, Codec.H264, TrackSource.SCREEN, muted=True)
    participant = Participant("p-1", "Alice")

    assert TrackDescription.of(track).to_track() == track
    assert TrackDescription.of(track).kind is MediaKind.VIDEO
    assert ParticipantDescription.of(participant).to_participant() == participant
