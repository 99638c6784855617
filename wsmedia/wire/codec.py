"""Bytes ↔ messages: the type octet chooses the reader or writer (PROTOCOL.md §3).

``decode`` is the only door for bytes from outside; whatever they are, it returns a message or raises
``RemoteProtocolError`` with the code that the session closes with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import TypeAlias, TypeVar

import msgspec

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.wire import fragment, media, path
from wsmedia.wire.control import ControlMessage, KnownControl, UnknownControl
from wsmedia.wire.messages import PROTOCOL_VERSION, Close, Hello, Welcome

HELLO = 0x01
WELCOME = 0x02
CONTROL = 0x03
CLOSE = 0x09
PADDING = 0x80
FIRST_OPTIONAL_TYPE = 0x80

MAX_JSON_BYTES = 16_384
"""The longest JSON body; a token has to fit, and 1024 of these must not fill the memory."""

_CONTROL_HEADER = Struct("!BI")
_MEDIA_OCTETS = (bytes([media.VIDEO]), bytes([media.AUDIO]))


@dataclass(frozen=True, slots=True)
class WireLimits:
    """What a decoder accepts, in octets."""

    max_message_bytes: int = 1_048_576
    max_frame_bytes: int = 1_000_000


@dataclass(slots=True)
class Control:
    """One CONTROL: ``sequence_number`` counts from 1 in each direction."""

    sequence_number: int
    message: ControlMessage


@dataclass(slots=True)
class Skipped:
    """A message of an optional type, PADDING among them: it counts as received and means nothing to us."""

    message_type: int


Message: TypeAlias = (
    Hello
    | Welcome
    | Control
    | media.VideoMessage
    | media.AudioMessage
    | fragment.Fragment
    | path.Ack
    | path.Ping
    | path.Pong
    | Close
    | Skipped
)


class _VersionOnly(msgspec.Struct):
    version: int


_version_decoder = msgspec.json.Decoder(_VersionOnly)
_hello_decoder = msgspec.json.Decoder(Hello)
_welcome_decoder = msgspec.json.Decoder(Welcome)
_close_decoder = msgspec.json.Decoder(Close)
_control_decoder: msgspec.json.Decoder[KnownControl] = msgspec.json.Decoder(KnownControl)
_unknown_control_decoder = msgspec.json.Decoder(UnknownControl)
_json = msgspec.json.Encoder()
_JSON_TYPES: dict[type, int] = {Hello: HELLO, Welcome: WELCOME, Close: CLOSE}

_T = TypeVar("_T")
_KNOWN_CONTROL_TYPES = frozenset(str(struct.__struct_config__.tag) for struct in KnownControl.__args__)


def decode(data: bytes, limits: WireLimits) -> Message:
    """Read one tunnel message.

    Args:
        data: the whole message as the lane delivered it.
        limits: sizes beyond these are refused before anything is copied.
    Returns:
        The message; media payloads are views of ``data``.
    Raises:
        RemoteProtocolError: the bytes break PROTOCOL.md §3; ``code`` is ``malformed``, ``too_large`` or
            ``version_unsupported``.
    """
    if len(data) > limits.max_message_bytes:
        raise RemoteProtocolError("message over the limit", CloseCode.TOO_LARGE)
    if not data:
        raise RemoteProtocolError("empty message")
    message_type = data[0]
    if message_type == media.AUDIO:
        return media.decode_audio(data, limits.max_frame_bytes)
    if message_type == media.VIDEO:
        return media.decode_video(data, limits.max_frame_bytes)
    if message_type == fragment.FRAGMENT:
        return fragment.decode_fragment(data, limits.max_message_bytes)
    decoder = _DECODERS.get(message_type)
    if decoder is not None:
        return decoder(data)
    if message_type >= FIRST_OPTIONAL_TYPE:
        return Skipped(message_type)
    raise RemoteProtocolError(f"unknown required message type {message_type:#04x}")


def decode_media(data: bytes, limits: WireLimits) -> media.VideoMessage | media.AudioMessage:
    """Read the message that was cut into fragments.

    Raises:
        RemoteProtocolError: as ``decode``; or it is neither VIDEO nor AUDIO (``malformed``).
    """
    message = decode(data, limits) if data[:1] in _MEDIA_OCTETS else None
    if not isinstance(message, media.VideoMessage | media.AudioMessage):
        raise RemoteProtocolError("fragments of something else than VIDEO and AUDIO")
    return message


def encode(message: Message) -> bytes:
    """Write one tunnel message; the inverse of ``decode``. ``Skipped`` becomes an empty message of its type."""
    match message:
        case media.AudioMessage() | media.VideoMessage():
            return media.encode(message)
        case fragment.Fragment(data_count, index, block_number, message_length, payload):
            return fragment.encode_fragment(data_count, index, block_number, message_length, payload)
        case path.Ack() | path.Ping() | path.Pong():
            return path.encode(message)
        case Control():
            return encode_control(message.sequence_number, message.message)
        case Hello() | Welcome() | Close():
            return bytes([_JSON_TYPES[type(message)]]) + _json.encode(message)
        case Skipped():
            return bytes([message.message_type])


def encode_control(sequence_number: int, message: ControlMessage) -> bytes:
    """Write a CONTROL; ``sequence_number`` is 1 … 2³²-1."""
    return _CONTROL_HEADER.pack(CONTROL, sequence_number) + _json.encode(message)


def _read_json(decoder: msgspec.json.Decoder[_T], body: memoryview, name: str) -> _T:
    if len(body) > MAX_JSON_BYTES:
        raise RemoteProtocolError(f"{name} body over the limit", CloseCode.TOO_LARGE)
    try:
        # As text first: msgspec does not look at the strings of members that it skips, and they must be UTF-8 too.
        return decoder.decode(str(body, "utf-8"))
    # RecursionError: a body of nothing but brackets exhausts the decoder's stack.
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError(f"{name}: {error}") from None


def _check_version(body: memoryview, name: str) -> None:
    """Look at the version before anything else: another version may have other members."""
    if _read_json(_version_decoder, body, name).version != PROTOCOL_VERSION:
        raise RemoteProtocolError("version not supported", CloseCode.VERSION_UNSUPPORTED)


def _decode_hello(data: bytes) -> Hello:
    body = memoryview(data)[1:]
    _check_version(body, "HELLO")
    return _read_json(_hello_decoder, body, "HELLO")


def _decode_welcome(data: bytes) -> Welcome:
    body = memoryview(data)[1:]
    _check_version(body, "WELCOME")
    return _read_json(_welcome_decoder, body, "WELCOME")


def _decode_close(data: bytes) -> Close:
    return _read_json(_close_decoder, memoryview(data)[1:], "CLOSE")


def _decode_control(data: bytes) -> Control:
    if len(data) < _CONTROL_HEADER.size:
        raise RemoteProtocolError("CONTROL too short")
    _, sequence_number = _CONTROL_HEADER.unpack_from(data)
    if sequence_number == 0:
        raise RemoteProtocolError("CONTROL numbers start at 1")
    body = memoryview(data)[_CONTROL_HEADER.size :]
    unknown = _read_json(_unknown_control_decoder, body, "CONTROL")
    if unknown.type not in _KNOWN_CONTROL_TYPES:
        return Control(sequence_number, unknown)
    return Control(sequence_number, _read_json(_control_decoder, body, "CONTROL"))


_DECODERS: dict[int, Callable[[bytes], Message]] = {
    HELLO: _decode_hello,
    WELCOME: _decode_welcome,
    CONTROL: _decode_control,
    path.ACK: path.decode_ack,
    path.PING: path.decode_ping,
    path.PONG: path.decode_pong,
    CLOSE: _decode_close,
}
